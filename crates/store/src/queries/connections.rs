use std::collections::BTreeSet;

use connector_domain::{
    AccountId, Audit, AuditEvent, Connection, ConnectionId, ConnectionStatus, DataFate, Scopes, Site,
    Timestamp, UserId,
};
use sea_orm::sea_query::{Expr, ExprTrait, LockType, OnConflict};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait as _, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    UpdateMany,
};

use super::erased_accounts::was_erased;
use super::{from_json, parsed};
use crate::entities::{connection, grant, grant_intent, grant_spare};
use crate::{Engine, Store, StoreError, WriteTx};

/// What a consent brings.
#[derive(Debug, Clone)]
pub struct NewConnection {
    /// Used where no connection of this app and account exists yet.
    pub id: ConnectionId,
    pub user_id: UserId,
    pub client_id: String,
    /// `None` where the grant does not tell whose it is.
    pub account_id: Option<AccountId>,
    pub scopes: Scopes,
    pub sites: Vec<Site>,
    /// When Atlassian gave the first tokens of this consent.
    pub consented_at: Timestamp,
}

/// The connection that a consent created or renewed, and what its tokens are to be sealed for.
#[derive(Debug, Clone)]
pub struct Consent {
    pub connection_id: ConnectionId,
    pub generation: i64,
    pub epoch: i64,
    /// What the consent before covered and this one does not.
    pub lost_scopes: Scopes,
}

impl WriteTx {
    /// Creates the connection of an app and an account, or renews it: a new consent replaces the old one's scopes
    /// and sites, and keeps the id. The tokens are to follow by [`put_pair`](Self::put_pair).
    ///
    /// `None` where the person has consented anew, disconnected or been deleted since: a consent that had to wait must
    /// not replace what came after it. Nothing is written then.
    pub async fn record_consent(
        &mut self,
        new: &NewConnection,
        audit: &Audit<'_>,
    ) -> Result<Option<Consent>, StoreError> {
        let now = audit.at;
        let account_key = match &new.account_id {
            Some(account_id) => account_id.as_str().to_owned(),
            None => format!("user:{}", new.user_id),
        };
        let of_account = connection::Entity::find()
            .filter(connection::Column::ClientId.eq(&new.client_id))
            .filter(connection::Column::AccountKey.eq(&account_key));
        self.wait_for_turn(&new.client_id, &account_key).await?;
        if let Some(row) = of_account.clone().one(&**self).await? {
            self.lock_for_change(&row.id).await?;
        }
        // Read anew: it is as whoever was waited for has left it.
        let before = of_account.one(&**self).await?;
        if before.as_ref().is_some_and(|before| is_newer(before, new.consented_at)) {
            return Ok(None);
        }
        if was_erased(&**self, new.account_id.as_ref(), None, new.consented_at).await? {
            return Ok(None);
        }
        let lost_scopes = before.as_ref().map(|before| lost(before, &new.scopes)).unwrap_or_default();
        let before = before.map(|row| scopes(&row.scopes));
        let row = connection::ActiveModel {
            id: Set(new.id.to_string()),
            user_id: Set(new.user_id.0),
            client_id: Set(new.client_id.clone()),
            account_id: Set(new.account_id.as_ref().map(|id| id.as_str().to_owned())),
            account_key: Set(account_key),
            status: Set(ConnectionStatus::Active.as_str().to_owned()),
            status_reason: Set(None),
            scopes: Set(new.scopes.to_string()),
            lost_scopes: Set(Some(lost_scopes.to_string())),
            epoch: Set(1),
            connected_at: Set(new.consented_at.as_millis()),
            updated_at: Set(now.as_millis()),
            ..Default::default()
        };
        let renew = OnConflict::columns([connection::Column::ClientId, connection::Column::AccountKey])
            .update_columns([
                connection::Column::UserId,
                connection::Column::Status,
                connection::Column::StatusReason,
                connection::Column::Scopes,
                connection::Column::LostScopes,
                connection::Column::ConnectedAt,
                connection::Column::UpdatedAt,
            ])
            .value(
                connection::Column::Epoch,
                Expr::col((connection::Entity, connection::Column::Epoch)).add(1),
            )
            .to_owned();
        let row = connection::Entity::insert(row).on_conflict(renew).exec_with_returning(&**self).await?;
        let stored = grant::Entity::find_by_id(&row.id).one(&**self).await?;
        let consent = Consent {
            connection_id: parsed("connections", &row.id, &row.id)?,
            generation: stored.map_or(1, |grant| grant.generation + 1),
            epoch: row.epoch,
            lost_scopes: before.as_ref().map(|before| before.without(&new.scopes)).unwrap_or_default(),
        };
        self.delete_attempts(&row.id).await?;
        let mut events = vec![match &before {
            Some(before) => AuditEvent::reconnected(before, &new.scopes),
            None => AuditEvent::connected(&new.scopes),
        }];
        if !consent.lost_scopes.is_empty() {
            events.push(AuditEvent::scopes_shrank(&consent.lost_scopes));
        }
        for event in events {
            self.record_audit(&audit.record(event).of(consent.connection_id, new.user_id)).await?;
        }
        self.replace_sites(consent.connection_id, &new.sites, audit).await?;
        Ok(Some(consent))
    }

