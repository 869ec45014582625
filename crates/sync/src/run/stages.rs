use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use connector_atlassian::Priority;
use connector_domain::{Connection, StreamProgress, SyncMode, SyncRun, SyncStatus};
use connector_store::{Job, StoreError};
use tokio_util::sync::CancellationToken;

use super::plan::{self, advance};
use super::progress::{note_error, note_notice, note_skipped, stream_of};
use super::side_by_side::SideBySide;
use super::{FIRST_WAIT, Fate, Progress, RunError, SiteContext, Task, Window, totals};
use crate::census::CensusTask;
use crate::{Reading, SiteCheck, Stream, Syncs, scope_check};

/// A run under way.
pub(crate) struct Run<'a> {
    syncs: &'a Syncs,
    connection: Connection,
    mode: SyncMode,
    streams: Vec<Stream>,
    /// Whether it goes on after a wait.
    has_waited: bool,
    pub(crate) progress: Arc<Progress>,
}

/// A site, and what to read of it.
type Context = (Arc<SiteContext>, Vec<Stream>);

/// What the windows of a run have left undone.
#[derive(Debug, Default)]
pub(crate) struct Leftovers {
    /// Streams of which something failed, or waits.
    streams: BTreeSet<Stream>,
    /// What failed for good.
    failed: Vec<String>,
    /// What passes by itself: the reason, and what it asks for.
    pub(crate) waits: Option<(String, Fate)>,
}

impl<'a> Run<'a> {
    pub(crate) async fn begin(syncs: &'a Syncs, mut row: SyncRun, job: Job) -> Result<Self, StoreError> {
        let connection = syncs.store.find_connection(row.connection_id).await?;
        // The run goes away with its connection.
        let connection = connection.ok_or_else(|| StoreError::Corrupt {
            table: "sync_runs",
            row: row.id.to_string(),
            what: "belongs to no connection".to_owned(),
        })?;
        row.status = SyncStatus::Running;
        row.started_at.get_or_insert(syncs.clock.now());
        row.attempt = job.attempt;
        let has_waited = row.waiting.take().is_some();
        row.error = None;
        // What was counted was written: a run that goes on counts on.
        for stream in &mut row.streams {
            (stream.error, stream.skipped, stream.notice) = (None, None, None);
        }
        syncs.store.update_sync_run(&row).await?;
        syncs.announce(row.id);
        tracing::info!(sync.id = %row.id, connection.id = %row.connection_id, attempt = row.attempt, "sync started");
        let streams = row.streams.iter().filter_map(|stream| stream.name.parse().ok()).collect();
        let mode = row.mode;
        Ok(Self {
            syncs,
            connection,
            mode,
            streams,
            has_waited,
            progress: Arc::new(Progress::new(syncs.clone(), job, row)),
        })
    }

    /// Reads all streams of all sites.
    ///
    /// # Errors
    /// What ends the whole run. What only a part of it suffered from is in the leftovers.
    pub(crate) async fn read(&self, stop: &CancellationToken) -> Result<Leftovers, RunError> {
        let sites = self.syncs.connections.refresh_sites(self.connection.id).await?;
        if sites.is_empty() {
            return Err(RunError::NoSites);
        }
        let check = scope_check(&self.connection, &sites, &self.streams);
        if check.sites.is_empty() {
            return Err(RunError::NoChosenSite);
        }
        let mut contexts = Vec::new();
        for check in check.sites {
            let streams = self.streams_of(&check).await?;
            let (id, owner) = (self.connection.id, self.connection.user_id);
            let priority = self.priority();
            let context = SiteContext::new(self.syncs, id, owner, check.site, priority).await?;
            contexts.push((Arc::new(context.with_others(priority).await?), streams));
        }
        self.progress.count_points(contexts.iter().map(|(site, _)| site.points()).collect());
        let mut leftovers = self.missing_scopes().await?;
        if self.mode == SyncMode::Census {
            self.read_changes_meanwhile(&contexts, stop, &mut leftovers).await?;
        } else {
            self.read_lists(&contexts, stop, &mut leftovers).await?;
            let mut windows = Vec::new();
            for (site, streams) in &contexts {
                let of_site = plan::second_stage(site, streams, self.mode).await?;
                self.expect_issues(site, &of_site).await?;
                windows.extend(of_site);
            }
            self.read_all(windows.into_iter().map(Task::Window).collect(), stop, &mut leftovers).await?;
        }
        // What is written after a comparison it does not hold for: where something waits, all of it does.
        if self.mode != SyncMode::Incremental && leftovers.waits.is_none() {
            let mut census = Vec::new();
            for (site, streams) in &contexts {
                census.extend(plan::census(site, streams, self.mode).await?);
            }
            // What goes with its issue or page is compared once that is known to be gone.
            let (below, above): (Vec<_>, Vec<_>) = census.into_iter().partition(CensusTask::is_of_parts);
            for census in [above, below] {
                if leftovers.waits.is_none() {
                    self.read_all(census.into_iter().map(Task::Census).collect(), stop, &mut leftovers)
                        .await?;
                }
            }
        }
        if self.mode == SyncMode::Census {
            // Behind the comparisons: what is in a project or a space that is new is for an incremental run to read.
            self.read_lists(&contexts, stop, &mut leftovers).await?;
        }
        if self.mode == SyncMode::Full {
            for (site, streams) in &contexts {
                let whole: Vec<_> =
                    streams.iter().copied().filter(|stream| !leftovers.streams.contains(stream)).collect();
                advance(site, &whole).await?;
            }
        }
        self.tell_set_aside(&contexts).await?;
        self.progress
            .note(|row| {
                for stream in &mut row.streams {
                    stream.done = stream.error.is_none()
                        && !leftovers.streams.iter().any(|left| left.as_str() == stream.name);
                }
            })
            .await?;
        Ok(leftovers)
    }

