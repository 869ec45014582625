use connector_domain::{ConnectionId, SessionId, Timestamp, UserId};
use sea_orm::sea_query::{Expr, ExprTrait as _};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder};

use super::parsed;
use crate::entities::session;
use crate::{Durability, Store, StoreError};

/// A browser's session. The cookie holds a secret, the database its hash.
#[derive(Debug, Clone)]
pub struct Session {
    /// SHA-256 of the cookie's value, in hexadecimal.
    pub token_hash: String,
    pub id: SessionId,
    pub user_id: UserId,
    /// The connection that the login made.
    pub connection_id: Option<ConnectionId>,
    pub created_at: Timestamp,
    pub last_seen_at: Timestamp,
    /// The absolute end; the idle limit is counted from `last_seen_at`.
    pub expires_at: Timestamp,
}

impl TryFrom<session::Model> for Session {
    type Error = StoreError;

    fn try_from(row: session::Model) -> Result<Self, StoreError> {
        Ok(Self {
            id: parsed("sessions", &row.id, &row.id)?,
            user_id: UserId(row.user_id),
            connection_id: row.connection_id.map(|id| parsed("sessions", &row.id, &id)).transpose()?,
            created_at: Timestamp::from_millis(row.created_at),
            last_seen_at: Timestamp::from_millis(row.last_seen_at),
            expires_at: Timestamp::from_millis(row.expires_at),
            token_hash: row.token_hash,
        })
    }
}

impl Store {
    /// Keeps a new session and ends the one that the browser had before, in one transaction.
    pub async fn replace_session(&self, new: &Session, old_hash: Option<&str>) -> Result<(), StoreError> {
        let tx = self.begin_write(Durability::Full).await?;
        if let Some(old_hash) = old_hash {
            session::Entity::delete_by_id(old_hash).exec(&*tx).await?;
        }
        let row = session::ActiveModel {
            token_hash: Set(new.token_hash.clone()),
            id: Set(new.id.to_string()),
            user_id: Set(new.user_id.0),
            connection_id: Set(new.connection_id.map(|id| id.to_string())),
            created_at: Set(new.created_at.as_millis()),
            last_seen_at: Set(new.last_seen_at.as_millis()),
            expires_at: Set(new.expires_at.as_millis()),
        };
        session::Entity::insert(row).exec_without_returning(&*tx).await?;
        tx.commit().await
    }

    pub async fn find_session(&self, token_hash: &str) -> Result<Option<Session>, StoreError> {
        let row = session::Entity::find_by_id(token_hash).one(&self.inner.read).await?;
        row.map(TryInto::try_into).transpose()
    }

    /// Notes that the session was used.
    pub async fn touch_session(&self, token_hash: &str, now: Timestamp) -> Result<(), StoreError> {
        let tx = self.begin_write(Durability::Normal).await?;
        session::Entity::update_many()
            .filter(session::Column::TokenHash.eq(token_hash))
            .col_expr(session::Column::LastSeenAt, Expr::value(now.as_millis()))
            .exec(&*tx)
            .await?;
        tx.commit().await
    }

    /// Says whether there was one.
    pub async fn delete_session(&self, token_hash: &str) -> Result<bool, StoreError> {
        let tx = self.begin_write(Durability::Full).await?;
        let deleted = session::Entity::delete_by_id(token_hash).exec(&*tx).await?;
        tx.commit().await?;
        Ok(deleted.rows_affected > 0)
    }

    /// The sessions of a person, the latest first.
    pub async fn list_sessions(&self, user: UserId) -> Result<Vec<Session>, StoreError> {
        let sessions = session::Entity::find()
            .filter(session::Column::UserId.eq(user.0))
            .order_by_desc(session::Column::CreatedAt)
            .order_by_desc(session::Column::Id);
        sessions.all(&self.inner.read).await?.into_iter().map(TryInto::try_into).collect()
    }

    /// Deletes the sessions of a person, or the one that is named; says how many.
    pub async fn delete_sessions_of(&self, user: UserId, only: Option<SessionId>) -> Result<u64, StoreError> {
        let tx = self.begin_write(Durability::Full).await?;
        let mut delete = session::Entity::delete_many().filter(session::Column::UserId.eq(user.0));
        if let Some(only) = only {
            delete = delete.filter(session::Column::Id.eq(only.to_string()));
        }
        let deleted = delete.exec(&*tx).await?;
        tx.commit().await?;
        Ok(deleted.rows_affected)
    }

    /// Deletes the sessions past their end, and those that nobody has used since `idle_since`; says how many.
    pub async fn delete_expired_sessions(
        &self,
        now: Timestamp,
        idle_since: Timestamp,
    ) -> Result<u64, StoreError> {
        let tx = self.begin_write(Durability::Normal).await?;
        let deleted = session::Entity::delete_many()
            .filter(
                session::Column::ExpiresAt
                    .lt(now.as_millis())
                    .or(session::Column::LastSeenAt.lt(idle_since.as_millis())),
            )
            .exec(&*tx)
            .await?;
        tx.commit().await?;
        Ok(deleted.rows_affected)
    }
}
