use connector_domain::Timestamp;
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QuerySelect};

use crate::entities::token_pause;
use crate::{Durability, Store, StoreError};

impl Store {
    /// Until when Atlassian has asked the app for no token requests; in the past where it may be asked.
    pub async fn token_pause(&self, client_id: &str) -> Result<Option<Timestamp>, StoreError> {
        let row = token_pause::Entity::find_by_id(client_id).one(&self.inner.read).await?;
        Ok(row.map(|row| Timestamp::from_millis(row.paused_until)))
    }

    /// The apps that are not to ask for tokens now.
    pub async fn list_paused_apps(&self, now: Timestamp) -> Result<Vec<String>, StoreError> {
        let paused = token_pause::Entity::find()
            .select_only()
            .column(token_pause::Column::ClientId)
            .filter(token_pause::Column::PausedUntil.gt(now.as_millis()));
        Ok(paused.into_tuple().all(&self.inner.read).await?)
    }

    /// Has all processes ask for no tokens of this app until then. A later time that is known already stays.
    pub async fn pause_tokens(&self, client_id: &str, until: Timestamp) -> Result<(), StoreError> {
        let row = token_pause::ActiveModel {
            client_id: Set(client_id.to_owned()),
            paused_until: Set(until.as_millis()),
        };
        let later = OnConflict::column(token_pause::Column::ClientId)
            .update_column(token_pause::Column::PausedUntil)
            .action_and_where(Expr::cust("token_pauses.paused_until < excluded.paused_until"))
            .to_owned();
        let tx = self.begin_write(Durability::Normal).await?;
        token_pause::Entity::insert(row).on_conflict(later).exec_without_returning(&*tx).await?;
        tx.commit().await
    }
}
