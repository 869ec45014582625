use std::collections::{BTreeSet, HashMap, HashSet};

use connector_domain::{Audit, AuditEvent, CloudId, ConnectionId, ConnectionSite, Site, Timestamp, UserId};
use sea_orm::sea_query::{Expr, LockType, OnConflict};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::connections::scopes;
use crate::entities::connection;
use crate::entities::connection_site::{ActiveModel, Column, Entity, Model};
use crate::{Store, StoreError, WriteTx};

/// How the sites that Atlassian lists differ from those that were known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SiteChanges {
    /// New ones, and those that are back.
    pub appeared: Vec<CloudId>,
    pub disappeared: Vec<CloudId>,
}

impl WriteTx {
    /// Takes over the sites that Atlassian lists. One that it lists no more is marked and kept: so are the rows that
    /// came from it.
    pub async fn replace_sites(
        &mut self,
        id: ConnectionId,
        sites: &[Site],
        audit: &Audit<'_>,
    ) -> Result<SiteChanges, StoreError> {
        // Two that do this at once would each insert what the other has not yet committed.
        let turn = connection::Entity::find_by_id(id.to_string()).lock(LockType::NoKeyUpdate);
        let Some(owner) = turn.one(&**self).await? else { return Ok(SiteChanges::default()) };
        let known = of_connection(&owner.id).all(&**self).await?;
        let changes = changes(&known, sites);
        self.upsert_sites(id, sites, audit.at).await?;
        if !changes.disappeared.is_empty() {
            Entity::update_many()
                .filter(Column::ConnectionId.eq(id.to_string()))
                .filter(Column::CloudId.is_in(changes.disappeared.iter().map(CloudId::as_str)))
                .col_expr(Column::GoneAt, Expr::value(audit.at.as_millis()))
                .exec(&**self)
                .await?;
        }
        let appeared =
            changes.appeared.iter().map(|cloud_id| AuditEvent::SiteAppeared { cloud_id: cloud_id.clone() });
        let disappeared = changes
            .disappeared
            .iter()
            .map(|cloud_id| AuditEvent::SiteDisappeared { cloud_id: cloud_id.clone() });
        for event in appeared.chain(disappeared) {
            self.record_audit(&audit.record(event).of(id, UserId(owner.user_id))).await?;
        }
        Ok(changes)
    }

    async fn upsert_sites(
        &mut self,
        id: ConnectionId,
        sites: &[Site],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        if sites.is_empty() {
            return Ok(());
        }
        let rows = sites.iter().map(|site| ActiveModel {
            connection_id: Set(id.to_string()),
            cloud_id: Set(site.cloud_id.as_str().to_owned()),
            url: Set(site.url.clone()),
            name: Set(site.name.clone()),
            avatar_url: Set(site.avatar_url.clone()),
            scopes: Set(site.scopes.to_string()),
            seen_at: Set(now.as_millis()),
            gone_at: Set(None),
        });
        let renew = OnConflict::columns([Column::ConnectionId, Column::CloudId])
            .update_columns([
                Column::Url,
                Column::Name,
                Column::AvatarUrl,
                Column::Scopes,
                Column::SeenAt,
                Column::GoneAt,
            ])
            .to_owned();
        Entity::insert_many(rows).on_conflict(renew).exec_without_returning(&**self).await?;
        Ok(())
    }
}

fn changes(known: &[Model], listed: &[Site]) -> SiteChanges {
    let gone: HashMap<&str, bool> =
        known.iter().map(|row| (row.cloud_id.as_str(), row.gone_at.is_some())).collect();
    let listed: BTreeSet<&CloudId> = listed.iter().map(|site| &site.cloud_id).collect();
    let still: HashSet<&str> = listed.iter().map(|cloud_id| cloud_id.as_str()).collect();
    SiteChanges {
        appeared: listed
            .iter()
            .filter(|cloud_id| gone.get(cloud_id.as_str()).is_none_or(|gone| *gone))
            .map(|cloud_id| (*cloud_id).clone())
            .collect(),
        disappeared: known
            .iter()
            .filter(|row| row.gone_at.is_none() && !still.contains(row.cloud_id.as_str()))
            .map(|row| CloudId::new(&row.cloud_id))
            .collect(),
    }
}

fn of_connection(id: &str) -> sea_orm::Select<Entity> {
    Entity::find()
        .filter(Column::ConnectionId.eq(id))
        .order_by_asc(Column::Name)
        .order_by_asc(Column::CloudId)
}

impl Store {
    /// Whether [`WriteTx::replace_sites`] would change nothing but a time, and that one is not before `since`.
    pub async fn has_sites(
        &self,
        id: ConnectionId,
        sites: &[Site],
        since: Timestamp,
    ) -> Result<bool, StoreError> {
        let known = of_connection(&id.to_string()).all(&self.inner.read).await?;
        let known = known.into_iter().filter(|row| row.gone_at.is_none());
        let mut left: HashMap<&str, &Site> =
            sites.iter().map(|site| (site.cloud_id.as_str(), site)).collect();
        for row in known {
            let seen_at = row.seen_at;
            let known = site(row).site;
            if seen_at < since.as_millis() || left.remove(known.cloud_id.as_str()) != Some(&known) {
                return Ok(false);
            }
        }
        Ok(left.is_empty())
    }

    /// The sites of a connection by name, also those that Atlassian lists no more.
    pub(super) async fn sites_of(&self, id: &str) -> Result<Vec<ConnectionSite>, StoreError> {
        let rows = of_connection(id).all(&self.inner.read).await?;
        Ok(rows.into_iter().map(site).collect())
    }
}

fn site(row: Model) -> ConnectionSite {
    ConnectionSite {
        site: Site {
            cloud_id: CloudId::new(row.cloud_id),
            url: row.url,
            name: row.name,
            avatar_url: row.avatar_url,
            scopes: scopes(&row.scopes),
        },
        gone_at: row.gone_at.map(Timestamp::from_millis),
    }
}
