//! Connecting a person's Atlassian account, and keeping its tokens.
//!
//! [`Connections`] begins and finishes logins, holds sessions, and is the one way to get a token.

mod api_keys;
mod choice;
mod client_gate;
mod connect_link;
mod consent;
mod custody;
mod hash;
mod late;
mod login;
mod login_error;
mod login_reason;
mod pending_login;
mod place;
mod recovery;
mod refresh;
mod refusal;
mod rotation;
mod rotation_job;
mod schedule;
mod session;
mod session_store;
mod settings;
mod spool;
mod spool_record;
mod timings;
mod tokens;
mod trail;
mod unavailable;
mod vault_check;

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use connector_atlassian::{Atlassian, Pause, SystemPause};
use connector_domain::{
    Actor, Audit, Clock, Connection, ConnectionId, ConnectionStatus, DataFate, Entropy, Secret, Site,
    Timestamp, User, UserId,
};
use connector_store::{Durability, NewUser, SealedUserToken, Store, StoreError, WriteTx};
use connector_vault::KeyRing;
use tokio_util::task::TaskTracker;

use crate::client_gate::Gates;
use crate::late::LateAnswers;
use crate::schedule::Uses;
use crate::spool::Spool;
use crate::tokens::Flight;
use crate::trail::Noted;

pub use api_keys::{NewApiKey, create_api_key, revoke_api_key};
pub use choice::{Choice, Chosen};
pub use connect_link::{LINK_LIFETIME, LinkCookie, NewConnectLink, ShownLink};
pub use custody::{AdoptError, Custody, custody_of};
pub use login::{Callback, FinishedLogin, StartLogin, StartedLogin};
pub use login_error::{FailedLogin, LoginError};
pub use place::SEALED;
pub use rotation::RotationError;
pub use rotation_job::ROTATION_JOB;
pub use schedule::ConsentEnd;
pub use session::SessionLimits;
pub use session_store::{DatabaseSessions, RedisSessions, SessionStore};
pub use settings::{OAuthApp, Settings};
pub use timings::Timings;
pub use tokens::Token;
pub use unavailable::TokenUnavailable;
pub use vault_check::{OpenedColumn, VaultError, open_everything, verify_checks, verify_keys};

/// The trail keeps refreshes no longer than this: there is one every hour for each connection.
const REFRESHES_KEPT: Duration = Duration::from_hours(30 * 24);

/// That sites which have not changed are still there is noted no more often than this.
const SITES_NOTED_EVERY: Duration = Duration::from_mins(1);

/// The service. Cheap to clone.
#[derive(Clone)]
pub struct Connections {
    inner: Arc<Inner>,
}

impl fmt::Debug for Connections {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Connections").field(&self.inner.store).finish()
    }
}

struct Inner {
    store: Store,
    /// The same, for exchanges of tokens and what they look at.
    exchanging: Store,
    sessions: Arc<dyn SessionStore>,
    atlassian: Atlassian,
    keys: Arc<KeyRing>,
    settings: Settings,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    pause: Arc<dyn Pause>,
    /// Tells this process's attempts from others'.
    replica: String,
    /// Of the database, as it was last seen.
    deployment: Mutex<String>,
    spool: Spool,
    late: LateAnswers,
    flights: Mutex<HashMap<ConnectionId, Flight>>,
    /// Exchanges of tokens and codes under way: a stop waits for them.
    exchanges: TaskTracker,
    gates: Gates,
    uses: Uses,
    noted: Noted,
}

