//! What a consent's tokens become: the person's connection.

use std::time::Duration;

use connector_atlassian::{ApiError, Me, TokenGrant};
use connector_domain::failpoint::{Failpoint, reach, try_reach};
use connector_domain::{Actor, ConnectionId, Email, Scopes, Timestamp, User, UserId};
use connector_store::{Durability, NewConnection, NewUser, SealedPair, StoreError};

use crate::spool_record::LoginRecord;
use crate::{Connections, LoginError, place};

/// What an access token lives where the answer does not say: Atlassian's usual hour, less a margin.
pub(crate) const DEFAULT_LIFE: Duration = Duration::from_mins(50);

fn email(me: &Me) -> Option<Email> {
    me.email.as_deref().and_then(|email| email.parse().ok())
}

impl Connections {
    /// Finds out who consented and which sites the grant reaches, and stores the connection.
    pub(crate) async fn connect(
        &self,
        login: &LoginRecord,
        grant: &TokenGrant,
        received_at: Timestamp,
    ) -> Result<(User, ConnectionId), LoginError> {
        let inner = &*self.inner;
        let scopes = grant.scopes.clone().unwrap_or_else(|| login.scopes.split_whitespace().collect());
        let me = self.identity(grant, &scopes).await?;
        let consented_at = login.consented_at.unwrap_or(received_at);
        self.refuse_erased(me.as_ref(), login.signed_in, consented_at).await?;
        let resources = inner
            .atlassian
            .accessible_resources(&grant.access_token)
            .await
            .map_err(LoginError::ApiUnavailable)?;
        let user = match login.for_user {
            Some(id) => self.person_of_link(me.as_ref(), id).await?,
            None => self.person(me.as_ref(), login.signed_in, consented_at).await?,
        };
        let new = NewConnection {
            id: ConnectionId::generate(&*inner.entropy, received_at),
            user_id: user.id,
            client_id: login.client_id.clone(),
            account_id: me.map(|me| me.account_id),
            scopes,
            sites: connector_atlassian::union_by_site(resources),
            consented_at,
        };
        reach(Failpoint::ExchangeIdentified).await;
        let connection_id = self.store_consent(&new, grant, received_at).await?;
        tracing::info!(
            connection.id = %connection_id,
            user.id = %user.id,
            flow = login.flow,
            sites = new.sites.len(),
            "connected"
        );
        Ok((user, connection_id))
    }

    /// Who consented, where the grant tells.
    async fn identity(&self, grant: &TokenGrant, scopes: &Scopes) -> Result<Option<Me>, LoginError> {
        if !scopes.contains("read:me") {
            return Ok(None);
        }
        match self.inner.atlassian.me(&grant.access_token).await {
            Ok(me) => Ok(Some(me)),
            // The scope is granted, but the app lacks the User identity API.
            Err(ApiError::ScopeMissing { .. } | ApiError::NotVisible { .. }) => Ok(None),
            Err(error) => Err(LoginError::ApiUnavailable(error)),
        }
    }

    /// Refuses a consent whose person was deleted since: it brings nobody back.
    async fn refuse_erased(
        &self,
        me: Option<&Me>,
        signed_in: Option<UserId>,
        consented_at: Timestamp,
    ) -> Result<(), LoginError> {
        let store = &self.inner.store;
        let of_account = match me {
            Some(me) => store.was_erased(&me.account_id, email(me).as_ref(), consented_at).await?,
            None => false,
        };
        // Ids are not given a second time: who was signed in has been deleted.
        let of_session = match signed_in {
            Some(id) => store.find_user(id).await?.is_none(),
            None => false,
        };
        if of_account || of_session { Err(LoginError::Erased) } else { Ok(()) }
    }

    /// Whose connection this is: the account's person, else who is signed in, else, if it may stand in, the first user.
    async fn person(
        &self,
        me: Option<&Me>,
        signed_in: Option<UserId>,
        consented_at: Timestamp,
    ) -> Result<User, LoginError> {
        let store = &self.inner.store;
        if let Some(me) = me {
            if let Some(email) = email(me) {
                let new = NewUser {
                    email,
                    display_name: me.name.clone(),
                    jira_base_url: None,
                    confluence_base_url: None,
                };
                return match store.person_of_account(&me.account_id, &new, consented_at, self.now()).await {
                    Err(StoreError::Duplicate(_)) => Err(LoginError::IdentityInUse),
                    user => user?.ok_or(LoginError::Erased),
                };
            }
            if let Some(user) = store.find_user_by_account(&me.account_id).await? {
                return Ok(user);
            }
        }
        let user = match signed_in {
            Some(id) => store.find_user(id).await?,
            None if !self.inner.settings.first_user_stands_in => return Err(LoginError::UnknownPerson),
            None => store.first_user().await?,
        };
        user.ok_or(LoginError::NoUser)
    }

    /// The person whom a link is for, unless the consent is another's: who sends on a link of his own gets no data of
    /// people who are known here.
    async fn person_of_link(&self, me: Option<&Me>, id: UserId) -> Result<User, LoginError> {
        let store = &self.inner.store;
        let user = store.find_user(id).await?.ok_or(LoginError::UnknownLink)?;
        let Some(me) = me else { return Ok(user) };
        let of_account = store.find_user_by_account(&me.account_id).await?;
        let of_email = match email(me) {
            Some(email) => store.find_user_by_email(&email).await?,
            None => None,
        };
        if of_account.into_iter().chain(of_email).any(|known| known.id != id) {
            return Err(LoginError::IdentityInUse);
        }
        match store.bind_account(id, &me.account_id, self.now()).await {
            Ok(true) => Ok(store.find_user(id).await?.unwrap_or(user)),
            Ok(false) => Err(LoginError::OtherAccount),
            Err(StoreError::Duplicate(_)) => Err(LoginError::IdentityInUse),
            Err(error) => Err(error.into()),
        }
    }

    async fn store_consent(
        &self,
        new: &NewConnection,
        grant: &TokenGrant,
        received_at: Timestamp,
    ) -> Result<ConnectionId, LoginError> {
        let mut tx = self.inner.store.begin_write(Durability::Full).await?;
        let audit = self.audit(Actor::Person(Some(new.user_id)));
        let consent = tx.record_consent(new, &audit).await?.ok_or(LoginError::Superseded)?;
        let pair = self.seal_pair(consent.connection_id, consent.generation, grant, received_at);
        tx.put_pair(&consent, pair, received_at).await?;
        try_reach(Failpoint::ExchangeBeforeCommit).await.map_err(StoreError::from)?;
        tx.commit().await?;
        reach(Failpoint::ExchangeCommitted).await;
        Ok(consent.connection_id)
    }

    /// Seals an answer of the token endpoint for the generation that it is to become.
    pub(crate) fn seal_pair(
        &self,
        id: ConnectionId,
        generation: i64,
        grant: &TokenGrant,
        received_at: Timestamp,
    ) -> SealedPair {
        let inner = &*self.inner;
        let row = id.to_string();
        let ends_at = received_at.plus(grant.expires_in.unwrap_or(DEFAULT_LIFE));
        let seal = |place: &connector_vault::Place<'_>, text: &str| {
            inner.keys.seal(place, text.as_bytes(), &*inner.entropy)
        };
        SealedPair {
            access_token: seal(&place::access_token(&row, generation), grant.access_token.expose()),
            refresh_token: grant
                .refresh_token
                .as_ref()
                .map(|token| seal(&place::refresh_token(&row, generation), token.expose())),
            access_expires_at: ends_at,
            next_attempt_at: self.next_attempt(Some(received_at), received_at, ends_at),
            used_at: None,
        }
    }
}
