use std::io::IsTerminal as _;
use std::time::Duration;

use anyhow::{Context as _, bail};
use connector_connections::RotationError;
use connector_domain::{Actor, RotationId};
use connector_store::{KeyRotation, RotationStatus, StoreError};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::print;
use super::serve::stop_signal;
use crate::config::Config;
use crate::service::Service;
use crate::telemetry;

const LOOK_EVERY: Duration = Duration::from_millis(200);

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

/// Seals everything anew with the first key. A service that runs on a SQLite file does it itself and is followed.
pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let config = Config::load(None)?;
    telemetry::init(config.log_level, config.log_format);
    let service = Service::open(&config).await?;
    let stop = stop_signal();
    let rotation = service.connections.new_rotation().await?;
    let outcome = match service.store.service_lock() {
        Ok(_lock) => {
            service.connections.take_up_spool().await;
            here(&service, rotation, &stop).await
        }
        Err(StoreError::Locked(_)) => {
            let id = service.connections.queue_rotation(&service.jobs, &rotation).await?;
            follow(&service, id, &stop).await
        }
        Err(error) => Err(error.into()),
    };
    let left = service.connections.rows_under_other_keys().await;
    service.store.close().await?;
    report(&outcome?, left?, arguments.json)
}

/// Rotates in this process, and shows how far it is.
async fn here(
    service: &Service,
    rotation: KeyRotation,
    stop: &CancellationToken,
) -> anyhow::Result<KeyRotation> {
    let connections = &service.connections;
    connections.store_rotation(&rotation).await?;
    let id = rotation.id;
    let work = connections.rotate_keys(rotation, Actor::Operator, stop);
    let watch = CancellationToken::new();
    let shown = show_until(service, id, &watch);
    let (outcome, ()) = tokio::join!(
        async {
            let outcome = work.await;
            watch.cancel();
            outcome
        },
        shown
    );
    match outcome {
        Ok(rotation) => Ok(rotation),
        Err(error @ RotationError::Stopped) => bail!("{error}"),
        Err(error) => {
            connections.fail_rotation(id, &error).await?;
            Err(error.into())
        }
    }
}

async fn show_until(service: &Service, id: RotationId, end: &CancellationToken) {
    let mut progress = Progress::new();
    loop {
        if let Ok(Some(rotation)) = service.store.find_key_rotation(id).await {
            progress.show(&rotation);
        }
        tokio::select! {
            () = end.cancelled() => return progress.finish(),
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
    }
}

/// Follows a rotation that the service does. Where the service goes away, this process does the rest.
async fn follow(service: &Service, id: RotationId, stop: &CancellationToken) -> anyhow::Result<KeyRotation> {
    let mut progress = Progress::new();
    loop {
        let rotation = service.store.find_key_rotation(id).await?.context("the rotation is gone")?;
        progress.show(&rotation);
        match rotation.status {
            RotationStatus::Succeeded => {
                progress.finish();
                return Ok(rotation);
            }
            RotationStatus::Failed => {
                progress.finish();
                bail!("{}", rotation.error.unwrap_or_default());
            }
            RotationStatus::Queued | RotationStatus::Running => {}
        }
        if stop.is_cancelled() {
            bail!("interrupted; the service goes on with it");
        }
        if let Ok(_lock) = service.store.service_lock() {
            // The job stays in the queue. The next service finds its rotation done.
            return Ok(service.connections.rotate_keys(rotation, Actor::Operator, stop).await?);
        }
        tokio::select! {
            () = stop.cancelled() => {}
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
    }
}

/// A bar on a terminal, else a line for each change.
struct Progress {
    bar: Option<ProgressBar>,
    shown: Option<(u64, u64)>,
}

impl Progress {
    fn new() -> Self {
        let style = ProgressStyle::with_template("{wide_bar} {pos}/{len} sealed anew {per_sec}")
            .unwrap_or_else(|_| ProgressStyle::default_bar());
        let bar = std::io::stderr().is_terminal().then(|| ProgressBar::new(0).with_style(style));
        Self { bar, shown: None }
    }

    fn show(&mut self, rotation: &KeyRotation) {
        let now = (rotation.rows_done, rotation.rows_total);
        if self.shown.replace(now) == Some(now) {
            return;
        }
        match &self.bar {
            Some(bar) => {
                bar.set_length(rotation.rows_total);
                bar.set_position(rotation.rows_done);
            }
            None => eprintln!("{} of {} sealed anew", rotation.rows_done, rotation.rows_total),
        }
    }

    fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.abandon();
        }
    }
}

fn report(rotation: &KeyRotation, left: u64, as_json: bool) -> anyhow::Result<()> {
    if as_json {
        let result = json!({
            "id": rotation.id, "key_id": rotation.key_id, "status": rotation.status.as_str(),
            "rows": rotation.rows_done, "rows_under_other_keys": left, "started_at": rotation.created_at,
            "finished_at": rotation.finished_at,
        });
        print(&result.to_string());
    } else {
        print(&format!(
            "everything is sealed with the key {}: {} values sealed anew, {left} under other keys",
            rotation.key_id, rotation.rows_done
        ));
    }
    if left > 0 {
        bail!(
            "{left} values were sealed with another key meanwhile: put the new key first in every process, restart them, \
             and rotate again"
        );
    }
    Ok(())
}
