//! Deleting what a connection has mirrored, where its person asks for that.

use std::collections::BTreeSet;

use connector_domain::{CloudId, ConnectionId, Scopes, UserId};
use sea_orm::{ConnectionTrait as _, FromQueryResult, QueryResult};

use super::upsert::{Place, id_list};
use crate::engine::among;
use crate::queries::connections;
use crate::{Engine, MirrorKind, StoreError, WriteTx};

/// What an active connection reads of a site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Feeder {
    /// What its consent covers on the site.
    pub scopes: Scopes,
    /// The streams that somebody chose; `None` for all there are.
    pub chosen_streams: Option<BTreeSet<String>>,
}

/// What is known of a sync, in tables that have a row for each connection at least.
const SYNC_STATE: [&str; 5] =
    ["sync_checkpoints", "sync_proofs", "sync_bad_records", "sync_schedules", "sync_runs"];

impl WriteTx {
    /// The active connections of `owner` that keep rows of a site up to date. Until this transaction ends, none comes
    /// to be, none is ended, and none is chosen another site or stream.
    pub async fn lock_feeders(
        &mut self,
        owner: UserId,
        cloud_id: &CloudId,
    ) -> Result<Vec<Feeder>, StoreError> {
        // A connection that is new refers to its person, and waits for this lock with that.
        let (person, connections) = match self.engine() {
            Engine::Sqlite => ("", ""),
            Engine::Postgres => (" FOR UPDATE", " FOR NO KEY UPDATE OF connection"),
        };
        let sql = format!("SELECT id FROM users WHERE id = $1{person}");
        self.query_one_raw(self.statement(sql, [owner.0.into()])).await?;
        let sql = format!(
            "SELECT connection.id, connection.status, connection.chosen_sites, connection.chosen_streams, \
             site.scopes, site.gone_at FROM connections AS connection JOIN connection_sites AS site \
             ON site.connection_id = connection.id WHERE connection.user_id = $1 AND site.cloud_id = $2 \
             ORDER BY connection.id{connections}"
        );
        let values = [owner.0.into(), cloud_id.as_str().into()];
        let rows = self.query_all_raw(self.statement(sql, values)).await?;
        rows.iter().filter_map(|row| feeder(row, cloud_id).transpose()).collect()
    }

    /// Deletes up to `limit` rows of a kind that came from a site; says how many. Bodies and former keys that nothing
    /// else needs go with them. Rows that were put in by hand came from no site.
    pub async fn erase_remote(
        &mut self,
        kind: MirrorKind,
        owner: UserId,
        cloud_id: &CloudId,
        limit: u64,
    ) -> Result<u64, StoreError> {
        let (table, id) = (kind.as_str(), kind.id_column());
        let place = Place { owner, cloud_id };
        let sql = format!(
            "DELETE FROM {table} WHERE id IN (SELECT id FROM {table} WHERE owner_id = $1 AND cloud_id = $2 \
             ORDER BY {id} LIMIT $3) RETURNING {id}"
        );
        let [owner_value, cloud_value] = place.values();
        let limit = i64::try_from(limit).unwrap_or(i64::MAX).into();
        let rows = self.query_all_raw(self.statement(sql, [owner_value, cloud_value, limit])).await?;
        if rows.is_empty() {
            return Ok(0);
        }
        let ids: Vec<String> = rows.iter().map(|row| row.try_get_by_index(0)).collect::<Result<_, _>>()?;
        match kind {
            MirrorKind::JiraIssues => self.erase_issue_keys(place, &ids).await?,
            MirrorKind::ConfluencePages | MirrorKind::ConfluenceBlogPosts => {
                self.erase_bodies(cloud_id, &ids).await?;
            }
            _ => {}
        }
        self.touch_kind(kind, owner);
        Ok(ids.len() as u64)
    }

    async fn erase_issue_keys(&self, place: Place<'_>, ids: &[String]) -> Result<(), StoreError> {
        let sql = format!(
            "DELETE FROM jira_issue_keys WHERE owner_id = $1 AND cloud_id = $2 AND issue_id {}",
            among(self.engine(), 3)
        );
        let [owner, cloud_id] = place.values();
        let ids = id_list(ids.iter().map(String::as_str));
        self.execute_raw(self.statement(sql, [owner, cloud_id, ids])).await?;
        Ok(())
    }

    /// Bodies belong to nobody: those stay that another person's page or blog post names.
    async fn erase_bodies(&self, cloud_id: &CloudId, ids: &[String]) -> Result<(), StoreError> {
        let sql = format!(
            "DELETE FROM content_bodies WHERE cloud_id = $1 AND content_id {} \
             AND NOT EXISTS (SELECT 1 FROM confluence_pages AS page WHERE page.cloud_id = $1 \
             AND page.page_id = content_bodies.content_id AND page.body_version = content_bodies.version) \
             AND NOT EXISTS (SELECT 1 FROM confluence_blog_posts AS post WHERE post.cloud_id = $1 \
             AND post.remote_id = content_bodies.content_id AND post.body_version = content_bodies.version)",
            among(self.engine(), 2)
        );
        let values = [cloud_id.as_str().into(), id_list(ids.iter().map(String::as_str))];
        self.execute_raw(self.statement(sql, values)).await?;
        Ok(())
    }

    /// Forgets all that syncs of a connection know and have told: the next one begins as the first did.
    pub async fn forget_syncs(&mut self, connection_id: ConnectionId) -> Result<(), StoreError> {
        for table in SYNC_STATE {
            let sql = format!("DELETE FROM {table} WHERE connection_id = $1");
            self.execute_raw(self.statement(sql, [connection_id.to_string().into()])).await?;
        }
        Ok(())
    }
}

#[derive(FromQueryResult)]
struct FeederRow {
    id: String,
    status: String,
    chosen_sites: Option<String>,
    chosen_streams: Option<String>,
    scopes: String,
    gone_at: Option<i64>,
}

fn feeder(row: &QueryResult, cloud_id: &CloudId) -> Result<Option<Feeder>, StoreError> {
    let row = FeederRow::from_query_result(row, "")?;
    if row.status != connector_domain::ConnectionStatus::Active.as_str() || row.gone_at.is_some() {
        return Ok(None);
    }
    let sites: Option<BTreeSet<CloudId>> = connections::chosen(&row.id, row.chosen_sites.as_deref())?;
    if sites.is_some_and(|sites| !sites.contains(cloud_id)) {
        return Ok(None);
    }
    let chosen_streams = connections::chosen(&row.id, row.chosen_streams.as_deref())?;
    Ok(Some(Feeder { scopes: connections::scopes(&row.scopes), chosen_streams }))
}
