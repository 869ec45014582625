use std::fmt::{Display, Write as _};

use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use connector_domain::{ConnectionStatus, SyncMode, SyncStatus, Timestamp};
use connector_store::{Figures, ProofState};
use connector_sync::Stream;

use crate::App;
use crate::http::access::{Access, Observe};
use crate::http::metrics;
use crate::http::problem::{Problem, Problems};

const FORMAT: &str = "text/plain; version=0.0.4; charset=utf-8";
/// What can be paused, from the narrowest.
const PAUSES: [&str; 3] = ["call", "site", "app"];

/// Figures for Prometheus: requests, token exchanges, connections, syncs, completeness, jobs, limits of Atlassian.
///
/// No figure names a person, a site or a connection. What begins with `connector_http`, `connector_token`,
/// `connector_sync_rows` and `connector_sync_runs_ended` is counted since this process began; all else is as the
/// database has it, the same from every process.
#[utoipa::path(get, path = "/metrics", tag = "Health", responses(
    (status = 200, description = "The figures, in Prometheus' text format.", body = String, content_type = "text/plain"),
    Problems,
))]
pub(crate) async fn show_metrics(
    State(app): State<App>,
    _: Access<Observe>,
) -> Result<impl IntoResponse, Problem> {
    let (now, mut text) = (app.now(), String::new());
    tell(&mut text, &app.store().figures(now).await?, now);
    if let Some(counted) = metrics::install() {
        text.push_str(&counted.render());
    }
    Ok(([(header::CONTENT_TYPE, FORMAT)], text))
}

fn tell(text: &mut String, figures: &Figures, now: Timestamp) {
    gauge(text, "connector_connections", "Connections, which are grants of people, by status.", |lines| {
        for status in ConnectionStatus::ALL {
            let known = figures.connections.iter().find(|(name, _)| name == status.as_str());
            lines.line(&[("status", status.as_str())], known.map_or(0, |(_, count)| *count));
        }
    });
    gauge(text, "connector_sync_runs", "Sync runs that are kept, by mode and status.", |lines| {
        for (mode, status) in
            SyncMode::ALL.iter().flat_map(|mode| SyncStatus::ALL.map(|status| (mode, status)))
        {
            let of = |(of_mode, of_status, _): &&(String, String, u64)| {
                of_mode == mode.as_str() && of_status == status.as_str()
            };
            let count = figures.sync_runs.iter().find(of).map_or(0, |(.., count)| *count);
            lines.line(&[("mode", mode.as_str()), ("status", status.as_str())], count);
        }
    });
    jobs(text, figures, now);
    completeness(text, figures);
    limits(text, figures, now);
}

fn jobs(text: &mut String, figures: &Figures, now: Timestamp) {
    let jobs = figures.jobs;
    gauge(text, "connector_jobs", "Jobs: due and waiting for a worker, running, not due yet.", |lines| {
        for (state, count) in [("queued", jobs.queued), ("running", jobs.running), ("delayed", jobs.delayed)]
        {
            lines.line(&[("state", state)], count);
        }
    });
    let help = "How long the job that has been due longest waits for a worker.";
    gauge(text, "connector_jobs_oldest_due_seconds", help, |lines| {
        lines.line(&[], jobs.oldest_due.map_or(0.0, |due| now.since(due).as_secs_f64()));
    });
}

fn completeness(text: &mut String, figures: &Figures) {
    let each = || Stream::ALL.into_iter().flat_map(|stream| ProofState::ALL.map(|state| (stream, state)));
    let of = |stream: Stream, state: ProofState| {
        let is_it = move |stream_name: &str, state_name: &str| {
            stream_name == stream.as_str() && state_name == state.as_str()
        };
        figures.proofs.iter().find(move |proof| is_it(&proof.stream, &proof.state))
    };
    let help = "Lists that were compared with Atlassian's, by stream and result.";
    gauge(text, "connector_completeness_lists", help, |lines| {
        for (stream, state) in each() {
            let count = of(stream, state).map_or(0, |proof| proof.lists);
            lines.line(&[("stream", stream.as_str()), ("state", state.as_str())], count);
        }
    });
    let help = "By how many things the lists of Atlassian and the mirror differed when compared last.";
    gauge(text, "connector_completeness_difference", help, |lines| {
        for stream in Stream::ALL {
            let proofs = figures.proofs.iter().filter(|proof| proof.stream == stream.as_str());
            lines.line(&[("stream", stream.as_str())], proofs.map(|proof| proof.different).sum::<u64>());
        }
    });
    let help = "When the list that was found equal longest ago was found so; 0 where one never was.";
    gauge(text, "connector_completeness_oldest_equal_timestamp_seconds", help, |lines| {
        for stream in Stream::ALL {
            let proofs = figures.proofs.iter().filter(|proof| proof.stream == stream.as_str());
            let times = proofs.map(|proof| proof.oldest_equal.map_or(0, Timestamp::as_millis));
            if let Some(oldest) = times.min() {
                lines.line(&[("stream", stream.as_str())], oldest / 1000);
            }
        }
    });
}

fn limits(text: &mut String, figures: &Figures, now: Timestamp) {
    let of = |kind: &str| figures.pauses.iter().find(|pause| pause.kind == kind);
    let help = "Pauses that Atlassian asked for: of a kind of call, of a site, of the app.";
    gauge(text, "connector_scheduler_pauses", help, |lines| {
        for kind in PAUSES {
            lines.line(&[("scope", kind)], of(kind).map_or(0, |pause| pause.count));
        }
    });
    let help = "How long the longest of these pauses lasts still.";
    gauge(text, "connector_scheduler_pause_seconds", help, |lines| {
        for kind in PAUSES {
            let left = of(kind).map_or(0.0, |pause| pause.until.since(now).as_secs_f64());
            lines.line(&[("scope", kind)], left);
        }
    });
    gauge(text, "connector_points_used", "Points spent in this hour (UTC), over all sites.", |lines| {
        lines.line(&[], figures.points_used);
    });
    if let Some(budget) = figures.points_budget {
        gauge(
            text,
            "connector_points_budget",
            "Points an hour that Atlassian has said it allows.",
            |lines| {
                lines.line(&[], budget);
            },
        );
    }
}

struct Lines<'a> {
    text: &'a mut String,
    name: &'static str,
}

fn gauge(text: &mut String, name: &'static str, help: &str, lines: impl FnOnce(&mut Lines<'_>)) {
    let _ = write!(text, "# HELP {name} {help}\n# TYPE {name} gauge\n");
    lines(&mut Lines { text, name });
    text.push('\n');
}

impl Lines<'_> {
    /// Labels are names that the program has given: there is nothing in them to escape.
    fn line(&mut self, labels: &[(&str, &str)], value: impl Display) {
        let labels: Vec<_> = labels.iter().map(|(name, value)| format!("{name}=\"{value}\"")).collect();
        let labels = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
        let _ = writeln!(self.text, "{}{labels} {value}", self.name);
    }
}
