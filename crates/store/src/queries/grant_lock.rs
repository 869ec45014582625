use std::time::Duration;

use connector_domain::failpoint::{Failpoint, try_reach};
use connector_domain::{Audit, AuditEvent, AuditRecord, ConnectionId, ConnectionStatus, Timestamp, UserId};
use futures::FutureExt as _;
use futures::future::BoxFuture;
use sea_orm::sea_query::{Expr, LockBehavior, LockType};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, QueryFilter, QuerySelect, Statement,
    TransactionTrait, UpdateMany,
};
use tokio::sync::{OwnedMutexGuard, OwnedSemaphorePermit};

use super::audit;
use super::connections::with_status;
use super::grants::{Grant, SealedPair};
use crate::engine::write_transaction;
use crate::entities::{connection, grant, grant_intent, grant_spare};
use crate::{Durability, Engine, Store, StoreError};

/// The right to exchange a grant's refresh token. Given back when dropped, or by PostgreSQL when the process dies.
pub struct GrantLock {
    pub(super) grant: Grant,
    pub(super) store: Store,
    /// PostgreSQL's row lock lives in this transaction: who lost the session cannot commit.
    pub(super) tx: Option<DatabaseTransaction>,
    _local: OwnedMutexGuard<()>,
    _slot: Option<OwnedSemaphorePermit>,
}

impl std::fmt::Debug for GrantLock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("GrantLock").field(&self.grant.connection_id).finish()
    }
}

impl Store {
    /// Locks the grant for an exchange of its refresh token: nobody else, in this process or another, exchanges it
    /// until the lock is dropped. Waits for holders in this process, and on PostgreSQL for one of the few connections
    /// that hold locks; where another process holds it, or there is no grant, the answer is `None`.
    ///
    /// On PostgreSQL a holder that does nothing for `idle` loses the lock: a paused one must not keep it for so long
    /// that the leeway of its token runs out.
    pub async fn lock_grant(
        &self,
        id: ConnectionId,
        idle: Duration,
    ) -> Result<Option<GrantLock>, StoreError> {
        let local = self.inner.grant_locks.of(id).lock_owned().await;
        let by_id = grant::Entity::find_by_id(id.to_string());
        let slot = self.inner.grant_locks.slot(self.engine()).await;
        let (tx, row) = match self.engine() {
            Engine::Sqlite => (None, by_id.one(&self.inner.read).await?),
            Engine::Postgres => {
                let tx = self.inner.tokens.begin_with_options(write_transaction(Engine::Postgres)).await?;
                // The keepalives tell the server within half a minute that the holder's machine is gone.
                tx.execute_unprepared(&format!(
                    "SET LOCAL synchronous_commit = on; SET LOCAL statement_timeout = '5s'; \
                     SET LOCAL idle_in_transaction_session_timeout = {}; SET LOCAL tcp_keepalives_idle = 10; \
                     SET LOCAL tcp_keepalives_interval = 5; SET LOCAL tcp_keepalives_count = 3",
                    idle.as_millis().max(1)
                ))
                .await?;
                let row =
                    by_id.lock_with_behavior(LockType::Update, LockBehavior::SkipLocked).one(&tx).await?;
                (Some(tx), row)
            }
        };
        let Some(row) = row else { return Ok(None) };
        Ok(Some(GrantLock { grant: row.try_into()?, store: self.clone(), tx, _local: local, _slot: slot }))
    }

    /// Whether this process holds the grant's lock, or waits for it.
    pub fn holds_grant(&self, id: ConnectionId) -> bool {
        self.inner.grant_locks.is_held(id)
    }
}

impl GrantLock {
    /// The grant as it was read under the lock.
    pub fn grant(&self) -> &Grant {
        &self.grant
    }

    /// Whether the lock is still held: to be asked right before the token is sent.
    pub async fn ping(&self) -> Result<(), StoreError> {
        if let Some(tx) = &self.tx {
            tx.query_one_raw(Statement::from_string(tx.get_database_backend(), "SELECT 1")).await?;
        }
        try_reach(Failpoint::RefreshBeforeSend).await?;
        Ok(())
    }

