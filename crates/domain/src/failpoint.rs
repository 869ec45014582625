//! Named places at which a torture run stops, pauses or fails the process.
//!
//! The list is always compiled, so that a harness can read it. The calls do nothing unless the cargo feature
//! `failpoints` is on; then the variable [`ACTIONS_VAR`] says what happens where, and every visit is a line in the file
//! that [`LOG_VAR`] names:
//!
//! ```text
//! CONNECTOR_FAILPOINTS=refresh.intent_stored=kill@3;refresh.answer_received=pause:200;spool.dir_synced=error
//! ```
//!
//! `kill` ends the process by SIGKILL at the first visit, `kill@3` at the third. `pause:MS`, `panic` and `error` happen at
//! every visit, with `@N` at that one only. A place whose code cannot fail takes no `error`: [`Failpoint::can_fail`].

#[cfg(feature = "failpoints")]
mod armed;
#[cfg(not(feature = "failpoints"))]
mod disarmed;

use std::fmt;

#[cfg(feature = "failpoints")]
pub use armed::{check, reach, reach_blocking, try_reach, try_reach_blocking};
#[cfg(not(feature = "failpoints"))]
pub use disarmed::{reach, reach_blocking, try_reach, try_reach_blocking};

/// What is to happen where.
pub const ACTIONS_VAR: &str = "CONNECTOR_FAILPOINTS";
/// The file to which every visit is appended: process id, name, number of the visit.
pub const LOG_VAR: &str = "CONNECTOR_FAILPOINTS_LOG";

macro_rules! failpoints {
    ($($(#[$doc:meta])* $variant:ident = $name:literal, $can_fail:literal;)*) => {
        /// A place where the process can be stopped.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Failpoint {
            $($(#[$doc])* $variant,)*
        }

        impl Failpoint {
            /// Every place, in the order of the work.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// Whether the code there can go on with an error.
            pub const fn can_fail(self) -> bool {
                match self { $(Self::$variant => $can_fail,)* }
            }
        }
    };
}

failpoints! {
    // The exchange of a refresh token.
    /// The grant is locked, nothing is written yet.
    RefreshLocked = "refresh.locked", false;
    /// The intent is committed, nothing is sent yet. An error: as if the intent could not be stored.
    RefreshIntentStored = "refresh.intent_stored", true;
    /// The last moment before the request. An error: as if the lock's session had been lost.
    RefreshBeforeSend = "refresh.before_send", true;
    /// The answer is in memory and nowhere else.
    RefreshAnswerReceived = "refresh.answer_received", false;
    /// The new pair is sealed.
    RefreshSealed = "refresh.sealed", false;
    /// The new pair is written, in a transaction that is not committed. An error: as if the commit had failed.
    RefreshBeforeCommit = "refresh.before_commit", true;
    /// The new pair is committed, nobody has been told.
    RefreshCommitted = "refresh.committed", false;
    /// Atlassian has refused, which is not noted yet.
    RefreshRefused = "refresh.refused", false;
    /// The refusal is committed.
    RefreshRefusalStored = "refresh.refusal_stored", false;
    /// A spare is about to be sent in place of the stored token.
    RefreshSpareTaken = "refresh.spare_taken", false;
    /// The connection is marked as ended, and committed.
    RefreshEnded = "refresh.ended", false;

    // The exchange of a code.
    /// The attempt is used up, nothing is sent yet.
    ExchangeConsumed = "exchange.consumed", false;
    /// The last moment before the request.
    ExchangeBeforeSend = "exchange.before_send", false;
    /// The answer is in memory and nowhere else.
    ExchangeAnswerReceived = "exchange.answer_received", false;
    /// The answer lies sealed in the spool.
    ExchangeSpooled = "exchange.spooled", false;
    /// Who consented, and to which sites, is known.
    ExchangeIdentified = "exchange.identified", false;
    /// Connection and pair are written, in a transaction that is not committed. An error: as if the commit had failed.
    ExchangeBeforeCommit = "exchange.before_commit", true;
    /// The connection is committed, the browser has not been told.
    ExchangeCommitted = "exchange.committed", false;

    // The spool.
    /// The sealed file is written, not yet on the disk. An error: as if the disk were full.
    SpoolWritten = "spool.written", true;
    /// The file is on the disk, its name perhaps not.
    SpoolFileSynced = "spool.file_synced", true;
    /// File and name are on the disk.
    SpoolDirSynced = "spool.dir_synced", true;
    /// A file has been read, and is to be put into the database.
    SpoolRead = "spool.read", false;
    /// What it holds is written, in a transaction that is not committed. An error: as if the commit had failed.
    SpoolBeforeCommit = "spool.before_commit", true;
    /// It is committed, and the file is still there.
    SpoolCommitted = "spool.committed", false;
    /// The file is removed.
    SpoolRemoved = "spool.removed", false;

    // A sync.
    /// A page of a list is in memory, nothing of it is written.
    SyncPageFetched = "sync.page_fetched", false;
    /// A page's rows, place and progress are written, in a transaction that is not committed. An error: as if the
    /// commit had failed.
    SyncBeforeCommit = "sync.before_commit", true;
    /// The page is committed, nobody has been told.
    SyncPageCommitted = "sync.page_committed", false;
    /// A part of a census is compared, and that is committed.
    SyncProved = "sync.proved", false;

    // The change of the sealing key.
    /// A batch of rows has been read.
    RotateBatchRead = "rotate.batch_read", true;
    /// A row is sealed anew, in a transaction that is not committed.
    RotateRowSwapped = "rotate.row_swapped", true;
    /// A batch is committed.
    RotateBatchCommitted = "rotate.batch_committed", true;
}

impl fmt::Display for Failpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The error of a place that was told to fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the failpoint {0} was told to fail")]
pub struct Injected(pub Failpoint);

impl From<Injected> for std::io::Error {
    fn from(injected: Injected) -> Self {
        Self::other(injected)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn names_are_unique_and_of_one_form() {
        let names: HashSet<_> = Failpoint::ALL.iter().map(|point| point.name()).collect();
        assert_eq!(names.len(), Failpoint::ALL.len());
        for name in names {
            let (area, step) = name.split_once('.').unwrap();
            assert!(!area.is_empty() && !step.is_empty() && !step.contains('.'), "{name}");
        }
    }
}
