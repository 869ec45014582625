use std::time::Duration;

use connector_domain::failpoint::{Failpoint, try_reach};
use connector_domain::{ConnectionId, Timestamp};
use sea_orm::sea_query::{Expr, ExprTrait, LockBehavior, LockType, OnConflict};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, QueryFilter,
    QuerySelect,
};
use sea_orm::{QueryOrder, QueryTrait, TransactionTrait};
use tokio::sync::OwnedMutexGuard;

use super::connections::Consent;
use super::parsed;
use crate::engine::write_transaction;
use crate::entities::{connection, grant, grant_intent};
use crate::{Durability, Engine, Store, StoreError, WriteTx};

/// The stored token pair of a connection, sealed.
#[derive(Debug, Clone)]
pub struct Grant {
    pub connection_id: ConnectionId,
    /// How many answers of the token endpoint were stored; part of what the tokens are sealed for.
    pub generation: i64,
    /// Which consent this belongs to.
    pub epoch: i64,
    pub sealed_access_token: Vec<u8>,
    pub sealed_refresh_token: Option<Vec<u8>>,
    pub access_expires_at: Timestamp,
    /// When Atlassian first refused the refresh token of this generation.
    pub refused_at: Option<Timestamp>,
}

/// An answer of the token endpoint, sealed for the generation it is to become.
#[derive(Debug, Clone)]
pub struct SealedPair {
    pub access_token: Vec<u8>,
    pub refresh_token: Option<Vec<u8>>,
    pub access_expires_at: Timestamp,
}

impl TryFrom<grant::Model> for Grant {
    type Error = StoreError;

    fn try_from(row: grant::Model) -> Result<Self, StoreError> {
        Ok(Self {
            connection_id: parsed("grants", &row.connection_id, &row.connection_id)?,
            generation: row.generation,
            epoch: row.epoch,
            sealed_access_token: row.sealed_access_token,
            sealed_refresh_token: row.sealed_refresh_token,
            access_expires_at: Timestamp::from_millis(row.access_expires_at),
            refused_at: row.refused_at.map(Timestamp::from_millis),
        })
    }
}

impl WriteTx {
    /// Stores the tokens of a consent, in place of any older ones.
    pub async fn put_pair(
        &mut self,
        consent: &Consent,
        pair: SealedPair,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let row = grant::ActiveModel {
            connection_id: Set(consent.connection_id.to_string()),
            generation: Set(consent.generation),
            epoch: Set(consent.epoch),
            sealed_access_token: Set(pair.access_token),
            sealed_refresh_token: Set(pair.refresh_token),
            access_expires_at: Set(pair.access_expires_at.as_millis()),
            rotated_at: Set(now.as_millis()),
            refused_at: Set(None),
            next_attempt_at: Set(None),
        };
        let replace = OnConflict::column(grant::Column::ConnectionId)
            .update_columns([
                grant::Column::Generation,
                grant::Column::Epoch,
                grant::Column::SealedAccessToken,
                grant::Column::SealedRefreshToken,
                grant::Column::AccessExpiresAt,
                grant::Column::RotatedAt,
                grant::Column::RefusedAt,
                grant::Column::NextAttemptAt,
            ])
            .to_owned();
        grant::Entity::insert(row).on_conflict(replace).exec_without_returning(&**self).await?;
        Ok(())
    }
}

impl Store {
    pub async fn find_grant(&self, id: ConnectionId) -> Result<Option<Grant>, StoreError> {
        let row = grant::Entity::find_by_id(id.to_string()).one(&self.inner.read).await?;
        row.map(TryInto::try_into).transpose()
    }

    /// Active connections whose access token ends before `before`, the most urgent first.
    pub async fn list_expiring(
        &self,
        before: Timestamp,
        limit: u64,
    ) -> Result<Vec<ConnectionId>, StoreError> {
        let active = connection::Entity::find()
            .select_only()
            .column(connection::Column::Id)
            .filter(connection::Column::Status.eq("active"))
            .into_query();
        let rows = grant::Entity::find()
            .filter(grant::Column::AccessExpiresAt.lt(before.as_millis()))
            .filter(grant::Column::SealedRefreshToken.is_not_null())
            .filter(grant::Column::ConnectionId.in_subquery(active))
            .order_by_asc(grant::Column::AccessExpiresAt)
            .limit(limit)
            .all(&self.inner.read)
            .await?;
        rows.iter().map(|row| parsed("grants", &row.connection_id, &row.connection_id)).collect()
    }

    /// Locks the grant for an exchange of its refresh token: nobody else, in this process or another, exchanges it
    /// until the lock is dropped. Waits for holders in this process; where another process holds it, or there is no
    /// grant, the answer is `None`.
    pub async fn lock_grant(&self, id: ConnectionId) -> Result<Option<GrantLock>, StoreError> {
        let local = self.inner.grant_locks.of(id).lock_owned().await;
        let by_id = grant::Entity::find_by_id(id.to_string());
        let (tx, row) = match self.engine() {
            Engine::Sqlite => (None, by_id.one(&self.inner.read).await?),
            Engine::Postgres => {
                let tx = self.inner.tokens.begin_with_options(write_transaction(Engine::Postgres)).await?;
                // A paused holder keeps the lock, but not for so long that the leeway of its token runs out.
                tx.execute_unprepared(
                    "SET LOCAL synchronous_commit = on; SET LOCAL idle_in_transaction_session_timeout = '300s'",
                )
                .await?;
                let row =
                    by_id.lock_with_behavior(LockType::Update, LockBehavior::SkipLocked).one(&tx).await?;
                (Some(tx), row)
            }
        };
        let Some(row) = row else { return Ok(None) };
        Ok(Some(GrantLock { grant: row.try_into()?, store: self.clone(), tx, _local: local }))
    }
}

