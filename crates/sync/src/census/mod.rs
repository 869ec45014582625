//! The census: the ids of everything that Atlassian has, compared with what is mirrored.
//!
//! What is mirrored and not listed is looked at a second time, one by one. It becomes a tombstone only where the list
//! came to its end and the second look agrees; where very much is missing at once, only where a later census finds the
//! same. What is listed and not mirrored is read. What is mirrored in the end is compared once more, and that is kept
//! as a proof. A census that is interrupted goes on with the part in which it was, and in that behind what it has read.

mod attachments;
mod breaker;
mod containers;
mod contents;
mod issues;
mod listed;
mod lists;
mod others;
mod parts;
mod proof;
mod reading;
mod verdict;

use std::sync::Arc;

use connector_domain::SyncMode;
use connector_store::AbsenceReason;
use tokio_util::sync::CancellationToken;

use self::reading::Reading;
use crate::Stream;
use crate::run::{Container, Fate, Progress, RunError, SiteContext};
use crate::walk::ContentKind;

/// A part of a census that is done by itself.
pub(crate) struct CensusTask {
    pub(crate) site: Arc<SiteContext>,
    pub(crate) part: CensusPart,
    /// Which streams are compared, and read where something is missing.
    pub(crate) streams: Vec<Stream>,
    /// Of the run. A full one has just read everything.
    pub(crate) mode: SyncMode,
}

pub(crate) enum CensusPart {
    Projects,
    Spaces,
    Issues(Container),
    /// Comments or worklogs of issues.
    IssueParts(Stream),
    Contents(ContentKind, Container),
    Attachments,
}

impl CensusTask {
    pub(crate) fn name(&self) -> String {
        match &self.part {
            CensusPart::Projects => "census of projects".to_owned(),
            CensusPart::Spaces => "census of spaces".to_owned(),
            CensusPart::Issues(project) => format!("census of project {}", project.key),
            CensusPart::IssueParts(stream) => format!("census of {stream}"),
            CensusPart::Contents(kind, space) => {
                format!("census of {} in space {}", kind.stream(), space.key)
            }
            CensusPart::Attachments => "census of attachments".to_owned(),
        }
    }

    /// Whether it compares what belongs to things that other parts compare, over the whole site.
    pub(crate) fn is_of_parts(&self) -> bool {
        matches!(self.part, CensusPart::IssueParts(_) | CensusPart::Attachments)
    }

    /// The stream that is compared, and the scope under which that is kept.
    fn at(&self) -> (Stream, String) {
        match &self.part {
            CensusPart::Projects => (Stream::JiraProjects, String::new()),
            CensusPart::Spaces => (Stream::ConfluenceSpaces, String::new()),
            CensusPart::Issues(project) => (Stream::JiraIssues, project.id.clone()),
            CensusPart::IssueParts(stream) => (*stream, String::new()),
            CensusPart::Contents(kind, space) => (kind.stream(), kind.scope(&space.id)),
            CensusPart::Attachments => (Stream::ConfluenceAttachments, String::new()),
        }
    }

    pub(crate) async fn read(&self, progress: &Progress, stop: &CancellationToken) -> Result<(), RunError> {
        let census = Census { site: &self.site, streams: &self.streams, mode: self.mode, progress };
        let (stream, scope) = self.at();
        let Some(mut reading) = census.resume(stream, &scope).await? else { return Ok(()) };
        loop {
            let result = tokio::select! {
                biased;
                () = stop.cancelled() => Err(RunError::Stopped),
                result = census.compare(&self.part, &mut reading) => result,
            };
            match result {
                // Places in Atlassian's lists are good for some days.
                Err(error) if error.fate() == Fate::Restarts && reading.was_kept => {
                    tracing::warn!(part = self.name(), %error, "a census reads a list anew");
                    reading = Reading::default();
                }
                Err(error) => {
                    census.keep(stream, &scope, &reading, &error).await;
                    return Err(error);
                }
                Ok(()) => return Ok(()),
            }
        }
    }
}

struct Census<'a> {
    site: &'a Arc<SiteContext>,
    streams: &'a [Stream],
    mode: SyncMode,
    progress: &'a Progress,
}

impl Census<'_> {
    async fn compare(&self, part: &CensusPart, reading: &mut Reading) -> Result<(), RunError> {
        match part {
            CensusPart::Projects => self.projects().await,
            CensusPart::Spaces => self.spaces().await,
            CensusPart::Issues(project) => self.issues(project, reading).await,
            CensusPart::IssueParts(stream) => self.parts(*stream, reading).await,
            CensusPart::Contents(kind, space) => self.contents(*kind, space, reading).await,
            CensusPart::Attachments => self.attachments(reading).await,
        }
    }
}

/// Why something is absent that the second look did not find. A refusal is no proof that it was deleted: it may live on,
/// for others.
///
/// # Errors
/// Where the second look has failed.
fn reason_of(error: RunError) -> Result<AbsenceReason, RunError> {
    match error {
        error if error.is_forbidden() => Ok(AbsenceReason::AccessLost),
        error if error.is_not_visible() => Ok(AbsenceReason::Deleted),
        error => Err(error),
    }
}