    /// Ends the connection here: its tokens are deleted, and an exchange that is under way can no longer store its
    /// answer. `data` says what becomes of the mirrored rows.
    pub async fn disconnect(
        &mut self,
        id: ConnectionId,
        reason: &str,
        data: DataFate,
        audit: &Audit<'_>,
    ) -> Result<(), StoreError> {
        let by_id = connection::Entity::find_by_id(id.to_string());
        let Some(row) = by_id.one(&**self).await? else { return Ok(()) };
        self.wait_for_turn(&row.client_id, &row.account_key).await?;
        self.lock_for_change(&row.id).await?;
        let ended = with_status(id, ConnectionStatus::Disconnected, reason, audit.at)
            .col_expr(connection::Column::Epoch, Expr::col(connection::Column::Epoch).add(1))
            .exec_with_returning(&**self)
            .await?;
        grant::Entity::delete_by_id(id.to_string()).exec(&**self).await?;
        self.delete_attempts(&id.to_string()).await?;
        for row in ended {
            let event = AuditEvent::Disconnected { data };
            self.record_audit(&audit.record(event).of(id, UserId(row.user_id))).await?;
        }
        Ok(())
    }

    /// One consent or disconnect of an app and an account at a time, to the transaction's end. Locks of rows cannot order
    /// them: the first consent has no row that others see, and after a disconnect there is no grant to lock.
    async fn wait_for_turn(&mut self, client_id: &str, account_key: &str) -> Result<(), StoreError> {
        if self.engine() == Engine::Postgres {
            let sql = "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))".to_owned();
            let of = format!("consent of {account_key} to {client_id}");
            self.execute_raw(self.statement(sql, [of.into()])).await?;
        }
        Ok(())
    }

    /// Waits for an exchange that is under way in another process, whose answer is then replaced and not met half-way,
    /// and locks the connection.
    ///
    /// In the order in which an exchange locks: the grant, then, if at all, the connection. And so that rows that refer
    /// to the connection can be written meanwhile: the exchange that is waited for notes its attempts.
    async fn lock_for_change(&mut self, id: &str) -> Result<(), StoreError> {
        grant::Entity::find_by_id(id).lock_exclusive().one(&**self).await?;
        connection::Entity::find_by_id(id).lock(LockType::NoKeyUpdate).one(&**self).await?;
        Ok(())
    }

    /// Forgets the attempts to exchange a token that is no more, and what came of them.
    async fn delete_attempts(&mut self, id: &str) -> Result<(), StoreError> {
        grant_intent::Entity::delete_many()
            .filter(grant_intent::Column::ConnectionId.eq(id))
            .exec(&**self)
            .await?;
        grant_spare::Entity::delete_many()
            .filter(grant_spare::Column::ConnectionId.eq(id))
            .exec(&**self)
            .await?;
        Ok(())
    }
}

pub(super) fn with_status(
    id: ConnectionId,
    status: ConnectionStatus,
    reason: &str,
    now: Timestamp,
) -> UpdateMany<connection::Entity> {
    connection::Entity::update_many()
        .filter(connection::Column::Id.eq(id.to_string()))
        .col_expr(connection::Column::Status, Expr::value(status.as_str()))
        .col_expr(connection::Column::StatusReason, Expr::value(reason))
        .col_expr(connection::Column::UpdatedAt, Expr::value(now.as_millis()))
}