impl Connections {
    pub fn new(
        store: Store,
        atlassian: Atlassian,
        keys: Arc<KeyRing>,
        settings: Settings,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Self {
        let sessions = Arc::new(DatabaseSessions::new(store.clone()));
        Self::with_sessions(store, sessions, atlassian, keys, settings, clock, entropy)
    }

    /// With sessions and login attempts in a place of their own.
    pub fn with_sessions(
        store: Store,
        sessions: Arc<dyn SessionStore>,
        atlassian: Atlassian,
        keys: Arc<KeyRing>,
        settings: Settings,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Self {
        let atlassian = atlassian.with_token_timeout(settings.timings.exchange_timeout);
        let replica = entropy.uuid(clock.now()).to_string();
        let spool = Spool::new(settings.spool_folder.clone(), &replica);
        Self {
            inner: Arc::new(Inner {
                exchanging: store.for_exchanges(),
                store,
                sessions,
                atlassian,
                keys,
                settings,
                clock,
                entropy,
                pause: Arc::new(SystemPause),
                replica,
                deployment: Mutex::default(),
                spool,
                late: LateAnswers::default(),
                flights: Mutex::default(),
                exchanges: TaskTracker::new(),
                gates: Gates::default(),
                uses: Uses::default(),
                noted: Noted::default(),
            }),
        }
    }

    /// Waits until the exchanges that are under way have their answers, and have them stored or in the spool. To be
    /// called once nothing new is asked for; from then on a lost answer is left to the next process.
    pub async fn settle(&self) {
        self.inner.exchanges.close();
        self.inner.exchanges.wait().await;
        self.inner.spool.leave().await;
    }

    pub fn settings(&self) -> &Settings {
        &self.inner.settings
    }

    pub fn atlassian(&self) -> &Atlassian {
        &self.inner.atlassian
    }

    pub fn now(&self) -> Timestamp {
        self.inner.clock.now()
    }

    /// What a change that `actor` makes now asks for.
    pub(crate) fn audit(&self, actor: Actor) -> Audit<'_> {
        Audit::new(&*self.inner.entropy, self.now(), actor)
    }

    /// Creates a person, or finds the one with this e-mail address. `tokens` (provider, token) are sealed and kept
    /// with a new person; those of a person who exists already are not touched.
    pub async fn create_user(
        &self,
        new: &NewUser,
        tokens: Vec<(&'static str, Secret)>,
    ) -> Result<(User, bool), StoreError> {
        let inner = &*self.inner;
        let seal = |id: UserId| {
            let sealed = |(provider, token): (&'static str, Secret)| SealedUserToken {
                provider,
                sealed: inner.keys.seal(
                    &place::user_token(&place::user_token_row(id, provider)),
                    token.expose().as_bytes(),
                    &*inner.entropy,
                ),
            };
            tokens.into_iter().map(sealed).collect()
        };
        inner.store.create_user(new, inner.clock.now(), seal).await
    }

    /// The person's connection that is to be used where none is named: an active one first, then the latest.
    pub async fn current(&self, owner: UserId) -> Result<Option<Connection>, StoreError> {
        let mut all = self.inner.store.list_connections(Some(owner)).await?;
        let active = all.iter().position(|connection| connection.status == ConnectionStatus::Active);
        Ok(match active {
            Some(at) => Some(all.swap_remove(at)),
            None => all.into_iter().next(),
        })
    }

    /// Ends the connection here, in the caller's transaction: its tokens are destroyed. To be followed by
    /// [`clean_log`](Self::clean_log) once committed.
    pub async fn disconnect(
        &self,
        tx: &mut WriteTx,
        id: ConnectionId,
        data: DataFate,
        actor: Actor,
    ) -> Result<(), StoreError> {
        let reason = match data {
            DataFate::Kept => "disconnected here",
            DataFate::Erased => "disconnected here, and what was read is erased",
        };
        tx.disconnect(id, reason, data, &self.audit(actor)).await
    }

    /// Takes what was deleted, tokens above all, out of the files in which the database still has it. What fails now
    /// is done by a later call.
    pub async fn clean_log(&self) {
        match self.inner.store.truncate_log().await {
            Ok(true) => {}
            Ok(false) => tracing::warn!("the write-ahead log could not be emptied: somebody was reading"),
            Err(error) => tracing::warn!(%error, "the write-ahead log could not be emptied"),
        }
    }

    /// Deletes what the audit trail is not to keep any longer; says how many lines.
    pub async fn delete_old_audit(&self, keep_for: Duration) -> Result<u64, StoreError> {
        let now = self.now();
        self.inner.store.delete_audit(now.minus(keep_for), now.minus(keep_for.min(REFRESHES_KEPT))).await
    }

    /// Asks Atlassian anew which sites the connection reaches, and keeps them.
    pub async fn refresh_sites(&self, id: ConnectionId) -> Result<Vec<Site>, TokenUnavailable> {
        let atlassian = &self.inner.atlassian;
        let ask = |token| async move { atlassian.accessible_resources(&token).await };
        let resources = self.call(id, ask).await?;
        let sites = connector_atlassian::union_by_site(resources);
        // A write would take its turn with all others of the connection.
        if self.inner.store.has_sites(id, &sites, self.now().minus(SITES_NOTED_EVERY)).await? {
            return Ok(sites);
        }
        let mut tx = self.inner.store.begin_write(Durability::Normal).await?;
        tx.replace_sites(id, &sites, &self.audit(Actor::System)).await?;
        tx.commit().await?;
        Ok(sites)
    }
}