    /// Stores the answer as the next generation. `false` where the connection was disconnected or consented to anew
    /// meanwhile: the answer belongs to nothing any more.
    ///
    /// A connection that was believed to have ended is active again. Runs to its end even where the caller goes away.
    pub async fn commit(self, pair: SealedPair, audit: &Audit<'_>) -> Result<bool, StoreError> {
        let record = audit.record(AuditEvent::GrantRefreshed { generation: self.grant.generation + 1 });
        let revived = audit.record(AuditEvent::Revived {});
        self.finish(move |db, grant| {
            async move {
                let stored = store_next(db, grant, pair, record, revived).await?;
                try_reach(Failpoint::RefreshBeforeCommit).await?;
                Ok(stored)
            }
            .boxed()
        })
        .await
    }

    /// Notes that Atlassian refused the refresh token, and says for how long ago it first did so.
    pub async fn record_refusal(self, now: Timestamp, again_at: Timestamp) -> Result<Duration, StoreError> {
        self.finish(move |db, grant| {
            async move {
                let first = grant.refused_at.unwrap_or(now);
                of_generation(grant)
                    .col_expr(grant::Column::RefusedAt, Expr::value(first.as_millis()))
                    .col_expr(grant::Column::NextAttemptAt, Expr::value(again_at.as_millis()))
                    .col_expr(grant::Column::LastError, Expr::value("refused"))
                    .exec(db)
                    .await?;
                idle_intent(db, grant).await?;
                Ok(now.since(first))
            }
            .boxed()
        })
        .await
    }

    /// Notes that the consent has ended at Atlassian, for the cause that `audit` names; it is asked once more at
    /// `again_at`, if ever. `false` where there is another consent by now.
    pub async fn end(self, again_at: Option<Timestamp>, audit: &Audit<'_>) -> Result<bool, StoreError> {
        let record = audit.record(AuditEvent::NeedsReconnect {});
        self.finish(move |db, grant| {
            async move {
                let id = grant.connection_id;
                let first_time = grant.ended_at.is_none();
                of_generation(grant)
                    .col_expr(
                        grant::Column::EndedAt,
                        Expr::value(grant.ended_at.unwrap_or(record.at).as_millis()),
                    )
                    .col_expr(grant::Column::NextAttemptAt, Expr::value(again_at.map(Timestamp::as_millis)))
                    .exec(db)
                    .await?;
                idle_intent(db, grant).await?;
                let reason = record.cause.as_deref().unwrap_or("Atlassian has ended the grant");
                let marked = with_status(id, ConnectionStatus::NeedsReconnect, reason, record.at)
                    .filter(connection::Column::Epoch.eq(grant.epoch))
                    .exec_with_returning(db)
                    .await?;
                if let Some(row) = marked.first().filter(|_| first_time) {
                    audit::insert(db, &record.of(id, UserId(row.user_id))).await?;
                }
                Ok(!marked.is_empty())
            }
            .boxed()
        })
        .await
    }

    /// Gives the lock back after an attempt that failed, with the time of the next one and the failure's code.
    pub async fn postpone(self, until: Timestamp, code: &'static str) -> Result<(), StoreError> {
        self.finish(move |db, grant| {
            async move {
                let failures = i32::try_from(grant.failures).unwrap_or(i32::MAX).saturating_add(1);
                of_generation(grant)
                    .col_expr(grant::Column::NextAttemptAt, Expr::value(until.as_millis()))
                    .col_expr(grant::Column::Failures, Expr::value(failures))
                    .col_expr(grant::Column::LastError, Expr::value(code))
                    .exec(db)
                    .await?;
                idle_intent(db, grant).await
            }
            .boxed()
        })
        .await
    }