    /// Reads what has changed while a census had to wait. That of a large site waits for the points of many hours, and no
    /// other run of the connection begins before it ends.
    async fn read_changes_meanwhile(
        &self,
        contexts: &[Context],
        stop: &CancellationToken,
        leftovers: &mut Leftovers,
    ) -> Result<(), RunError> {
        if !self.has_waited {
            return Ok(());
        }
        let mut windows = Vec::new();
        for (census, streams) in contexts {
            let (priority, site) = (Priority::Incremental, census.site.clone());
            let site =
                SiteContext::new(self.syncs, census.connection_id, census.owner, site, priority).await?;
            let site = Arc::new(site.with_others(priority).await?);
            windows.extend(plan::changes_meanwhile(&site, streams).await?);
        }
        self.read_all(windows.into_iter().map(Task::Window).collect(), stop, leftovers).await
    }

    /// Notes what was set aside. It makes no run fail: it is tried again by each that meets it, and by every census.
    async fn tell_set_aside(&self, contexts: &[Context]) -> Result<(), RunError> {
        let mut notices = Vec::new();
        for (site, _) in contexts {
            for stream in Stream::ALL {
                let ids = site.set_aside(stream);
                if let Some(first) = ids.first() {
                    let (count, name) = (ids.len(), &site.site.name);
                    let notice = format!("{name}: cannot be read and set aside: {count}, such as {first}");
                    notices.push((stream, notice));
                }
            }
        }
        if notices.is_empty() {
            return Ok(());
        }
        self.progress
            .note(|row| notices.iter().for_each(|(stream, notice)| note_notice(row, *stream, notice)))
            .await
    }

    /// Notes about how many issues there are to read. A run that goes on knows it from its beginning.
    async fn expect_issues(&self, site: &SiteContext, windows: &[Window]) -> Result<(), RunError> {
        let row = self.progress.row().await;
        let began_before = row.attempt > 1
            && row
                .streams
                .iter()
                .any(|stream| stream.name == Stream::JiraIssues.as_str() && stream.total.is_some());
        if began_before {
            return Ok(());
        }
        let Some(count) = totals::issues_of(site, windows).await else { return Ok(()) };
        self.progress
            .note(|row| {
                if let Some(progress) = stream_of(row, Stream::JiraIssues) {
                    progress.total = Some(progress.total.unwrap_or(0) + count);
                }
            })
            .await
    }

    /// Reads the lists that are read whole: those that were read lately only where somebody has named what to read.
    async fn read_lists(
        &self,
        contexts: &[Context],
        stop: &CancellationToken,
        leftovers: &mut Leftovers,
    ) -> Result<(), RunError> {
        let wanted =
            Stream::ALL.iter().filter(|stream| self.connection.wants_stream(stream.as_str())).count();
        let mode = if self.streams.len() < wanted { SyncMode::Full } else { self.mode };
        let mut windows = Vec::new();
        for (site, streams) in contexts {
            windows.extend(plan::first_stage(site, streams, mode).await?);
        }
        self.read_all(windows.into_iter().map(Task::Window).collect(), stop, leftovers).await
    }

    fn priority(&self) -> Priority {
        match self.mode {
            SyncMode::Incremental => Priority::Incremental,
            SyncMode::Full => Priority::Backfill,
            SyncMode::Census => Priority::Census,
        }
    }

