use connector_domain::{AuditId, AuditRecord, ConnectionId, Timestamp, UserId};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};
use serde_json::Value;

use super::{from_json, parsed};
use crate::entities::audit_event::{ActiveModel, Column, Entity, Model};
use crate::{Durability, Store, StoreError, WriteTx};

/// A line of the audit trail as it is stored. What a later version wrote is there too, so events are texts.
#[derive(Debug, Clone, PartialEq)]
pub struct AuditLine {
    pub id: AuditId,
    pub at: Timestamp,
    pub actor_kind: String,
    pub actor_id: Option<String>,
    pub event: String,
    pub connection_id: Option<String>,
    /// Whose rows it concerns.
    pub user_id: Option<UserId>,
    pub cause: Option<String>,
    /// A JSON object.
    pub details: Value,
}

impl TryFrom<Model> for AuditLine {
    type Error = StoreError;

    fn try_from(row: Model) -> Result<Self, StoreError> {
        Ok(Self {
            id: parsed("audit_events", &row.id, &row.id)?,
            at: Timestamp::from_millis(row.at),
            details: from_json("audit_events", &row.id, &row.details)?,
            actor_kind: row.actor_kind,
            actor_id: row.actor_id,
            event: row.event,
            connection_id: row.connection_id,
            user_id: row.user_id.map(UserId),
            cause: row.cause,
        })
    }
}

/// Writes a line of the trail by `db`, which is the transaction of the change that it tells of.
pub(crate) async fn insert(db: &impl ConnectionTrait, record: &AuditRecord) -> Result<(), StoreError> {
    // Texts, numbers and lists: there is nothing in it that JSON cannot say.
    let mut json = serde_json::to_value(&record.event).unwrap_or_default();
    let details = json["details"].take();
    let row = ActiveModel {
        id: Set(record.id.to_string()),
        at: Set(record.at.as_millis()),
        actor_kind: Set(record.actor.kind().to_owned()),
        actor_id: Set(record.actor.id()),
        event: Set(json["event"].as_str().unwrap_or_default().to_owned()),
        connection_id: Set(record.connection_id.map(|id| id.to_string())),
        user_id: Set(record.user_id.map(|id| id.0)),
        cause: Set(record.cause.clone()),
        details: Set(details.to_string()),
    };
    Entity::insert(row).exec_without_returning(db).await?;
    Ok(())
}

impl WriteTx {
    /// Writes a line of the audit trail, together with the change that it tells of.
    pub async fn record_audit(&mut self, record: &AuditRecord) -> Result<(), StoreError> {
        insert(&**self, record).await
    }
}

/// Which lines of the trail are asked for; what is `None` does not matter.
#[derive(Debug, Clone, Default)]
pub struct AuditFilter {
    /// The event's name.
    pub event: Option<String>,
    /// `person`, `server`, `system` or `operator`.
    pub actor_kind: Option<String>,
    /// The user's or the API key's id.
    pub actor_id: Option<String>,
    /// Whose rows it concerns.
    pub user_id: Option<UserId>,
    /// At this moment or later.
    pub since: Option<Timestamp>,
    /// Before this moment.
    pub until: Option<Timestamp>,
}

impl Store {
    /// The whole trail, the latest first; what came before `before`, at most `limit`.
    pub async fn search_audit(
        &self,
        filter: &AuditFilter,
        before: Option<AuditId>,
        limit: u64,
    ) -> Result<Vec<AuditLine>, StoreError> {
        let mut query = Entity::find().order_by_desc(Column::Id).limit(limit);
        for (column, text) in [
            (Column::Event, &filter.event),
            (Column::ActorKind, &filter.actor_kind),
            (Column::ActorId, &filter.actor_id),
        ] {
            if let Some(text) = text {
                query = query.filter(column.eq(text.as_str()));
            }
        }
        if let Some(user) = filter.user_id {
            query = query.filter(Column::UserId.eq(user.0));
        }
        if let Some(since) = filter.since {
            query = query.filter(Column::At.gte(since.as_millis()));
        }
        if let Some(until) = filter.until {
            query = query.filter(Column::At.lt(until.as_millis()));
        }
        if let Some(before) = before {
            query = query.filter(Column::Id.lt(before.to_string()));
        }
        query.all(&self.inner.read).await?.into_iter().map(TryInto::try_into).collect()
    }

    /// What happened to a connection, the latest first; what came before `before`, at most `limit`.
    pub async fn list_audit(
        &self,
        connection: ConnectionId,
        before: Option<AuditId>,
        limit: u64,
    ) -> Result<Vec<AuditLine>, StoreError> {
        // The ids are UUIDs of version 7: their order is the order in which the lines were written.
        let mut query = Entity::find()
            .filter(Column::ConnectionId.eq(connection.to_string()))
            .order_by_desc(Column::Id)
            .limit(limit);
        if let Some(before) = before {
            query = query.filter(Column::Id.lt(before.to_string()));
        }
        query.all(&self.inner.read).await?.into_iter().map(TryInto::try_into).collect()
    }

    /// Deletes what happened before `before`, and refreshes before `refreshes_before`: there is one every hour for
    /// each connection. Says how many lines went.
    pub async fn delete_audit(
        &self,
        before: Timestamp,
        refreshes_before: Timestamp,
    ) -> Result<u64, StoreError> {
        let tx = self.begin_write(Durability::Normal).await?;
        let old = Entity::delete_many().filter(Column::At.lt(before.as_millis())).exec(&*tx).await?;
        let refreshes = Entity::delete_many()
            .filter(Column::Event.eq("grant_refreshed"))
            .filter(Column::At.lt(refreshes_before.as_millis()))
            .exec(&*tx)
            .await?;
        tx.commit().await?;
        Ok(old.rows_affected + refreshes.rows_affected)
    }
}
