use connector_domain::{Audit, AuditEvent, Connection, ConnectionId, Timestamp, UserId};
use futures::FutureExt as _;
use sea_orm::sea_query::{Expr, ExprTrait, LockBehavior, LockType, SelectStatement};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait};

use super::parsed;
use crate::entities::{connection, grant};
use crate::{Durability, Store, StoreError};

/// The ids of these apps' connections; `None` where there are no apps.
pub(super) fn of_apps(client_ids: &[String]) -> Option<SelectStatement> {
    let of_these = connection::Entity::find()
        .select_only()
        .column(connection::Column::Id)
        .filter(connection::Column::ClientId.is_in(client_ids));
    (!client_ids.is_empty()).then(|| of_these.into_query())
}

impl Store {
    /// The grants that the background is to exchange by `now`, the longest due first, without those of the apps
    /// `without`.
    pub async fn list_due(
        &self,
        now: Timestamp,
        limit: u64,
        without: &[String],
    ) -> Result<Vec<ConnectionId>, StoreError> {
        let mut query = grant::Entity::find()
            .select_only()
            .column(grant::Column::ConnectionId)
            .filter(grant::Column::NextAttemptAt.lte(now.as_millis()))
            .order_by_asc(grant::Column::NextAttemptAt)
            .limit(limit);
        if let Some(resting) = of_apps(without) {
            query = query.filter(grant::Column::ConnectionId.not_in_subquery(resting));
        }
        let rows: Vec<String> = query.into_tuple().all(&self.inner.read).await?;
        rows.iter().map(|id| parsed("grants", id, id)).collect()
    }

    /// Notes that a token was asked for. A grant that was idle is refreshed ahead of its end again, at `ahead`.
    pub async fn touch_grant(
        &self,
        id: ConnectionId,
        now: Timestamp,
        ahead: Timestamp,
    ) -> Result<(), StoreError> {
        self.write_alone(None, move |db| {
            async move {
                let sooner = Expr::case(
                    Expr::col(grant::Column::NextAttemptAt).gt(ahead.as_millis()),
                    Expr::value(ahead.as_millis()),
                )
                .finally(Expr::col(grant::Column::NextAttemptAt));
                // Who exchanges the token meanwhile notes it by itself, and is not waited for.
                let free = grant::Entity::find()
                    .select_only()
                    .column(grant::Column::ConnectionId)
                    .filter(grant::Column::ConnectionId.eq(id.to_string()))
                    .lock_with_behavior(LockType::Update, LockBehavior::SkipLocked)
                    .into_query();
                grant::Entity::update_many()
                    .filter(grant::Column::ConnectionId.in_subquery(free))
                    .col_expr(grant::Column::UsedAt, Expr::value(now.as_millis()))
                    .col_expr(grant::Column::NextAttemptAt, sooner.into())
                    .exec(&db)
                    .await?;
                Ok(())
            }
            .boxed()
        })
        .await
    }

    /// The active connections whose consent is older than `before`.
    pub async fn list_consented_before(&self, before: Timestamp) -> Result<Vec<Connection>, StoreError> {
        let mut old = self.list_connections(None).await?;
        old.retain(|connection| {
            connection.status == connector_domain::ConnectionStatus::Active
                && connection.connected_at <= before
        });
        Ok(old)
    }

    /// Destroys the sealed pairs of connections that ended before `before`; says how many.
    pub async fn destroy_ended_pairs(&self, before: Timestamp, audit: &Audit<'_>) -> Result<u64, StoreError> {
        let mut tx = self.begin_write(Durability::Full).await?;
        let destroyed = grant::Entity::delete_many()
            .filter(grant::Column::EndedAt.lt(before.as_millis()))
            .exec_with_returning(&*tx)
            .await?;
        let ids = destroyed.iter().map(|pair| pair.connection_id.as_str());
        let ended = connection::Entity::find().filter(connection::Column::Id.is_in(ids)).all(&*tx).await?;
        for row in ended {
            let id = parsed("connections", &row.id, &row.id)?;
            let record = audit.record(AuditEvent::TokensDestroyed {});
            tx.record_audit(&record.of(id, UserId(row.user_id))).await?;
        }
        tx.commit().await?;
        Ok(destroyed.len() as u64)
    }
}
