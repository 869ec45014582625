//! Lines of the audit trail that stand by themselves: who signed in, which key was used, who was refused.
//!
//! What can be made to happen by anybody, any number of times, is written down seldom: the next line says how many were
//! left out. No caller waits for it, so that a refusal takes as long whatever is written.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use connector_domain::{Actor, ApiKey, ApiKeyId, AuditEvent, ConnectionId, Timestamp, UserId};
use connector_store::{Durability, LoginFlow, StoreError};

use crate::{Connections, LoginError};

/// A use of a key or of a token is noted this often.
const USE_EVERY: Duration = Duration::from_hours(1);
/// A refusal of one kind is noted this often.
const REFUSAL_EVERY: Duration = Duration::from_mins(1);
/// How many subjects are remembered.
const SUBJECTS: usize = 10_000;

/// When which subject was noted last, and how many were not noted since.
#[derive(Debug, Default)]
pub(crate) struct Noted(Mutex<HashMap<String, (Timestamp, u64)>>);

impl Noted {
    /// How many were left out since the last line, if a line is due now.
    fn due(&self, subject: String, every: Duration, now: Timestamp) -> Option<u64> {
        let mut noted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((last, left_out)) = noted.get_mut(&subject) {
            if now.since(*last) < every {
                *left_out += 1;
                return None;
            }
            *last = now;
            return Some(std::mem::take(left_out));
        }
        if noted.len() >= SUBJECTS {
            noted.retain(|_, (last, _)| now.since(*last) < REFUSAL_EVERY);
        }
        // Somebody makes up subjects faster than they are forgotten.
        if noted.len() >= SUBJECTS {
            return None;
        }
        noted.insert(subject, (now, 0));
        Some(0)
    }
}

impl Connections {
    /// Writes a line of the trail. That it cannot be written is told by the log; what it tells of has happened.
    pub async fn note(&self, actor: Actor, event: AuditEvent, about: Option<UserId>) {
        if let Err(error) = self.write_note(actor, event, about, None).await {
            tracing::error!(%error, "a line of the audit trail could not be written");
        }
    }

    async fn write_note(
        &self,
        actor: Actor,
        event: AuditEvent,
        about: Option<UserId>,
        connection: Option<ConnectionId>,
    ) -> Result<(), StoreError> {
        let mut record = self.audit(actor).record(event).about(about);
        record.connection_id = connection;
        let mut tx = self.inner.store.begin_write(Durability::Normal).await?;
        tx.record_audit(&record).await?;
        tx.commit().await
    }

    fn note_later(
        &self,
        actor: Actor,
        event: AuditEvent,
        about: Option<UserId>,
        connection: Option<ConnectionId>,
    ) {
        let this = self.clone();
        tokio::spawn(async move {
            if let Err(error) = this.write_note(actor, event, about, connection).await {
                tracing::error!(%error, "a line of the audit trail could not be written");
            }
        });
    }

    fn note_if_due(&self, subject: String, every: Duration) -> Option<u64> {
        self.inner.noted.due(subject, every, self.now())
    }

    /// A login that did not come to its end.
    pub fn note_failed_login(&self, actor: Actor, flow: Option<LoginFlow>, error: &LoginError) {
        let why = error.name();
        let Some(more) = self.note_if_due(format!("login {why} {actor:?}"), REFUSAL_EVERY) else { return };
        let about = match actor {
            Actor::Person(person) => person,
            _ => None,
        };
        let event = AuditEvent::LoginFailed { flow: flow.map(|flow| flow.as_str().to_owned()), why, more };
        self.note_later(actor, event, about, None);
    }

    pub(crate) fn note_key_use(&self, key: &ApiKey) {
        if self.note_if_due(format!("key {}", key.id), USE_EVERY).is_some() {
            let event = AuditEvent::ApiKeyUsed { key_id: key.id.to_string(), name: key.name.clone() };
            self.note_later(Actor::Server(key.id.to_string()), event, None, None);
        }
    }

    /// A key that opens nothing; `known` is its id where there is a key of this id.
    pub(crate) fn note_refused_key(&self, known: Option<&ApiKeyId>) {
        let key_id = known.map(ToString::to_string);
        if let Some(more) = self.note_if_due(format!("no key {key_id:?}"), REFUSAL_EVERY) {
            let event = AuditEvent::ApiKeyRefused { key_id, more };
            self.note_later(Actor::Person(None), event, None, None);
        }
    }

    /// A caller that is known, or not, and may not do what the route needs.
    pub fn note_denied(&self, actor: Actor, needs: &'static str, method: &str, route: &str) {
        let subject = match actor {
            // It costs nothing to be nobody: all of them together have one line a minute, whatever they ask for.
            Actor::Person(None) => format!("denied {needs}"),
            _ => format!("denied {actor:?} {method} {route}"),
        };
        if let Some(more) = self.note_if_due(subject, REFUSAL_EVERY) {
            let about = match actor {
                Actor::Person(person) => person,
                _ => None,
            };
            let (method, route) = (method.to_owned(), route.to_owned());
            self.note_later(actor, AuditEvent::AccessDenied { needs, method, route, more }, about, None);
        }
    }

    pub(crate) fn note_tokens_read(&self, id: ConnectionId) {
        if self.note_if_due(format!("tokens {id}"), USE_EVERY).is_some() {
            self.note_later(Actor::System, AuditEvent::TokensRead {}, None, Some(id));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_many_the_first_is_noted_and_the_next_says_how_many_there_were() {
        let (noted, minute) = (Noted::default(), Duration::from_mins(1));
        let at = |seconds: i64| Timestamp::from_millis(seconds * 1000);
        let due = |subject: &str, seconds| noted.due(subject.to_owned(), minute, at(seconds));
        assert_eq!([due("a", 0), due("a", 1), due("a", 59), due("b", 59)], [Some(0), None, None, Some(0)]);
        assert_eq!([due("a", 60), due("a", 61), due("a", 120)], [Some(2), None, Some(1)]);
    }

    #[test]
    fn made_up_subjects_do_not_fill_the_memory() {
        let noted = Noted::default();
        let lines = (0..SUBJECTS + 50)
            .filter(|n| noted.due(n.to_string(), REFUSAL_EVERY, Timestamp::from_millis(0)).is_some())
            .count();
        assert_eq!(lines, SUBJECTS);
        assert_eq!(noted.due("later".to_owned(), REFUSAL_EVERY, Timestamp::from_millis(60_000)), Some(0));
    }
}
