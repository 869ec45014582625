use connector_domain::{RotationId, Timestamp};
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter};

use super::parsed;
use crate::entities::key_check;
use crate::entities::key_rotation::{ActiveModel, Column, Entity, Model};
use crate::{Durability, Store, StoreError, WriteTx};

/// How far a rotation of the encryption keys is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RotationStatus {
    Queued,
    Running,
    Succeeded,
    Failed,
}

impl RotationStatus {
    const ALL: [Self; 4] = [Self::Queued, Self::Running, Self::Succeeded, Self::Failed];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
        }
    }

    pub const fn is_final(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed)
    }
}

/// Sealing everything anew with one key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRotation {
    pub id: RotationId,
    /// The key that seals everything once it is done.
    pub key_id: String,
    pub status: RotationStatus,
    pub rows_total: u64,
    pub rows_done: u64,
    pub created_at: Timestamp,
    pub finished_at: Option<Timestamp>,
    pub error: Option<String>,
}

impl TryFrom<Model> for KeyRotation {
    type Error = StoreError;

    fn try_from(row: Model) -> Result<Self, StoreError> {
        let status = RotationStatus::ALL.into_iter().find(|status| status.as_str() == row.status);
        Ok(Self {
            id: parsed("key_rotations", &row.id, &row.id)?,
            status: status.ok_or_else(|| StoreError::Corrupt {
                table: "key_rotations",
                row: row.id.clone(),
                what: format!("has the status `{}`", row.status),
            })?,
            key_id: row.key_id,
            rows_total: u64::try_from(row.rows_total).unwrap_or(0),
            rows_done: u64::try_from(row.rows_done).unwrap_or(0),
            created_at: Timestamp::from_millis(row.created_at),
            finished_at: row.finished_at.map(Timestamp::from_millis),
            error: row.error,
        })
    }
}

impl WriteTx {
    pub async fn create_key_rotation(&mut self, rotation: &KeyRotation) -> Result<(), StoreError> {
        let row = ActiveModel {
            id: Set(rotation.id.to_string()),
            key_id: Set(rotation.key_id.clone()),
            status: Set(rotation.status.as_str().to_owned()),
            rows_total: Set(number(rotation.rows_total)),
            rows_done: Set(number(rotation.rows_done)),
            created_at: Set(rotation.created_at.as_millis()),
            finished_at: Set(None),
            error: Set(None),
        };
        Entity::insert(row).exec_without_returning(&**self).await?;
        Ok(())
    }

    /// Writes how far the rotation is.
    pub async fn update_key_rotation(&mut self, rotation: &KeyRotation) -> Result<(), StoreError> {
        Entity::update_many()
            .filter(Column::Id.eq(rotation.id.to_string()))
            .col_expr(Column::Status, Expr::value(rotation.status.as_str()))
            .col_expr(Column::RowsTotal, Expr::value(number(rotation.rows_total)))
            .col_expr(Column::RowsDone, Expr::value(number(rotation.rows_done)))
            .col_expr(Column::FinishedAt, Expr::value(rotation.finished_at.map(Timestamp::as_millis)))
            .col_expr(Column::Error, Expr::value(rotation.error.clone()))
            .exec(&**self)
            .await?;
        Ok(())
    }

    /// Forgets every key but this one: none of them seals anything any more, so the service starts without them.
    pub async fn retire_other_keys(&mut self, key_id: &str) -> Result<u64, StoreError> {
        let retired = key_check::Entity::delete_many()
            .filter(key_check::Column::KeyId.ne(key_id))
            .exec(&**self)
            .await?;
        Ok(retired.rows_affected)
    }
}

impl Store {
    /// [`WriteTx::update_key_rotation`] in a transaction of its own.
    pub async fn update_key_rotation(&self, rotation: &KeyRotation) -> Result<(), StoreError> {
        let mut tx = self.begin_write(Durability::Full).await?;
        tx.update_key_rotation(rotation).await?;
        tx.commit().await
    }

    pub async fn find_key_rotation(&self, id: RotationId) -> Result<Option<KeyRotation>, StoreError> {
        let row = Entity::find_by_id(id.to_string()).one(&self.inner.read).await?;
        row.map(TryInto::try_into).transpose()
    }
}

fn number(rows: u64) -> i64 {
    i64::try_from(rows).unwrap_or(i64::MAX)
}
