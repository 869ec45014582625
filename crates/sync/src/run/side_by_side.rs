//! The tasks of a stage, some at a time, each as a task of the runtime: what one reads is taken apart on another
//! processor than what the next one reads, and a task whose answer has come does not wait for the others.

use std::collections::VecDeque;
use std::sync::Arc;

use connector_domain::Product;
use tokio::task::{JoinError, JoinSet};
use tokio_util::sync::CancellationToken;

use super::progress::{note_error, stream_of};
use super::{Fate, Progress, RunError, Task};
use crate::Stream;

/// Why there are no people of a site.
const NO_PEOPLE: &str = "Jira does not let this account list people: it needs the global permission \
    \u{201c}Browse users and groups\u{201d}, which an administrator of the site gives";

/// A window that did not come to its end.
pub(super) struct Failure {
    /// What the run says of it; nothing where the census will.
    pub(super) told: Option<String>,
}

type Ended = (Task, Result<Option<Failure>, RunError>);

pub(super) struct SideBySide {
    lanes: [Lane; 2],
    /// Of each product.
    at_once: usize,
    running: JoinSet<(usize, Ended)>,
}

/// The tasks of a product.
#[derive(Default)]
struct Lane {
    waiting: VecDeque<Task>,
    running: usize,
}

impl SideBySide {
    pub(super) fn new(tasks: Vec<Task>, at_once: usize) -> Self {
        let mut lanes = [Lane::default(), Lane::default()];
        for task in tasks {
            let is_jira = task.streams().first().is_none_or(|stream| stream.product() == Product::Jira);
            lanes[usize::from(!is_jira)].waiting.push_back(task);
        }
        Self { lanes, at_once: at_once.max(1), running: JoinSet::new() }
    }

    /// Begins as many tasks as may be under way, and waits for the end of one; `None` where all have ended.
    pub(super) async fn next(&mut self, progress: &Arc<Progress>, stop: &CancellationToken) -> Option<Ended> {
        for (number, lane) in self.lanes.iter_mut().enumerate() {
            while lane.running < self.at_once
                && let Some(task) = lane.waiting.pop_front()
            {
                lane.running += 1;
                let (progress, stop) = (Arc::clone(progress), stop.clone());
                self.running.spawn(async move {
                    let result = read(&task, &progress, &stop).await;
                    (number, (task, result))
                });
            }
        }
        match self.running.join_next().await? {
            Ok((number, ended)) => {
                self.lanes[number].running -= 1;
                Some(ended)
            }
            Err(error) => {
                self.stop().await;
                resume(error)
            }
        }
    }

    /// Ends what is under way, and waits until it has ended.
    pub(super) async fn stop(&mut self) {
        self.running.shutdown().await;
    }
}

/// A panic in a task is one of the run. Nothing else ends a task from outside while somebody waits for it.
fn resume(error: JoinError) -> ! {
    match error.try_into_panic() {
        Ok(panic) => std::panic::resume_unwind(panic),
        Err(error) => panic!("a task of a run was cancelled: {error}"),
    }
}

async fn read(
    task: &Task,
    progress: &Progress,
    stop: &CancellationToken,
) -> Result<Option<Failure>, RunError> {
    match task.read(progress, stop).await {
        Err(error) if matches!(error.fate(), Fate::EndsWindow | Fate::Restarts) => {
            note_failure(progress, task, &error).await.map(Some)
        }
        result => result.map(|()| None),
    }
}

async fn note_failure(progress: &Progress, task: &Task, error: &RunError) -> Result<Failure, RunError> {
    let (name, streams) = (task.name(), task.streams());
    if error.is_not_visible() && task.is_of_container() {
        // Gone, or not for this account any more, since the list was read. The census says which.
        tracing::warn!(window = name, %error, "a project or a space is not visible");
        return Ok(Failure { told: None });
    }
    if error.is_not_visible() && streams == [Stream::JiraUsers] {
        // Everything else tells of the people in it, without this permission too.
        tracing::warn!(window = name, %error, "the account may not list people");
        progress
            .note(|row| {
                if let Some(progress) = stream_of(row, Stream::JiraUsers) {
                    progress.skipped = Some(NO_PEOPLE.to_owned());
                }
            })
            .await?;
        return Ok(Failure { told: None });
    }
    tracing::error!(window = name, ?streams, %error, "a window failed; the others go on");
    let told = format!("{name}: {error}");
    progress
        .note(|row| {
            for stream in streams {
                note_error(row, *stream, &told);
            }
        })
        .await?;
    Ok(Failure { told: Some(told) })
}
