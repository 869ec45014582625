use connector_domain::Timestamp;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, EntityTrait};

use crate::entities::key_check;
use crate::{Durability, Store, StoreError};

impl Store {
    /// The known value sealed with each key that ever sealed here: (key id, sealed value).
    pub async fn list_key_checks(&self) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
        let rows = key_check::Entity::find().all(&self.inner.read).await?;
        Ok(rows.into_iter().map(|row| (row.key_id, row.sealed_check)).collect())
    }

    /// Keeps the known value of a key; the one that is stored already stays.
    pub async fn put_key_check(
        &self,
        key_id: &str,
        sealed: Vec<u8>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let tx = self.begin_write(Durability::Full).await?;
        key_check::Entity::insert(key_check::ActiveModel {
            key_id: Set(key_id.to_owned()),
            sealed_check: Set(sealed),
            created_at: Set(now.as_millis()),
        })
        .on_conflict(OnConflict::column(key_check::Column::KeyId).do_nothing().to_owned())
        .exec_without_returning(&*tx)
        .await?;
        tx.commit().await
    }
}
