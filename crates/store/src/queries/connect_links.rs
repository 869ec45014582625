use connector_domain::{AuditRecord, ConnectLinkId, Timestamp, UserId};
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, UpdateMany};

use super::{audit, parsed};
use crate::entities::connect_link::{ActiveModel, Column, Entity, Model};
use crate::{Durability, Store, StoreError};

/// A link by which one person connects, once. The link holds a secret, the database its hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectLink {
    /// SHA-256 of the link's secret, in hexadecimal.
    pub token_hash: String,
    pub id: ConnectLinkId,
    pub user_id: UserId,
    pub return_url: Option<String>,
    /// SHA-256 of the secret in the cookie of the browser that opened it first: no other may go on with it.
    pub browser_hash: Option<String>,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
    /// When a consent came of it.
    pub used_at: Option<Timestamp>,
}

impl TryFrom<Model> for ConnectLink {
    type Error = StoreError;

    fn try_from(row: Model) -> Result<Self, StoreError> {
        Ok(Self {
            id: parsed("connect_links", &row.id, &row.id)?,
            token_hash: row.token_hash,
            user_id: UserId(row.user_id),
            return_url: row.return_url,
            browser_hash: row.browser_hash,
            created_at: Timestamp::from_millis(row.created_at),
            expires_at: Timestamp::from_millis(row.expires_at),
            used_at: row.used_at.map(Timestamp::from_millis),
        })
    }
}

/// A change of the link, if nobody has used it.
fn change_if_unused(token_hash: &str) -> UpdateMany<Entity> {
    Entity::update_many().filter(Column::TokenHash.eq(token_hash)).filter(Column::UsedAt.is_null())
}

impl Store {
    pub async fn create_connect_link(
        &self,
        link: &ConnectLink,
        record: &AuditRecord,
    ) -> Result<(), StoreError> {
        let tx = self.begin_write(Durability::Full).await?;
        let row = ActiveModel {
            token_hash: Set(link.token_hash.clone()),
            id: Set(link.id.to_string()),
            user_id: Set(link.user_id.0),
            return_url: Set(link.return_url.clone()),
            browser_hash: Set(link.browser_hash.clone()),
            created_at: Set(link.created_at.as_millis()),
            expires_at: Set(link.expires_at.as_millis()),
            used_at: Set(None),
        };
        Entity::insert(row).exec_without_returning(&*tx).await?;
        audit::insert(&*tx, record).await?;
        tx.commit().await
    }

    pub async fn find_connect_link(&self, token_hash: &str) -> Result<Option<ConnectLink>, StoreError> {
        Entity::find_by_id(token_hash).one(&self.inner.read).await?.map(TryInto::try_into).transpose()
    }

    /// Ties a link that is good, and that nobody has opened yet, to a browser; of any number of browsers at once, one
    /// gets it. Says whether it is tied to this one now.
    pub async fn tie_connect_link(
        &self,
        token_hash: &str,
        browser_hash: &str,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let tx = self.begin_write(Durability::Full).await?;
        let tied = change_if_unused(token_hash)
            .filter(Column::ExpiresAt.gt(now.as_millis()))
            .filter(Column::BrowserHash.is_null())
            .col_expr(Column::BrowserHash, Expr::value(browser_hash))
            .exec(&*tx)
            .await?;
        tx.commit().await?;
        Ok(tied.rows_affected > 0)
    }

    /// Uses the link up and reads it, in one statement. `None` where it does not exist or is used. One that has expired
    /// meanwhile was opened in time, and what was begun by it has an end of its own.
    pub async fn use_connect_link(
        &self,
        token_hash: &str,
        now: Timestamp,
    ) -> Result<Option<ConnectLink>, StoreError> {
        let tx = self.begin_write(Durability::Full).await?;
        let used = change_if_unused(token_hash)
            .col_expr(Column::UsedAt, Expr::value(now.as_millis()))
            .exec_with_returning(&*tx)
            .await?;
        tx.commit().await?;
        used.into_iter().next().map(TryInto::try_into).transpose()
    }

    /// Deletes the links that expired before `before`; says how many.
    pub async fn delete_connect_links(&self, before: Timestamp) -> Result<u64, StoreError> {
        let tx = self.begin_write(Durability::Normal).await?;
        let deleted =
            Entity::delete_many().filter(Column::ExpiresAt.lt(before.as_millis())).exec(&*tx).await?;
        tx.commit().await?;
        Ok(deleted.rows_affected)
    }
}
