use connector_domain::{ConnectionId, ConnectionStatus, Timestamp};
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, EntityTrait};

use super::connections::{Consent, status};
use super::parsed;
use crate::entities::{connection, grant};
use crate::{Store, StoreError, WriteTx};

/// The stored token pair of a connection, sealed.
#[derive(Debug, Clone)]
pub struct Grant {
    pub connection_id: ConnectionId,
    /// How many answers of the token endpoint were stored; part of what the tokens are sealed for.
    pub generation: i64,
    /// Which consent this belongs to.
    pub epoch: i64,
    pub sealed_access_token: Vec<u8>,
    pub sealed_refresh_token: Option<Vec<u8>>,
    pub access_expires_at: Timestamp,
    /// When the pair was stored.
    pub rotated_at: Timestamp,
    /// When Atlassian first refused the refresh token of this generation.
    pub refused_at: Option<Timestamp>,
    /// When the background is to exchange it; `None` for never.
    pub next_attempt_at: Option<Timestamp>,
    /// When somebody last asked for a token, to within some minutes.
    pub used_at: Option<Timestamp>,
    /// How many attempts have failed one after the other.
    pub failures: u32,
    /// The code of the last failure.
    pub last_error: Option<String>,
    /// When it was believed that Atlassian has ended the grant.
    pub ended_at: Option<Timestamp>,
}

/// A connection's state, with its tokens where it has any: all that is asked for before one is used.
#[derive(Debug, Clone)]
pub struct HeldGrant {
    pub status: ConnectionStatus,
    pub status_reason: Option<String>,
    pub client_id: String,
    pub grant: Option<Grant>,
}

/// An answer of the token endpoint, sealed for the generation it is to become.
#[derive(Debug, Clone)]
pub struct SealedPair {
    pub access_token: Vec<u8>,
    pub refresh_token: Option<Vec<u8>>,
    pub access_expires_at: Timestamp,
    /// When the background is to exchange it.
    pub next_attempt_at: Timestamp,
    /// When a token of the grant was last asked for; `None` leaves what is stored.
    pub used_at: Option<Timestamp>,
}

impl TryFrom<grant::Model> for Grant {
    type Error = StoreError;

    fn try_from(row: grant::Model) -> Result<Self, StoreError> {
        Ok(Self {
            connection_id: parsed("grants", &row.connection_id, &row.connection_id)?,
            generation: row.generation,
            epoch: row.epoch,
            sealed_access_token: row.sealed_access_token,
            sealed_refresh_token: row.sealed_refresh_token,
            access_expires_at: Timestamp::from_millis(row.access_expires_at),
            rotated_at: Timestamp::from_millis(row.rotated_at),
            refused_at: row.refused_at.map(Timestamp::from_millis),
            next_attempt_at: row.next_attempt_at.map(Timestamp::from_millis),
            used_at: row.used_at.map(Timestamp::from_millis),
            failures: u32::try_from(row.failures).unwrap_or(0),
            last_error: row.last_error,
            ended_at: row.ended_at.map(Timestamp::from_millis),
        })
    }
}

impl WriteTx {
    /// Stores the tokens of a consent, in place of any older ones.
    pub async fn put_pair(
        &mut self,
        consent: &Consent,
        pair: SealedPair,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let next_attempt_at = pair.refresh_token.is_some().then_some(pair.next_attempt_at.as_millis());
        let row = grant::ActiveModel {
            connection_id: Set(consent.connection_id.to_string()),
            generation: Set(consent.generation),
            epoch: Set(consent.epoch),
            sealed_access_token: Set(pair.access_token),
            sealed_refresh_token: Set(pair.refresh_token),
            access_expires_at: Set(pair.access_expires_at.as_millis()),
            rotated_at: Set(now.as_millis()),
            refused_at: Set(None),
            next_attempt_at: Set(next_attempt_at),
            used_at: Set(Some(pair.used_at.unwrap_or(now).as_millis())),
            failures: Set(0),
            last_error: Set(None),
            ended_at: Set(None),
        };
        let replace = OnConflict::column(grant::Column::ConnectionId)
            .update_columns([
                grant::Column::Generation,
                grant::Column::Epoch,
                grant::Column::SealedAccessToken,
                grant::Column::SealedRefreshToken,
                grant::Column::AccessExpiresAt,
                grant::Column::RotatedAt,
                grant::Column::RefusedAt,
                grant::Column::NextAttemptAt,
                grant::Column::UsedAt,
                grant::Column::Failures,
                grant::Column::LastError,
                grant::Column::EndedAt,
            ])
            .to_owned();
        grant::Entity::insert(row).on_conflict(replace).exec_without_returning(&**self).await?;
        Ok(())
    }
}

impl Store {
    pub async fn find_grant(&self, id: ConnectionId) -> Result<Option<Grant>, StoreError> {
        let row = grant::Entity::find_by_id(id.to_string()).one(&self.inner.read).await?;
        row.map(TryInto::try_into).transpose()
    }

    /// `None` where the connection is not known.
    pub async fn find_held_grant(&self, id: ConnectionId) -> Result<Option<HeldGrant>, StoreError> {
        let by_id = connection::Entity::find_by_id(id.to_string()).find_also_related(grant::Entity);
        let Some((row, grant)) = by_id.one(&self.inner.read).await? else { return Ok(None) };
        Ok(Some(HeldGrant {
            status: status(&row.id, &row.status)?,
            status_reason: row.status_reason,
            client_id: row.client_id,
            grant: grant.map(TryInto::try_into).transpose()?,
        }))
    }
}
