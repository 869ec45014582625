//! Links by which a server lets one of its users connect.
//!
//! A link is good for a quarter of an hour, for the browser that opens it first, and for one consent. Its secret is in
//! its address and nowhere else; the database has the hash.

use std::time::Duration;

use connector_domain::{Actor, AuditEvent, ConnectLinkId, Secret, UserId};
use connector_store::{ConnectLink, StoreError};
use subtle::ConstantTimeEq as _;
use url::Url;

use crate::hash::{random_token, sha256_hex};
use crate::login::cookie_suffix;
use crate::{Connections, LoginError};

/// How long a link is good.
pub const LINK_LIFETIME: Duration = Duration::from_mins(15);

/// A link to be made.
#[derive(Debug, Clone)]
pub struct NewConnectLink {
    pub user_id: UserId,
    /// Where the browser goes at the end; whoever makes the link has checked that it may.
    pub return_url: Option<Url>,
}

/// A link as a browser shows it.
#[derive(Debug, Clone)]
pub struct ShownLink {
    /// The secret of its address.
    pub token: Secret,
    /// (suffix, value) of the cookies that tie links to this browser.
    pub cookies: Vec<(String, Secret)>,
}

/// A cookie that ties a link to the browser that opened it first.
#[derive(Debug)]
pub struct LinkCookie {
    pub suffix: String,
    pub value: Secret,
    pub lifetime: Duration,
}

impl Connections {
    /// Makes a link; answers it and its secret.
    pub async fn create_connect_link(
        &self,
        actor: Actor,
        new: NewConnectLink,
    ) -> Result<(ConnectLink, Secret), StoreError> {
        let inner = &*self.inner;
        let now = self.now();
        let token = random_token(&*inner.entropy);
        let link = ConnectLink {
            token_hash: sha256_hex(token.expose()),
            id: ConnectLinkId::generate(&*inner.entropy, now),
            user_id: new.user_id,
            return_url: new.return_url.map(String::from),
            browser_hash: None,
            created_at: now,
            expires_at: now.plus(LINK_LIFETIME),
            used_at: None,
        };
        let event = AuditEvent::ConnectLinkCreated { link_id: link.id, expires_at: link.expires_at };
        let record = self.audit(actor).record(event).about(Some(link.user_id));
        inner.store.create_connect_link(&link, &record).await?;
        Ok((link, token))
    }

    /// The address to which a link leads at its end, where the link is known.
    pub async fn return_url_of_link(&self, token: &Secret) -> Result<Option<String>, StoreError> {
        let link = self.inner.store.find_connect_link(&sha256_hex(token.expose())).await?;
        Ok(link.and_then(|link| link.return_url))
    }

    /// Opens a link: ties it to this browser, if it is the first. The browser may then begin as many logins as it
    /// likes, until one of them has come to a consent.
    pub(crate) async fn open_link(
        &self,
        shown: &ShownLink,
        signed_in: Option<UserId>,
    ) -> Result<(ConnectLink, Option<LinkCookie>), LoginError> {
        let (store, now) = (&self.inner.store, self.now());
        let hash = sha256_hex(shown.token.expose());
        let link = store.find_connect_link(&hash).await?.ok_or(LoginError::UnknownLink)?;
        if link.used_at.is_some() {
            return Err(LoginError::LinkUsed);
        }
        if now >= link.expires_at {
            return Err(LoginError::LinkExpired);
        }
        if signed_in.is_some_and(|user| user != link.user_id) {
            return Err(LoginError::LinkForOther);
        }
        let suffix = cookie_suffix(&hash);
        if let Some(browser_hash) = &link.browser_hash {
            let is_tied = |(name, value): &(String, Secret)| {
                *name == suffix
                    && bool::from(sha256_hex(value.expose()).as_bytes().ct_eq(browser_hash.as_bytes()))
            };
            return if shown.cookies.iter().any(is_tied) {
                Ok((link, None))
            } else {
                Err(LoginError::LinkOfOtherBrowser)
            };
        }
        let value = random_token(&*self.inner.entropy);
        if !store.tie_connect_link(&hash, &sha256_hex(value.expose()), now).await? {
            return Err(LoginError::LinkOfOtherBrowser);
        }
        let lifetime = link.expires_at.since(now);
        Ok((link, Some(LinkCookie { suffix, value, lifetime })))
    }

    /// Uses a link up; answers whom it is for. Of any number of consents, one gets it.
    pub(crate) async fn use_link(&self, hash: &str) -> Result<UserId, LoginError> {
        let store = &self.inner.store;
        if let Some(link) = store.use_connect_link(hash, self.now()).await? {
            return Ok(link.user_id);
        }
        match store.find_connect_link(hash).await? {
            Some(_) => Err(LoginError::LinkUsed),
            None => Err(LoginError::UnknownLink),
        }
    }
}