    /// The streams that the consent covers on a site. One that was meant to be read and is not covered is an error of
    /// this stream alone; another is left out, and says so.
    async fn streams_of(&self, check: &SiteCheck) -> Result<Vec<Stream>, RunError> {
        let mut covered = Vec::new();
        for (stream, reading) in &check.streams {
            let stream = *stream;
            let missing = |scopes: &[&'static str]| {
                let (scopes, site) = (scopes.to_vec(), check.site.name.clone());
                RunError::MissingScopes { stream, scopes, site }.to_string()
            };
            match reading {
                Reading::Covered => covered.push(stream),
                Reading::NoProduct => {}
                Reading::LeftOut(scopes) => {
                    self.progress.note(|row| note_skipped(row, stream, missing(scopes))).await?;
                }
                Reading::Refused(scopes) => {
                    self.progress.note(|row| note_error(row, stream, &missing(scopes))).await?;
                }
            }
        }
        Ok(covered)
    }

    async fn missing_scopes(&self) -> Result<Leftovers, RunError> {
        let row = self.progress.row().await;
        let mut failed: Vec<_> = row.streams.iter().filter_map(|stream| stream.error.clone()).collect();
        let skipped: Vec<_> = row.streams.iter().filter_map(|stream| stream.skipped.clone()).collect();
        if failed.is_empty() && !skipped.is_empty() && skipped.len() == row.streams.len() {
            failed = skipped;
        }
        Ok(Leftovers { failed, ..Leftovers::default() })
    }

    /// Does all tasks, some of each product side by side: Jira and Confluence limit calls apart from each other. One that
    /// fails does not stop the others.
    async fn read_all(
        &self,
        tasks: Vec<Task>,
        stop: &CancellationToken,
        leftovers: &mut Leftovers,
    ) -> Result<(), RunError> {
        let mut side_by_side = SideBySide::new(tasks, self.syncs.settings.windows_at_once);
        while let Some((task, result)) = side_by_side.next(&self.progress, stop).await {
            match result {
                Ok(None) => continue,
                Ok(Some(failure)) => leftovers.failed.extend(failure.told),
                Err(error) => match error.fate() {
                    fate @ (Fate::Passes(_) | Fate::Limited(_)) => {
                        tracing::warn!(window = task.name(), streams = ?task.streams(), %error, "a window waits");
                        leftovers.wait(error.to_string(), fate);
                    }
                    Fate::EndsRun | Fate::EndsWindow | Fate::Restarts => {
                        // What is still under way would write into a run that has ended, or has begun again.
                        side_by_side.stop().await;
                        return Err(error);
                    }
                },
            }
            leftovers.streams.extend(task.streams());
        }
        Ok(())
    }

    pub(crate) async fn log_end(&self) {
        let row = &self.progress.row().await;
        let sum = |count: fn(&StreamProgress) -> u64| row.streams.iter().map(count).sum::<u64>();
        let (fetched, written) = (sum(|stream| stream.fetched), sum(|stream| stream.written));
        let status = row.status.as_str();
        match (&row.error, &row.waiting) {
            (Some(error), _) => {
                tracing::error!(sync.id = %row.id, status, fetched, written, error, "sync ended");
            }
            (None, Some(waiting)) => {
                let (until, reason) = (waiting.until, &waiting.reason);
                tracing::warn!(sync.id = %row.id, fetched, written, %until, reason, "sync waits");
            }
            (None, None) if row.status.is_final() => {
                tracing::info!(sync.id = %row.id, status, fetched, written, "sync ended");
            }
            (None, None) => {
                tracing::info!(sync.id = %row.id, fetched, written, "sync interrupted; it will go on");
            }
        }
    }
}

impl Leftovers {
    /// Of several waits the longest counts: before it is over the run could not end.
    fn wait(&mut self, reason: String, fate: Fate) {
        let length = |fate: Fate| match fate {
            Fate::Limited(lasts) => lasts,
            Fate::Passes(asked) => asked.unwrap_or(FIRST_WAIT),
            _ => Duration::ZERO,
        };
        if self.waits.as_ref().is_none_or(|(_, before)| length(*before) < length(fate)) {
            self.waits = Some((reason, fate));
        }
    }

    /// What failed for good, as an error of the whole run; the first few are named.
    pub(crate) fn failure(&self) -> Option<RunError> {
        const NAMED: usize = 3;
        let (first, rest) = self.failed.split_at(self.failed.len().min(NAMED));
        let more = if rest.is_empty() { String::new() } else { format!("; and {} more", rest.len()) };
        (!first.is_empty()).then(|| RunError::Incomplete(format!("{}{more}", first.join("; "))))
    }
}