    /// Writes in the lock's transaction, commits, and gives the lock back. Runs to its end even where the caller goes
    /// away.
    pub(super) async fn finish<T, F>(self, write: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: for<'t> FnOnce(&'t DatabaseTransaction, &'t Grant) -> BoxFuture<'t, Result<T, StoreError>>
            + Send
            + 'static,
    {
        let finished = tokio::spawn(async move {
            let Self { grant, store, tx, _local, _slot } = self;
            if let Some(tx) = tx {
                let written = write(&tx, &grant).await?;
                tx.commit().await?;
                return Ok(written);
            }
            let tx = store.begin_write(Durability::Full).await?;
            let written = write(&tx, &grant).await?;
            tx.commit().await?;
            Ok(written)
        });
        crate::store::joined(finished.await)
    }
}

fn of_generation(grant: &Grant) -> UpdateMany<grant::Entity> {
    grant::Entity::update_many()
        .filter(grant::Column::ConnectionId.eq(grant.connection_id.to_string()))
        .filter(grant::Column::Generation.eq(grant.generation))
        .filter(grant::Column::Epoch.eq(grant.epoch))
}

/// No attempt is under way any more.
async fn idle_intent(db: &impl ConnectionTrait, grant: &Grant) -> Result<(), StoreError> {
    grant_intent::Entity::update_many()
        .filter(grant_intent::Column::ConnectionId.eq(grant.connection_id.to_string()))
        .filter(grant_intent::Column::Generation.eq(grant.generation))
        .col_expr(grant_intent::Column::SendingSince, Expr::value(Option::<i64>::None))
        .exec(db)
        .await?;
    Ok(())
}

async fn store_next(
    db: &impl ConnectionTrait,
    grant: &Grant,
    pair: SealedPair,
    record: AuditRecord,
    revived: AuditRecord,
) -> Result<bool, StoreError> {
    let now = record.at;
    let id = grant.connection_id.to_string();
    let mut update = of_generation(grant)
        .col_expr(grant::Column::Generation, Expr::value(grant.generation + 1))
        .col_expr(grant::Column::SealedAccessToken, Expr::value(pair.access_token))
        .col_expr(grant::Column::AccessExpiresAt, Expr::value(pair.access_expires_at.as_millis()))
        .col_expr(grant::Column::NextAttemptAt, Expr::value(pair.next_attempt_at.as_millis()))
        .col_expr(grant::Column::RotatedAt, Expr::value(now.as_millis()))
        .col_expr(grant::Column::RefusedAt, Expr::value(Option::<i64>::None))
        .col_expr(grant::Column::EndedAt, Expr::value(Option::<i64>::None))
        .col_expr(grant::Column::LastError, Expr::value(Option::<String>::None))
        .col_expr(grant::Column::Failures, Expr::value(0));
    if let Some(used_at) = pair.used_at {
        update = update.col_expr(grant::Column::UsedAt, Expr::value(used_at.as_millis()));
    }
    if let Some(refresh_token) = pair.refresh_token {
        update = update.col_expr(grant::Column::SealedRefreshToken, Expr::value(refresh_token));
    }
    let stored = update.exec(db).await?.rows_affected > 0;
    if !stored {
        return Ok(false);
    }
    grant_intent::Entity::delete_many()
        .filter(grant_intent::Column::ConnectionId.eq(&id))
        .filter(grant_intent::Column::Generation.lte(grant.generation))
        .exec(db)
        .await?;
    grant_spare::Entity::delete_many()
        .filter(grant_spare::Column::ConnectionId.eq(&id))
        .filter(grant_spare::Column::Generation.lte(grant.generation))
        .exec(db)
        .await?;
    // Atlassian has been seen to refuse good tokens: what was believed to have ended goes on.
    let goes_on = connection::Entity::update_many()
        .filter(connection::Column::Id.eq(&id))
        .filter(connection::Column::Epoch.eq(grant.epoch))
        .filter(connection::Column::Status.eq(ConnectionStatus::NeedsReconnect.as_str()))
        .col_expr(connection::Column::Status, Expr::value(ConnectionStatus::Active.as_str()))
        .col_expr(connection::Column::StatusReason, Expr::value(Option::<String>::None))
        .col_expr(connection::Column::UpdatedAt, Expr::value(now.as_millis()))
        .exec(db)
        .await?
        .rows_affected
        > 0;
    if let Some(row) = connection::Entity::find_by_id(&id).one(db).await? {
        let (id, person) = (grant.connection_id, UserId(row.user_id));
        audit::insert(db, &record.of(id, person)).await?;
        if goes_on {
            audit::insert(db, &revived.of(id, person)).await?;
        }
    }
    Ok(true)
}