impl Store {
    pub async fn find_connection(&self, id: ConnectionId) -> Result<Option<Connection>, StoreError> {
        let by_id = connection::Entity::find_by_id(id.to_string());
        let Some(row) = by_id.one(&self.inner.read).await? else { return Ok(None) };
        Ok(Some(self.with_sites(row).await?))
    }

    /// The connection of this id, if it is `owner`'s; everybody's where that is `None`. Another's is looked for as long
    /// as one that does not exist.
    pub async fn find_connection_of(
        &self,
        owner: Option<UserId>,
        id: ConnectionId,
    ) -> Result<Option<Connection>, StoreError> {
        let mut query = connection::Entity::find_by_id(id.to_string());
        if let Some(owner) = owner {
            query = query.filter(connection::Column::UserId.eq(owner.0));
        }
        let Some(row) = query.one(&self.inner.read).await? else { return Ok(None) };
        Ok(Some(self.with_sites(row).await?))
    }

    /// The connections of a person, or everybody's, the latest consent first.
    pub async fn list_connections(&self, owner: Option<UserId>) -> Result<Vec<Connection>, StoreError> {
        let mut query = connection::Entity::find()
            .order_by_desc(connection::Column::ConnectedAt)
            .order_by_desc(connection::Column::Id);
        if let Some(owner) = owner {
            query = query.filter(connection::Column::UserId.eq(owner.0));
        }
        let mut connections = Vec::new();
        for row in query.all(&self.inner.read).await? {
            connections.push(self.with_sites(row).await?);
        }
        Ok(connections)
    }

    async fn with_sites(&self, row: connection::Model) -> Result<Connection, StoreError> {
        let sites = self.sites_of(&row.id).await?;
        let grant = grant::Entity::find_by_id(&row.id).one(&self.inner.read).await?;
        Ok(Connection {
            id: parsed("connections", &row.id, &row.id)?,
            user_id: UserId(row.user_id),
            client_id: row.client_id,
            account_id: row.account_id.map(AccountId::new),
            status: status(&row.id, &row.status)?,
            status_reason: row.status_reason,
            scopes: scopes(&row.scopes),
            lost_scopes: scopes(row.lost_scopes.as_deref().unwrap_or_default()),
            sites,
            chosen_sites: chosen(&row.id, row.chosen_sites.as_deref())?,
            chosen_streams: chosen(&row.id, row.chosen_streams.as_deref())?,
            access_expires_at: grant.map(|grant| Timestamp::from_millis(grant.access_expires_at)),
            connected_at: Timestamp::from_millis(row.connected_at),
            updated_at: Timestamp::from_millis(row.updated_at),
        })
    }
}

pub(super) fn chosen<T: Ord + serde::de::DeserializeOwned>(
    row: &str,
    json: Option<&str>,
) -> Result<Option<BTreeSet<T>>, StoreError> {
    json.map(|json| from_json("connections", row, json)).transpose()
}

pub(super) fn scopes(text: &str) -> Scopes {
    text.split_whitespace().collect()
}

/// Whether what the person last wished for the connection is later than a consent of that time.
fn is_newer(before: &connection::Model, consented_at: Timestamp) -> bool {
    let disconnected = before.status == ConnectionStatus::Disconnected.as_str();
    let last_wish = if disconnected { before.updated_at } else { before.connected_at };
    consented_at.as_millis() < last_wish
}

/// What a consent with the scopes `new` leaves lost. One that changes nothing, a mere login, leaves that as it was.
fn lost(before: &connection::Model, new: &Scopes) -> Scopes {
    let covered = scopes(&before.scopes);
    if covered == *new {
        scopes(before.lost_scopes.as_deref().unwrap_or_default())
    } else {
        covered.without(new)
    }
}

pub(super) fn status(row: &str, text: &str) -> Result<ConnectionStatus, StoreError> {
    [ConnectionStatus::Active, ConnectionStatus::NeedsReconnect, ConnectionStatus::Disconnected]
        .into_iter()
        .find(|status| status.as_str() == text)
        .ok_or_else(|| StoreError::Corrupt {
            table: "connections",
            row: row.to_owned(),
            what: format!("has the status `{text}`"),
        })
}
