//! What hangs on issues: comments and worklogs, which an issue carries itself as long as they are few, and its history.

use std::sync::Arc;

use connector_atlassian::BadRecord;
use connector_atlassian::jira::{Comment, Issue, Worklog};
use connector_store::MirrorKind;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::{all, unless_gone};
use crate::Stream;
use crate::rows::{self, CompleteList, Rows};
use crate::run::{RunError, SiteContext};

type Bad = Vec<(Stream, BadRecord)>;

pub(super) async fn add_comments(
    site: &Arc<SiteContext>,
    issues: &[Issue],
    rows: &mut Rows,
    bad: &mut Bad,
) -> Result<(), RunError> {
    for issue in issues {
        let (comments, is_whole): (Vec<Comment>, _) = match embedded(issue, "comment") {
            Some(comments) => (comments, true),
            None => {
                let list = site.jira().comments(&issue.id);
                let read = all(site, &list, Stream::JiraComments, bad).await;
                let Some(read) = unless_gone(read, &issue.id)? else { continue };
                read
            }
        };
        let found: Vec<_> = comments.iter().map(|comment| rows::comment(comment, &issue.id)).collect();
        if is_whole {
            let ids = found.iter().map(|row| row.remote_id.clone()).collect();
            rows.complete.push(CompleteList { kind: MirrorKind::JiraComments, of: issue.id.clone(), ids });
        }
        rows.comments.extend(found);
    }
    Ok(())
}

pub(super) async fn add_worklogs(
    site: &Arc<SiteContext>,
    issues: &[Issue],
    rows: &mut Rows,
    bad: &mut Bad,
) -> Result<(), RunError> {
    for issue in issues {
        let (worklogs, is_whole): (Vec<Worklog>, _) = match embedded(issue, "worklog") {
            Some(worklogs) => (worklogs, true),
            None => {
                let list = site.jira().worklogs(&issue.id);
                let read = all(site, &list, Stream::JiraWorklogs, bad).await;
                let Some(read) = unless_gone(read, &issue.id)? else { continue };
                read
            }
        };
        let found: Vec<_> = worklogs.iter().map(|worklog| rows::worklog(worklog, &issue.id)).collect();
        if is_whole {
            let ids = found.iter().map(|row| row.remote_id.clone()).collect();
            rows.complete.push(CompleteList { kind: MirrorKind::JiraWorklogs, of: issue.id.clone(), ids });
        }
        rows.worklogs.extend(found);
    }
    Ok(())
}

/// The histories of these issues. History is never deleted, so nothing is compared.
pub(super) async fn add_changelogs(
    site: &Arc<SiteContext>,
    ids: Vec<String>,
    rows: &mut Rows,
    bad: &mut Bad,
) -> Result<(), RunError> {
    if ids.is_empty() {
        return Ok(());
    }
    let list = site.jira().changelogs(ids, Vec::new());
    let (histories, _) = all(site, &list, Stream::JiraChangelogs, bad).await?;
    for history in histories {
        rows.changelogs
            .extend(history.changes.iter().map(|change| rows::changelog(change, &history.issue_id)));
    }
    Ok(())
}

/// What an issue carries of a list that belongs to it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Carried<T> {
    #[serde(alias = "comments", alias = "worklogs")]
    items: Vec<T>,
    total: u64,
    #[serde(default)]
    start_at: u64,
}

/// What the issue itself carries, where that is all there is; `None` where it is only the beginning, or cannot be read.
fn embedded<T: DeserializeOwned>(issue: &Issue, field: &str) -> Option<Vec<T>> {
    let carried: Carried<T> = issue.fields.all.read(field)?;
    (carried.start_at == 0 && carried.total == carried.items.len() as u64).then_some(carried.items)
}
