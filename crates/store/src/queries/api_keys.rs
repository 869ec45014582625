use connector_domain::{ApiKey, ApiKeyId, AuditRecord, Timestamp, UserId};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait,
};

use super::{audit, parsed};
use crate::entities::api_key::{ActiveModel, Column, Entity, Model};
use crate::{Durability, Store, StoreError};

impl TryFrom<Model> for ApiKey {
    type Error = StoreError;

    fn try_from(row: Model) -> Result<Self, StoreError> {
        Ok(Self {
            scopes: parsed("api_keys", &row.id, &row.scopes)?,
            id: ApiKeyId::new(row.id),
            name: row.name,
            user_id: row.user_id.map(UserId),
            created_at: Timestamp::from_millis(row.created_at),
            expires_at: Timestamp::from_millis(row.expires_at),
            last_used_at: row.last_used_at.map(Timestamp::from_millis),
            revoked_at: row.revoked_at.map(Timestamp::from_millis),
        })
    }
}

impl Store {
    /// Keeps a new key; `secret_hash` is all that is kept of its secret part.
    pub async fn insert_api_key(
        &self,
        key: &ApiKey,
        secret_hash: &str,
        record: &AuditRecord,
    ) -> Result<(), StoreError> {
        let tx = self.begin_write(Durability::Full).await?;
        let row = ActiveModel {
            id: Set(key.id.to_string()),
            name: Set(key.name.clone()),
            secret_hash: Set(secret_hash.to_owned()),
            scopes: Set(key.scopes.to_string()),
            user_id: Set(key.user_id.map(|id| id.0)),
            created_at: Set(key.created_at.as_millis()),
            expires_at: Set(key.expires_at.as_millis()),
            last_used_at: Set(None),
            revoked_at: Set(None),
        };
        Entity::insert(row).exec_without_returning(&*tx).await?;
        audit::insert(&*tx, record).await?;
        tx.commit().await
    }

    /// The key of this id, also one that has ended, with the hash of its secret part.
    pub async fn find_api_key(&self, id: &ApiKeyId) -> Result<Option<(ApiKey, String)>, StoreError> {
        // Where there is none, some other key is read and thrown away: an id that is not there takes as long as one that
        // is.
        let some = Entity::find().select_only().column_as(Column::Id.min(), "id").into_query();
        let row = Entity::find()
            .filter(Condition::any().add(Column::Id.eq(id.as_str())).add(Column::Id.in_subquery(some)))
            .order_by_desc(Column::Id.eq(id.as_str()))
            .limit(1)
            .one(&self.inner.read)
            .await?;
        row.filter(|row| row.id == id.as_str())
            .map(|row| {
                let hash = row.secret_hash.clone();
                Ok((row.try_into()?, hash))
            })
            .transpose()
    }

    /// All keys, the latest first.
    pub async fn list_api_keys(&self) -> Result<Vec<ApiKey>, StoreError> {
        let keys = Entity::find().order_by_desc(Column::CreatedAt).order_by_asc(Column::Id);
        keys.all(&self.inner.read).await?.into_iter().map(TryInto::try_into).collect()
    }

    /// Notes that the key was used.
    pub async fn touch_api_key(&self, id: &ApiKeyId, now: Timestamp) -> Result<(), StoreError> {
        let tx = self.begin_write(Durability::Normal).await?;
        Entity::update_many()
            .filter(Column::Id.eq(id.as_str()))
            .col_expr(Column::LastUsedAt, Expr::value(now.as_millis()))
            .exec(&*tx)
            .await?;
        tx.commit().await
    }

    /// Ends a key for good; says whether it was alive until now.
    pub async fn revoke_api_key(
        &self,
        id: &ApiKeyId,
        now: Timestamp,
        record: &AuditRecord,
    ) -> Result<bool, StoreError> {
        let tx = self.begin_write(Durability::Full).await?;
        let revoked = Entity::update_many()
            .filter(Column::Id.eq(id.as_str()))
            .filter(Column::RevokedAt.is_null())
            .col_expr(Column::RevokedAt, Expr::value(now.as_millis()))
            .exec(&*tx)
            .await?;
        let revoked = revoked.rows_affected > 0;
        if revoked {
            audit::insert(&*tx, record).await?;
        }
        tx.commit().await?;
        Ok(revoked)
    }
}
