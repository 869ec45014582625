//! Erasing what an ended connection has mirrored.
//!
//! A durable job: what a person asked to be gone goes, also after a crash. It deletes batch by batch, and keeps in its
//! payload what it has deleted, so that the trail tells the whole of it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use connector_domain::{Actor, Audit, AuditEvent, CloudId, Connection, ConnectionId, UserId};
use connector_jobs::{Handler, JobContext, JobError};
use connector_store::{Durability, Feeder, Job, StoreError};
use futures::FutureExt as _;
use futures::future::BoxFuture;
use serde::{Deserialize, Serialize};

use crate::stream::with_containers;
use crate::{Stream, Syncs};

/// The kind of the jobs that erase mirrored rows.
pub(crate) const ERASE_JOB: &str = "erase";
/// How many rows go at once: on SQLite nobody else writes meanwhile.
pub(crate) const BATCH: u64 = 500;
const AFTER_FAILURE: Duration = Duration::from_secs(5);

/// What a job is to erase, and has erased.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Erasure {
    connection_id: ConnectionId,
    /// How many rows of each table are gone.
    erased: BTreeMap<String, u64>,
}

/// How a part of the work ended.
enum Step {
    Done,
    /// The job is another worker's by now.
    Lost,
    Stopped,
}

impl Erasure {
    pub(crate) fn of(connection_id: ConnectionId) -> Self {
        Self { connection_id, erased: BTreeMap::new() }
    }

    pub(crate) fn to_payload(&self) -> String {
        // Ids, names and numbers: there is nothing in it that JSON cannot say.
        serde_json::to_string(self).unwrap_or_default()
    }
}

pub(crate) struct EraseHandler {
    pub(crate) syncs: Syncs,
}

impl Handler for EraseHandler {
    fn kind(&self) -> &'static str {
        ERASE_JOB
    }

    fn run(&self, job: Job, context: JobContext) -> BoxFuture<'_, Result<(), JobError>> {
        async move {
            let erasure: Erasure = serde_json::from_str(&job.payload)
                .map_err(|error| JobError::Fail { reason: format!("its payload cannot be read: {error}") })?;
            match self.erase(erasure, &job, &context).await {
                Ok(Step::Done) => Ok(()),
                Ok(Step::Lost | Step::Stopped) => Err(JobError::Interrupted),
                Err(error) => Err(JobError::Retry { after: AFTER_FAILURE, reason: error.to_string() }),
            }
        }
        .boxed()
    }
}

impl EraseHandler {
    async fn erase(&self, mut erasure: Erasure, job: &Job, context: &JobContext) -> Result<Step, StoreError> {
        let Some(connection) = self.syncs.store.find_connection(erasure.connection_id).await? else {
            return Ok(Step::Done);
        };
        for site in &connection.sites {
            for stream in Stream::ALL {
                let place = (connection.user_id, &site.site.cloud_id);
                match self.erase_stream(&mut erasure, stream, place, job, context).await? {
                    Step::Done => {}
                    ended => return Ok(ended),
                }
            }
        }
        self.conclude(&erasure, &connection, job).await
    }

    /// Deletes the rows of one stream on one site, unless another connection keeps them up to date.
    async fn erase_stream(
        &self,
        erasure: &mut Erasure,
        stream: Stream,
        (owner, cloud_id): (UserId, &CloudId),
        job: &Job,
        context: &JobContext,
    ) -> Result<Step, StoreError> {
        let kind = stream.kind();
        loop {
            if context.stop.is_cancelled() {
                return Ok(Step::Stopped);
            }
            let mut tx = self.syncs.store.begin_write(Durability::Normal).await?;
            // Each time: somebody may connect the account again, and have it read anew.
            if tx.lock_feeders(owner, cloud_id).await?.iter().any(|feeder| feeds(feeder, stream)) {
                return Ok(Step::Done);
            }
            let rows = tx.erase_remote(kind, owner, cloud_id, BATCH).await?;
            if rows == 0 {
                return Ok(Step::Done);
            }
            *erasure.erased.entry(kind.as_str().to_owned()).or_default() += rows;
            if !tx.note_job(job.id, holder(job), &erasure.to_payload()).await? {
                return Ok(Step::Lost);
            }
            tx.commit().await?;
        }
    }

    /// Says in the trail what was erased, and takes the job out of the queue, both or neither.
    async fn conclude(
        &self,
        erasure: &Erasure,
        connection: &Connection,
        job: &Job,
    ) -> Result<Step, StoreError> {
        let mut tx = self.syncs.store.begin_write(Durability::Full).await?;
        if !tx.finish_job(job.id, holder(job)).await? {
            return Ok(Step::Lost);
        }
        let rows = erasure.erased.values().sum();
        let audit = Audit::new(&*self.syncs.entropy, self.syncs.clock.now(), Actor::System);
        let event = AuditEvent::DataErased { rows, of: erasure.erased.clone() };
        tx.record_audit(&audit.record(event).of(connection.id, connection.user_id)).await?;
        tx.commit().await?;
        tracing::info!(connection.id = %connection.id, rows, "erased what was mirrored");
        self.syncs.connections.clean_log().await;
        Ok(Step::Done)
    }
}

fn holder(job: &Job) -> &str {
    job.lease_owner.as_deref().unwrap_or_default()
}

/// Whether syncs of `feeder` write rows of this stream.
fn feeds(feeder: &Feeder, stream: Stream) -> bool {
    let chosen = |stream: &Stream| {
        feeder.chosen_streams.as_ref().is_none_or(|chosen| chosen.contains(stream.as_str()))
    };
    let read = Stream::ALL.into_iter().filter(chosen).filter(|one| one.missing(&feeder.scopes).is_empty());
    with_containers(read.collect()).contains(&stream)
}

impl Syncs {
    /// What runs the jobs that erase the mirrored rows of connections that were ended.
    pub fn erase_handler(&self) -> Arc<dyn Handler> {
        Arc::new(EraseHandler { syncs: self.clone() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_feeds_what_it_reads_and_what_that_hangs_on() {
        let feeder = |streams: Option<&[&str]>, scopes: &str| Feeder {
            scopes: scopes.parse().unwrap(),
            chosen_streams: streams.map(|streams| streams.iter().map(|name| (*name).to_owned()).collect()),
        };
        let all = feeder(None, "read:jira-work read:jira-user");
        assert!(feeds(&all, Stream::JiraUsers) && !feeds(&all, Stream::ConfluencePages));
        let issues = feeder(Some(&["jira_issues"]), "read:jira-work");
        assert!(feeds(&issues, Stream::JiraIssues) && feeds(&issues, Stream::JiraProjects));
        assert!(!feeds(&issues, Stream::JiraComments));
        let lacking = feeder(Some(&["jira_issues"]), "read:me");
        assert!(!feeds(&lacking, Stream::JiraProjects));
    }
}
