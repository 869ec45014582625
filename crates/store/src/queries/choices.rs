//! What of a connection somebody has chosen to be synchronized.

use std::collections::BTreeSet;

use connector_domain::{Audit, AuditEvent, CloudId, ConnectionId, UserId};
use sea_orm::sea_query::{Expr, LockType};
use sea_orm::{ColumnTrait, ConnectionTrait as _, EntityTrait, QueryFilter, QuerySelect};

use super::connections::chosen;
use super::mirror::id_list;
use crate::engine::among;
use crate::entities::connection::{Column, Entity, Model};
use crate::{StoreError, WriteTx};

impl WriteTx {
    /// Chooses the sites that are synchronized; `None` for all that the grant reaches. What is new among them, or was
    /// left out before, is read whole.
    pub async fn choose_sites(
        &mut self,
        id: ConnectionId,
        sites: Option<BTreeSet<CloudId>>,
        audit: &Audit<'_>,
    ) -> Result<(), StoreError> {
        let Some(row) = self.lock_connection(id).await? else { return Ok(()) };
        let before = chosen(&row.id, row.chosen_sites.as_deref())?;
        if before == sites {
            return Ok(());
        }
        self.forget_others(id, "cloud_id", in_both(before.as_ref(), sites.as_ref())).await?;
        let event =
            AuditEvent::SitesChosen { sites: sites.as_ref().map(|all| all.iter().cloned().collect()) };
        self.store_choice(&row, Column::ChosenSites, sites, event, audit).await
    }

    /// Chooses the streams that are synchronized; `None` for all there are. One that was left out before is read whole.
    pub async fn choose_streams(
        &mut self,
        id: ConnectionId,
        streams: Option<BTreeSet<String>>,
        audit: &Audit<'_>,
    ) -> Result<(), StoreError> {
        let Some(row) = self.lock_connection(id).await? else { return Ok(()) };
        let before = chosen(&row.id, row.chosen_streams.as_deref())?;
        if before == streams {
            return Ok(());
        }
        self.forget_others(id, "stream", in_both(before.as_ref(), streams.as_ref())).await?;
        let event =
            AuditEvent::StreamsChosen { streams: streams.as_ref().map(|all| all.iter().cloned().collect()) };
        self.store_choice(&row, Column::ChosenStreams, streams, event, audit).await
    }

    async fn lock_connection(&self, id: ConnectionId) -> Result<Option<Model>, StoreError> {
        Ok(Entity::find_by_id(id.to_string()).lock(LockType::NoKeyUpdate).one(&**self).await?)
    }

    async fn store_choice<T: serde::Serialize>(
        &mut self,
        row: &Model,
        column: Column,
        choice: Option<BTreeSet<T>>,
        event: AuditEvent,
        audit: &Audit<'_>,
    ) -> Result<(), StoreError> {
        // Plain texts: there is nothing in it that JSON cannot say.
        let json = choice.and_then(|choice| serde_json::to_string(&choice).ok());
        Entity::update_many()
            .filter(Column::Id.eq(&row.id))
            .col_expr(column, Expr::value(json))
            .col_expr(Column::UpdatedAt, Expr::value(audit.at.as_millis()))
            .exec(&**self)
            .await?;
        let id = super::parsed("connections", &row.id, &row.id)?;
        self.record_audit(&audit.record(event).of(id, UserId(row.user_id))).await
    }

    /// Forgets how far everything else is read, and how complete it was.
    async fn forget_others(
        &mut self,
        id: ConnectionId,
        column: &str,
        kept: BTreeSet<String>,
    ) -> Result<(), StoreError> {
        for table in ["sync_checkpoints", "sync_proofs", "sync_bad_records"] {
            let among = among(self.engine(), 2);
            let sql = format!("DELETE FROM {table} WHERE connection_id = $1 AND NOT ({column} {among})");
            let values = [id.to_string().into(), id_list(kept.iter().map(String::as_str))];
            self.execute_raw(self.statement(sql, values)).await?;
        }
        Ok(())
    }
}

/// What is synchronized before and after. The two differ, so that one of them names what it has.
fn in_both<T: Ord + ToString>(before: Option<&BTreeSet<T>>, after: Option<&BTreeSet<T>>) -> BTreeSet<String> {
    let is_after = |one: &&T| after.is_none_or(|after| after.contains(one));
    let named = before.or(after);
    named.into_iter().flatten().filter(is_after).map(ToString::to_string).collect()
}
