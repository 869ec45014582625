use std::io::IsTerminal as _;
use std::time::Duration;

use anyhow::{Context as _, bail};
use connector_domain::{
    Clock as _, StreamProgress, SyncMode, SyncRun, SyncRunId, SyncStatus, SystemClock, Timestamp,
};
use connector_store::StoreError;
use connector_sync::Stream;
use indicatif::{HumanDuration, MultiProgress, ProgressBar, ProgressStyle};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::find_user::find_user;
use super::print;
use super::serve::stop_signal;
use crate::config::Config;
use crate::service::Service;
use crate::telemetry;

const LOOK_EVERY: Duration = Duration::from_millis(200);

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Whose connection to sync, by id or e-mail address [default: the first user's]
    #[arg(long, value_name = "ID_OR_EMAIL")]
    user: Option<String>,
    /// Read everything anew, and take a census after it
    #[arg(long)]
    full: bool,
    /// Compare ids only: what is not there any more, and whether the copy is complete
    #[arg(long, conflicts_with = "full")]
    census: bool,
    /// Only this stream; may be repeated [`jira_projects`, `jira_issues`, `confluence_pages`, …]
    #[arg(long = "stream", value_name = "NAME")]
    streams: Vec<Stream>,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let config = Config::load(None)?;
    telemetry::init(config.log_level, config.log_format);
    let service = Service::open(&config).await?;
    let owner = find_user(&service.store, arguments.user.as_deref()).await?;
    let connection = service.connections.current(owner).await?;
    let connection =
        connection.with_context(|| format!("user {owner} has connected no Atlassian account yet"))?;
    let mode = match (arguments.full, arguments.census) {
        (true, _) => SyncMode::Full,
        (_, true) => SyncMode::Census,
        _ => SyncMode::Incremental,
    };

    let stop = stop_signal();
    let lock = match service.take_over().await {
        Ok(lock) => Some(lock),
        // A service runs on this database: it finds the job there, and we follow.
        Err(StoreError::Locked(_)) => None,
        Err(error) => return Err(error.into()),
    };
    if lock.is_some() {
        service.recover().await;
    }
    let run = service.syncs.request(connection.id, mode, &arguments.streams).await?;
    let worker = lock.is_some().then(|| tokio::spawn(service.run_jobs(stop.clone())));
    let run = follow(&service, run.id, &stop).await;
    stop.cancel();
    if let Some(worker) = worker {
        worker.await?;
    }
    service.close().await?;
    report(&run?, arguments.json)
}

async fn follow(service: &Service, id: SyncRunId, stop: &CancellationToken) -> anyhow::Result<SyncRun> {
    let mut changes = service.syncs.watch();
    let mut progress = Progress::new();
    loop {
        let run = service.store.find_sync_run(id).await?.context("the sync run is gone")?;
        progress.show(&run, SystemClock.now());
        if run.status.is_final() {
            progress.finish();
            return Ok(run);
        }
        if stop.is_cancelled() {
            bail!(
                "interrupted; the run goes on when the service is started, or with the next `connector sync`"
            );
        }
        tokio::select! {
            () = stop.cancelled() => {}
            _ = changes.recv() => {}
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
    }
}

/// A bar per stream on a terminal, else a line for each change.
struct Progress {
    bars: Option<MultiProgress>,
    streams: Vec<(ProgressBar, String)>,
    waiting: Option<String>,
}

impl Progress {
    fn new() -> Self {
        let bars = std::io::stderr().is_terminal().then(MultiProgress::new);
        Self { bars, streams: Vec::new(), waiting: None }
    }

    fn show(&mut self, run: &SyncRun, now: Timestamp) {
        let waiting = run
            .waiting
            .as_ref()
            .map(|waiting| format!("waiting until {}: {}", waiting.until, waiting.reason));
        if waiting != self.waiting {
            if let Some(waiting) = &waiting {
                self.line(waiting);
            }
            self.waiting = waiting;
        }
        for (i, stream) in run.streams.iter().enumerate() {
            if self.streams.len() <= i {
                let bar =
                    self.bars.as_ref().map_or_else(ProgressBar::hidden, |bars| bars.add(bar(&stream.name)));
                self.streams.push((bar, String::new()));
            }
            let text = line(stream, now);
            let (bar, shown) = &mut self.streams[i];
            if let Some(total) = stream.total {
                bar.set_length(total.max(stream.fetched));
                bar.set_style(style(WITH_LENGTH));
            }
            bar.set_position(stream.fetched);
            bar.set_message(pace(stream, now));
            if stream.done && !bar.is_finished() {
                bar.finish();
            }
            if *shown != text && stream.fetched > 0 {
                shown.clone_from(&text);
                if self.bars.is_none() {
                    eprintln!("{text}");
                }
            }
        }
    }

    fn line(&self, text: &str) {
        match &self.bars {
            Some(bars) => {
                let _ = bars.println(text);
            }
            None => eprintln!("{text}"),
        }
    }

    fn finish(&self) {
        for (bar, _) in &self.streams {
            if !bar.is_finished() {
                bar.abandon();
            }
        }
    }
}

const WITHOUT_LENGTH: &str = "{prefix:22} {spinner} {human_pos} read {msg}";
const WITH_LENGTH: &str = "{prefix:22} {wide_bar} {human_pos}/{human_len} {msg}";

fn bar(name: &str) -> ProgressBar {
    ProgressBar::no_length().with_style(style(WITHOUT_LENGTH)).with_prefix(name.to_owned())
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

/// What stands behind a bar: how fast, and how long still.
fn pace(stream: &StreamProgress, now: Timestamp) -> String {
    let rate = stream.rate.map(|rate| format!("{rate}/min"));
    let left = stream.ends_at.map(|end| format!("{} left", HumanDuration(end.since(now))));
    let written = Some(format!("{} written", stream.written));
    [written, rate, left].into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// The same as a line of a log.
fn line(stream: &StreamProgress, now: Timestamp) -> String {
    let of = stream.total.map(|total| format!(" of {total}")).unwrap_or_default();
    format!("{}: {}{of} read, {}", stream.name, stream.fetched, pace(stream, now))
}

fn report(run: &SyncRun, as_json: bool) -> anyhow::Result<()> {
    if as_json {
        let result = json!({
            "id": run.id, "connection_id": run.connection_id, "status": run.status, "streams": run.streams,
            "started_at": run.started_at, "finished_at": run.finished_at, "error": run.error,
        });
        print(&result.to_string());
    }
    if run.status != SyncStatus::Succeeded {
        bail!("the sync {}: {}", run.status.as_str(), run.error.as_deref().unwrap_or("see the log"));
    }
    if !as_json {
        let read: u64 = run.streams.iter().map(|stream| stream.fetched).sum();
        let written: u64 = run.streams.iter().map(|stream| stream.written).sum();
        print(&format!("synced: {read} records read, {written} rows written"));
    }
    Ok(())
}
