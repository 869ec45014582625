use connector_domain::{ConnectionId, Timestamp};
use futures::FutureExt as _;
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder};

use super::grant_lock::GrantLock;
use crate::entities::grant_spare;
use crate::{Store, StoreError};

/// An answer that came after a newer attempt had begun, sealed for its own row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spare {
    pub id: String,
    pub sealed_access_token: Vec<u8>,
    pub sealed_refresh_token: Option<Vec<u8>>,
    pub received_at: Timestamp,
}

impl GrantLock {
    /// The spares of this generation, the newest first.
    pub async fn spares(&self) -> Result<Vec<Spare>, StoreError> {
        let rows = grant_spare::Entity::find()
            .filter(grant_spare::Column::ConnectionId.eq(self.grant.connection_id.to_string()))
            .filter(grant_spare::Column::Generation.eq(self.grant.generation))
            .filter(grant_spare::Column::Epoch.eq(self.grant.epoch))
            .order_by_desc(grant_spare::Column::ReceivedAt)
            .all(&self.store.inner.read)
            .await?;
        let spare = |row: grant_spare::Model| Spare {
            id: row.id,
            sealed_access_token: row.sealed_access_token,
            sealed_refresh_token: row.sealed_refresh_token,
            received_at: Timestamp::from_millis(row.received_at),
        };
        Ok(rows.into_iter().map(spare).collect())
    }

    /// Forgets a spare that Atlassian has refused.
    pub async fn drop_spare(self, id: String) -> Result<(), StoreError> {
        self.finish(move |db, _| {
            async move {
                grant_spare::Entity::delete_by_id(id).exec(db).await?;
                Ok(())
            }
            .boxed()
        })
        .await
    }

    /// Keeps an answer beside the stored pair, and gives the lock back.
    pub async fn put_spare(self, spare: Spare) -> Result<(), StoreError> {
        self.finish(move |db, grant| {
            async move {
                let row = grant_spare::ActiveModel {
                    id: Set(spare.id),
                    connection_id: Set(grant.connection_id.to_string()),
                    generation: Set(grant.generation),
                    epoch: Set(grant.epoch),
                    sealed_access_token: Set(spare.sealed_access_token),
                    sealed_refresh_token: Set(spare.sealed_refresh_token),
                    received_at: Set(spare.received_at.as_millis()),
                };
                grant_spare::Entity::insert(row).exec_without_returning(db).await?;
                Ok(())
            }
            .boxed()
        })
        .await
    }
}

impl Store {
    /// How many spares a connection has.
    pub async fn count_spares(&self, id: ConnectionId) -> Result<usize, StoreError> {
        let rows = grant_spare::Entity::find()
            .filter(grant_spare::Column::ConnectionId.eq(id.to_string()))
            .all(&self.inner.read)
            .await?;
        Ok(rows.len())
    }
}