/// The right to exchange a grant's refresh token. Given back when dropped, or by PostgreSQL when the process dies.
pub struct GrantLock {
    grant: Grant,
    store: Store,
    /// PostgreSQL's row lock lives in this transaction: who lost the session cannot commit.
    tx: Option<DatabaseTransaction>,
    _local: OwnedMutexGuard<()>,
}

impl std::fmt::Debug for GrantLock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("GrantLock").field(&self.grant.connection_id).finish()
    }
}

impl GrantLock {
    /// The grant as it was read under the lock.
    pub fn grant(&self) -> &Grant {
        &self.grant
    }

    /// Notes durably that this generation's refresh token is about to be sent, and says for how long ago that was
    /// first noted. Where this fails, nothing may be sent.
    pub async fn record_intent(&self, now: Timestamp) -> Result<Duration, StoreError> {
        let id = self.grant.connection_id.to_string();
        let again =
            OnConflict::columns([grant_intent::Column::ConnectionId, grant_intent::Column::Generation])
                .value(
                    grant_intent::Column::Attempts,
                    Expr::col((grant_intent::Entity, grant_intent::Column::Attempts)).add(1),
                )
                .to_owned();
        let row = grant_intent::ActiveModel {
            connection_id: Set(id),
            generation: Set(self.grant.generation),
            first_sent_at: Set(now.as_millis()),
            attempts: Set(1),
        };
        // Not in the lock's own transaction: it must be there even where that one never commits.
        let tx = self.store.begin_write(Durability::Full).await?;
        let row = grant_intent::Entity::insert(row).on_conflict(again).exec_with_returning(&*tx).await?;
        tx.commit().await?;
        try_reach(Failpoint::RefreshIntentStored).await?;
        Ok(now.since(Timestamp::from_millis(row.first_sent_at)))
    }

    /// Notes that Atlassian refused the refresh token, and says for how long ago it first did so.
    pub async fn record_refusal(self, now: Timestamp) -> Result<Duration, StoreError> {
        let Self { grant, store, tx, _local } = self;
        let first = grant.refused_at.unwrap_or(now);
        let update = grant::Entity::update_many()
            .filter(grant::Column::ConnectionId.eq(grant.connection_id.to_string()))
            .filter(grant::Column::Generation.eq(grant.generation))
            .col_expr(grant::Column::RefusedAt, Expr::value(first.as_millis()));
        if let Some(tx) = tx {
            update.exec(&tx).await?;
            tx.commit().await?;
        } else {
            let tx = store.begin_write(Durability::Full).await?;
            update.exec(&*tx).await?;
            tx.commit().await?;
        }
        Ok(now.since(first))
    }

    /// Stores the answer as the next generation. `false` where the connection was disconnected or consented to anew
    /// meanwhile: the answer belongs to nothing any more.
    ///
    /// Runs to its end even where the caller goes away.
    pub async fn commit(self, pair: SealedPair, now: Timestamp) -> Result<bool, StoreError> {
        let committed = tokio::spawn(async move {
            let Self { grant, store, tx, _local } = self;
            if let Some(tx) = tx {
                let stored = store_next(&tx, &grant, pair, now).await?;
                try_reach(Failpoint::RefreshBeforeCommit).await?;
                tx.commit().await?;
                return Ok(stored);
            }
            let tx = store.begin_write(Durability::Full).await?;
            let stored = store_next(&*tx, &grant, pair, now).await?;
            try_reach(Failpoint::RefreshBeforeCommit).await?;
            tx.commit().await?;
            Ok(stored)
        });
        crate::store::joined(committed.await)
    }
}

async fn store_next(
    db: &impl ConnectionTrait,
    grant: &Grant,
    pair: SealedPair,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let id = grant.connection_id.to_string();
    let mut update = grant::Entity::update_many()
        .filter(grant::Column::ConnectionId.eq(&id))
        .filter(grant::Column::Generation.eq(grant.generation))
        .filter(grant::Column::Epoch.eq(grant.epoch))
        .col_expr(grant::Column::Generation, Expr::value(grant.generation + 1))
        .col_expr(grant::Column::SealedAccessToken, Expr::value(pair.access_token))
        .col_expr(grant::Column::AccessExpiresAt, Expr::value(pair.access_expires_at.as_millis()))
        .col_expr(grant::Column::RotatedAt, Expr::value(now.as_millis()))
        .col_expr(grant::Column::RefusedAt, Expr::value(Option::<i64>::None));
    if let Some(refresh_token) = pair.refresh_token {
        update = update.col_expr(grant::Column::SealedRefreshToken, Expr::value(refresh_token));
    }
    let stored = update.exec(db).await?.rows_affected > 0;
    if stored {
        grant_intent::Entity::delete_many()
            .filter(grant_intent::Column::ConnectionId.eq(&id))
            .filter(grant_intent::Column::Generation.lte(grant.generation))
            .exec(db)
            .await?;
    }
    Ok(stored)
}
