use std::any::Any;
use std::fmt;
use std::pin::Pin;

use connector_domain::{CloudId, Product, Timestamp};

use crate::{ApiError, RateLimits};

/// What kind of call is about to be sent: what a scheduler needs to price it and to find its buckets.
///
/// Atlassian limits bursts per site, route and method, and points per app and per site ("Rate limiting").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallClass<'a> {
    /// `None` for calls of the account itself (`/me`, `accessible-resources`).
    pub product: Option<Product>,
    pub cloud_id: Option<&'a CloudId>,
    /// `GET`, `POST`, ….
    pub method: &'static str,
    /// The template of the path: `/rest/api/3/search/jql`.
    pub route: &'static str,
    /// What the call will cost at most, by what was asked for.
    pub points: u64,
    pub priority: Priority,
}

/// Who waits for a call, the most urgent last. See [`crate::Atlassian::with_priority`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Priority {
    /// Counting and comparing what is mirrored already.
    Census,
    /// A first copy.
    Backfill,
    /// What has changed lately.
    Incremental,
    /// A person, or what a person waits for.
    #[default]
    Interactive,
}

/// How a call ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observed {
    /// `None` where there was no answer.
    pub status: Option<u16>,
    /// What the call cost by Atlassian's published prices, counted in the answer; what was admitted where there is
    /// no answer.
    pub points: u64,
    /// What the answer's headers say.
    pub rate: RateLimits,
    /// When Atlassian answered, by its own clock.
    pub date: Option<Timestamp>,
}

/// The hour's points for the calls of one priority on a site.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HourlyPoints {
    /// What may still be spent in the present hour.
    pub left: u64,
    /// What may be spent in a whole hour.
    pub an_hour: u64,
    /// The end of the present hour.
    pub until: Timestamp,
}

pub type Admitted<'a> = Pin<Box<dyn Future<Output = Result<Permit, ApiError>> + Send + 'a>>;

/// Who lets calls of the APIs through. Asked before every try, told of its end.
///
/// Exchanges of tokens do not pass here: a mirror's work must never hold them up.
pub trait Admission: Send + Sync + fmt::Debug {
    /// Waits until the call may be sent, or refuses it: best by [`ApiError::QuotaExceeded`], which says until when
    /// and is what Atlassian would answer.
    fn admit<'a>(&'a self, class: &'a CallClass<'a>) -> Admitted<'a>;

    /// Told of every call that was let through, before its permit is dropped. Where the caller has gone away, the call
    /// ended without an answer.
    fn observe(&self, class: &CallClass<'_>, observed: &Observed);

    /// What calls of a priority may cost on a site; `None` where Atlassian has named no limit, or nobody counts.
    fn points(&self, _cloud_id: &CloudId, _priority: Priority) -> Option<HourlyPoints> {
        None
    }
}

/// Kept while a call is under way, and dropped at its end however it ends.
#[derive(Default)]
pub struct Permit(#[expect(dead_code, reason = "kept for its drop only")] Option<Box<dyn Any + Send>>);

impl Permit {
    /// Drops `guard`, say of a semaphore, when the call has ended.
    pub fn holding(guard: impl Any + Send) -> Self {
        Self(Some(Box::new(guard)))
    }
}

impl fmt::Debug for Permit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Permit")
    }
}

/// Lets everything through.
#[derive(Debug, Clone, Copy, Default)]
pub struct AdmitAll;

impl Admission for AdmitAll {
    fn admit<'a>(&'a self, _: &'a CallClass<'a>) -> Admitted<'a> {
        Box::pin(std::future::ready(Ok(Permit::default())))
    }

    fn observe(&self, _: &CallClass<'_>, _: &Observed) {}
}
