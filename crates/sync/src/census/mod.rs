//! The census: the ids of everything that Atlassian has, compared with what is mirrored.
//!
//! What is mirrored and not listed is looked at a second time, one by one. It becomes a tombstone only where the list
//! came to its end and the second look agrees; where very much is missing at once, only where a later census finds the
//! same. What is listed and not mirrored is read. The comparison is kept as a proof.

mod attachments;
mod breaker;
mod comments;
mod containers;
mod contents;
mod issues;
mod lists;
mod verdict;

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use crate::Stream;
use crate::run::{Container, Progress, RunError, SiteContext};
use crate::walk::ContentKind;

/// A part of a census that is done by itself.
pub(crate) struct CensusTask {
    pub(crate) site: Arc<SiteContext>,
    pub(crate) part: CensusPart,
    /// Which streams are compared, and read where something is missing.
    pub(crate) streams: Vec<Stream>,
}

pub(crate) enum CensusPart {
    Projects,
    Spaces,
    Issues(Container),
    IssueComments,
    Contents(ContentKind, Container),
    Attachments,
}

impl CensusTask {
    pub(crate) fn name(&self) -> String {
        match &self.part {
            CensusPart::Projects => "census of projects".to_owned(),
            CensusPart::Spaces => "census of spaces".to_owned(),
            CensusPart::Issues(project) => format!("census of project {}", project.key),
            CensusPart::IssueComments => "census of comments".to_owned(),
            CensusPart::Contents(kind, space) => {
                format!("census of {} in space {}", kind.stream(), space.key)
            }
            CensusPart::Attachments => "census of attachments".to_owned(),
        }
    }

    /// Whether it compares what belongs to things that other parts compare, over the whole site.
    pub(crate) fn is_of_parts(&self) -> bool {
        matches!(self.part, CensusPart::IssueComments | CensusPart::Attachments)
    }

    pub(crate) async fn read(&self, progress: &Progress, stop: &CancellationToken) -> Result<(), RunError> {
        let census = Census { site: &self.site, streams: &self.streams, progress };
        let work = async {
            match &self.part {
                CensusPart::Projects => census.projects().await,
                CensusPart::Spaces => census.spaces().await,
                CensusPart::Issues(project) => census.issues(project).await,
                CensusPart::IssueComments => census.comments().await,
                CensusPart::Contents(kind, space) => census.contents(*kind, space).await,
                CensusPart::Attachments => census.attachments().await,
            }
        };
        tokio::select! {
            biased;
            () = stop.cancelled() => Err(RunError::Stopped),
            result = work => result,
        }
    }
}

struct Census<'a> {
    site: &'a Arc<SiteContext>,
    streams: &'a [Stream],
    progress: &'a Progress,
}
