//! What is counted while the process runs, and how it is written for Prometheus.
//!
//! Labels are routes, statuses and names of streams: never an id of a person, a site or a connection.

use std::sync::OnceLock;
use std::time::Duration;

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tokio_util::sync::CancellationToken;

const REQUESTS: &str = "connector_http_requests_total";
const SECONDS: &str = "connector_http_request_duration_seconds";
/// In seconds: from what comes out of the cache to what asks Atlassian.
const BUCKETS: [f64; 12] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];
/// What was measured since is put into its buckets so often, whether somebody asks for it or not.
const TIDY_EVERY: Duration = Duration::from_secs(30);
/// Others are counted together: a caller may send any word.
const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/// The one recorder of the process. `None` where another part of the program has put its own in place.
static RECORDER: OnceLock<Option<PrometheusHandle>> = OnceLock::new();

/// Counts from now on.
pub(crate) fn install() -> Option<&'static PrometheusHandle> {
    RECORDER.get_or_init(recorder).as_ref()
}

fn recorder() -> Option<PrometheusHandle> {
    let builder =
        PrometheusBuilder::new().set_buckets_for_metric(Matcher::Full(SECONDS.to_owned()), &BUCKETS).ok()?;
    let recorder = builder.build_recorder();
    let handle = recorder.handle();
    metrics::set_global_recorder(recorder).ok()?;
    describe();
    Some(handle)
}

fn describe() {
    metrics::describe_counter!(REQUESTS, "Requests answered, by method, route and status.");
    metrics::describe_histogram!(SECONDS, metrics::Unit::Seconds, "Time until the head of an answer.");
    metrics::describe_counter!(
        "connector_token_exchanges_total",
        "Requests to Atlassian's token endpoint, by grant type and outcome."
    );
    metrics::describe_counter!(
        "connector_sync_rows_total",
        "Records read and rows changed by syncs, by stream."
    );
    metrics::describe_counter!(
        "connector_sync_runs_ended_total",
        "Sync runs that ended, by mode and status."
    );
}

/// Counts an answer.
pub(crate) fn answered(method: &str, route: &str, status: u16, took: Duration) {
    let method = METHODS.into_iter().find(|known| *known == method).unwrap_or("other");
    let (route, status) = (route.to_owned(), status.to_string());
    metrics::counter!(REQUESTS, "method" => method, "route" => route.clone(), "status" => status)
        .increment(1);
    metrics::histogram!(SECONDS, "method" => method, "route" => route).record(took.as_secs_f64());
}

/// Keeps what is measured small, until `stop`.
pub async fn keep_metrics(stop: CancellationToken) {
    let Some(handle) = install() else { return };
    let mut ticks = tokio::time::interval(TIDY_EVERY);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = ticks.tick() => handle.run_upkeep(),
        }
    }
}
