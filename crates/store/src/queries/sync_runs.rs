use connector_domain::{
    ConnectionId, StreamProgress, SyncMode, SyncRun, SyncRunId, SyncStatus, Timestamp, UserId, Waiting,
};
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::{from_json, parsed};
use crate::entities::{connection, sync_run};
use crate::{Durability, Store, StoreError, WriteTx};

impl TryFrom<sync_run::Model> for SyncRun {
    type Error = StoreError;

    fn try_from(row: sync_run::Model) -> Result<Self, StoreError> {
        let corrupt = |what: String| StoreError::Corrupt { table: "sync_runs", row: row.id.clone(), what };
        let mode = SyncMode::ALL.into_iter().find(|mode| mode.as_str() == row.mode);
        let status = SyncStatus::ALL.into_iter().find(|status| status.as_str() == row.status);
        Ok(Self {
            id: parsed("sync_runs", &row.id, &row.id)?,
            connection_id: parsed("sync_runs", &row.id, &row.connection_id)?,
            mode: mode.ok_or_else(|| corrupt(format!("has the mode `{}`", row.mode)))?,
            status: status.ok_or_else(|| corrupt(format!("has the status `{}`", row.status)))?,
            created_at: Timestamp::from_millis(row.created_at),
            started_at: row.started_at.map(Timestamp::from_millis),
            finished_at: row.finished_at.map(Timestamp::from_millis),
            attempt: row.attempt,
            streams: from_json("sync_runs", &row.id, &row.streams)?,
            waiting: row.waiting_until.map(|until| Waiting {
                until: Timestamp::from_millis(until),
                reason: row.waiting_reason.unwrap_or_default(),
            }),
            error: row.error,
        })
    }
}

impl WriteTx {
    pub async fn create_sync_run(&mut self, run: &SyncRun) -> Result<(), StoreError> {
        let row = sync_run::ActiveModel {
            id: Set(run.id.to_string()),
            connection_id: Set(run.connection_id.to_string()),
            mode: Set(run.mode.as_str().to_owned()),
            status: Set(run.status.as_str().to_owned()),
            created_at: Set(run.created_at.as_millis()),
            attempt: Set(run.attempt),
            streams: Set(json(&run.streams)),
            ..Default::default()
        };
        sync_run::Entity::insert(row).exec_without_returning(&**self).await?;
        Ok(())
    }

    /// Writes how far the run is. Its id, connection and mode stay.
    pub async fn update_sync_run(&mut self, run: &SyncRun) -> Result<(), StoreError> {
        let millis = |time: Option<Timestamp>| Expr::value(time.map(Timestamp::as_millis));
        sync_run::Entity::update_many()
            .filter(sync_run::Column::Id.eq(run.id.to_string()))
            .col_expr(sync_run::Column::Status, Expr::value(run.status.as_str()))
            .col_expr(sync_run::Column::StartedAt, millis(run.started_at))
            .col_expr(sync_run::Column::FinishedAt, millis(run.finished_at))
            .col_expr(sync_run::Column::Attempt, Expr::value(run.attempt))
            .col_expr(sync_run::Column::Streams, Expr::value(json(&run.streams)))
            .col_expr(
                sync_run::Column::WaitingUntil,
                millis(run.waiting.as_ref().map(|waiting| waiting.until)),
            )
            .col_expr(
                sync_run::Column::WaitingReason,
                Expr::value(run.waiting.as_ref().map(|waiting| waiting.reason.clone())),
            )
            .col_expr(sync_run::Column::Error, Expr::value(run.error.clone()))
            .exec(&**self)
            .await?;
        Ok(())
    }

    /// Ends the runs of a connection that have not ended by themselves, and says why.
    pub async fn cancel_sync_runs(
        &mut self,
        connection_id: ConnectionId,
        reason: &str,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let live = SyncStatus::ALL.into_iter().filter(|status| !status.is_final()).map(SyncStatus::as_str);
        sync_run::Entity::update_many()
            .filter(sync_run::Column::ConnectionId.eq(connection_id.to_string()))
            .filter(sync_run::Column::Status.is_in(live))
            .col_expr(sync_run::Column::Status, Expr::value(SyncStatus::Cancelled.as_str()))
            .col_expr(sync_run::Column::FinishedAt, Expr::value(now.as_millis()))
            .col_expr(sync_run::Column::WaitingUntil, Expr::value(Option::<i64>::None))
            .col_expr(sync_run::Column::WaitingReason, Expr::value(Option::<String>::None))
            .col_expr(sync_run::Column::Error, Expr::value(reason))
            .exec(&**self)
            .await?;
        Ok(())
    }
}

fn json(streams: &[StreamProgress]) -> String {
    // Plain numbers and texts: there is nothing in it that JSON cannot say.
    serde_json::to_string(streams).unwrap_or_else(|_| "[]".to_owned())
}

impl Store {
    /// [`WriteTx::update_sync_run`] in a transaction of its own.
    pub async fn update_sync_run(&self, run: &SyncRun) -> Result<(), StoreError> {
        let mut tx = self.begin_write(Durability::Normal).await?;
        tx.update_sync_run(run).await?;
        tx.commit().await
    }

    pub async fn find_sync_run(&self, id: SyncRunId) -> Result<Option<SyncRun>, StoreError> {
        let row = sync_run::Entity::find_by_id(id.to_string()).one(&self.inner.read).await?;
        row.map(TryInto::try_into).transpose()
    }

    /// The runs of a person's connections, or everybody's, the latest first; those before `before`.
    pub async fn list_sync_runs(
        &self,
        owner: Option<UserId>,
        connection_id: Option<ConnectionId>,
        before: Option<SyncRunId>,
        limit: u64,
    ) -> Result<Vec<SyncRun>, StoreError> {
        // The ids are UUIDs of version 7: their order is the order in which the runs were made.
        let mut query = sync_run::Entity::find().order_by_desc(sync_run::Column::Id).limit(limit);
        if let Some(owner) = owner {
            let theirs = connection::Entity::find()
                .select_only()
                .column(connection::Column::Id)
                .filter(connection::Column::UserId.eq(owner.0));
            query = query
                .filter(sync_run::Column::ConnectionId.in_subquery(sea_orm::QueryTrait::into_query(theirs)));
        }
        if let Some(connection_id) = connection_id {
            query = query.filter(sync_run::Column::ConnectionId.eq(connection_id.to_string()));
        }
        if let Some(before) = before {
            query = query.filter(sync_run::Column::Id.lt(before.to_string()));
        }
        query.all(&self.inner.read).await?.into_iter().map(TryInto::try_into).collect()
    }
}
