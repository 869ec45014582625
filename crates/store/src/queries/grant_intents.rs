use std::time::Duration;

use connector_domain::failpoint::{Failpoint, try_reach};
use connector_domain::{ConnectionId, Timestamp};
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::grant_lock::GrantLock;
use super::grant_schedule::of_apps;
use super::parsed;
use crate::entities::grant_intent;
use crate::{Durability, Store, StoreError};

/// That a generation's refresh token was sent, or is about to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Intent {
    pub first_sent_at: Timestamp,
    /// The number of the latest attempt, from 1.
    pub attempts: u32,
    /// When the attempt began that is still under way, and in which process.
    pub sending: Option<(Timestamp, String)>,
    /// When it was first seen that the leeway is over.
    pub late_seen_at: Option<Timestamp>,
}

impl Intent {
    /// For how long ago the token was first sent.
    pub fn age(&self, now: Timestamp) -> Duration {
        now.since(self.first_sent_at)
    }
}

impl From<grant_intent::Model> for Intent {
    fn from(row: grant_intent::Model) -> Self {
        Self {
            first_sent_at: Timestamp::from_millis(row.first_sent_at),
            attempts: u32::try_from(row.attempts).unwrap_or(0),
            sending: row.sending_since.map(Timestamp::from_millis).zip(row.replica),
            late_seen_at: row.late_seen_at.map(Timestamp::from_millis),
        }
    }
}

impl Store {
    /// The connections with an exchange whose outcome is not known, the oldest first.
    pub async fn list_open_intents(&self) -> Result<Vec<ConnectionId>, StoreError> {
        let rows = grant_intent::Entity::find()
            .order_by_asc(grant_intent::Column::FirstSentAt)
            .all(&self.inner.read)
            .await?;
        let mut ids = Vec::new();
        for row in rows {
            let id = parsed("grant_intents", &row.connection_id, &row.connection_id)?;
            if !ids.contains(&id) {
                ids.push(id);
            }
        }
        Ok(ids)
    }
}

/// An exchange whose process died, or has not been heard of for long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeftIntent {
    pub connection_id: ConnectionId,
    pub generation: i64,
}

impl Store {
    /// The exchanges that began before `before` and have neither ended nor failed, the oldest first, without those of
    /// the apps `without`.
    pub async fn list_left_intents(
        &self,
        before: Timestamp,
        limit: u64,
        without: &[String],
    ) -> Result<Vec<LeftIntent>, StoreError> {
        let mut query = grant_intent::Entity::find()
            .filter(grant_intent::Column::SendingSince.lt(before.as_millis()))
            .order_by_asc(grant_intent::Column::FirstSentAt)
            .limit(limit);
        if let Some(resting) = of_apps(without) {
            query = query.filter(grant_intent::Column::ConnectionId.not_in_subquery(resting));
        }
        let rows = query.all(&self.inner.read).await?;
        let left = |row: grant_intent::Model| {
            let connection_id = parsed("grant_intents", &row.connection_id, &row.connection_id)?;
            Ok(LeftIntent { connection_id, generation: row.generation })
        };
        rows.into_iter().map(left).collect()
    }
}

impl GrantLock {
    fn key(&self) -> (String, i64) {
        (self.grant.connection_id.to_string(), self.grant.generation)
    }

    /// What is known of earlier attempts to exchange this generation.
    pub async fn intent(&self) -> Result<Option<Intent>, StoreError> {
        let row = grant_intent::Entity::find_by_id(self.key());
        // Not from the lock's own transaction, whose view of SQLite would be none.
        Ok(row.one(&self.store.inner.read).await?.map(Into::into))
    }

    /// Notes durably that this generation's refresh token is about to be sent by the process `replica`. Where this
    /// fails, nothing may be sent.
    pub async fn record_intent(&self, replica: &str, now: Timestamp) -> Result<Intent, StoreError> {
        let (connection_id, generation) = self.key();
        let again =
            OnConflict::columns([grant_intent::Column::ConnectionId, grant_intent::Column::Generation])
                .update_columns([grant_intent::Column::SendingSince, grant_intent::Column::Replica])
                .value(
                    grant_intent::Column::Attempts,
                    Expr::col((grant_intent::Entity, grant_intent::Column::Attempts)).add(1),
                )
                .to_owned();
        let row = grant_intent::ActiveModel {
            connection_id: Set(connection_id),
            generation: Set(generation),
            first_sent_at: Set(now.as_millis()),
            attempts: Set(1),
            sending_since: Set(Some(now.as_millis())),
            replica: Set(Some(replica.to_owned())),
            late_seen_at: Set(None),
        };
        // Not in the lock's own transaction: it must be there even where that one never commits.
        let tx = self.store.begin_write(Durability::Full).await?;
        let row = grant_intent::Entity::insert(row).on_conflict(again).exec_with_returning(&*tx).await?;
        tx.commit().await?;
        try_reach(Failpoint::RefreshIntentStored).await?;
        Ok(row.into())
    }

    /// Notes when it was first seen that the leeway is over; answers that time.
    pub async fn note_late(&self, intent: &Intent, now: Timestamp) -> Result<Timestamp, StoreError> {
        if let Some(seen) = intent.late_seen_at {
            return Ok(seen);
        }
        let (connection_id, generation) = self.key();
        let tx = self.store.begin_write(Durability::Full).await?;
        grant_intent::Entity::update_many()
            .filter(grant_intent::Column::ConnectionId.eq(connection_id))
            .filter(grant_intent::Column::Generation.eq(generation))
            .col_expr(grant_intent::Column::LateSeenAt, Expr::value(now.as_millis()))
            .exec(&*tx)
            .await?;
        tx.commit().await?;
        Ok(now)
    }

    /// Takes the intent back: Atlassian has not seen the token, so its leeway has not begun.
    pub async fn forget_intent(&self) -> Result<(), StoreError> {
        let tx = self.store.begin_write(Durability::Full).await?;
        grant_intent::Entity::delete_by_id(self.key()).exec(&*tx).await?;
        tx.commit().await
    }
}
