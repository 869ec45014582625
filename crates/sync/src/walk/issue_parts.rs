//! What hangs on issues: comments and worklogs, which an issue carries itself as long as they are few, and its history.

use std::collections::HashMap;
use std::sync::Arc;

use connector_atlassian::BadRecord;
use connector_atlassian::jira::{Comment, Issue, Worklog};
use connector_store::MirrorKind;
use futures::{FutureExt as _, StreamExt as _, TryStreamExt as _, stream};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::{all, unless_gone};
use crate::Stream;
use crate::rows::{self, CompleteList, Rows};
use crate::run::{RunError, SiteContext};

type Bad = Vec<(Stream, BadRecord)>;

/// So many lists of issues that do not carry theirs are read at a time.
const AT_ONCE: usize = 4;

pub(super) async fn add_comments(
    site: &Arc<SiteContext>,
    issues: &[Issue],
    rows: &mut Rows,
    bad: &mut Bad,
) -> Result<(), RunError> {
    let mut lists = Vec::new();
    for issue in issues {
        let carried = embedded::<Comment>(issue, "comment");
        let list = async move {
            if carried.is_all {
                return Ok(Some((issue, carried.items, true, Bad::new())));
            }
            let (list, mut bad) = (site.jira().comments(&issue.id), Bad::new());
            let read = all(site, &list, Stream::JiraComments, &mut bad).await;
            let read = unless_gone(read, &issue.id)?;
            Ok::<_, RunError>(read.map(|(comments, is_whole)| (issue, comments, is_whole, bad)))
        };
        lists.push(list.boxed());
    }
    let lists: Vec<_> = stream::iter(lists).buffered(AT_ONCE).try_collect().await?;
    for (issue, comments, is_whole, unreadable) in lists.into_iter().flatten() {
        bad.extend(unreadable);
        let found: Vec<_> = comments.iter().map(|comment| rows::comment(comment, &issue.id)).collect();
        if is_whole {
            let ids = found.iter().map(|row| row.remote_id.clone()).collect();
            rows.complete.push(complete(MirrorKind::JiraComments, issue, ids));
        }
        rows.comments.extend(found);
    }
    Ok(())
}

/// `follows`: what changes of worklogs comes by feeds of its own. Then the rest of a long list need not be read where as
/// many are mirrored already.
pub(super) async fn add_worklogs(
    site: &Arc<SiteContext>,
    issues: &[Issue],
    follows: bool,
    rows: &mut Rows,
    bad: &mut Bad,
) -> Result<(), RunError> {
    let carried: Vec<(&Issue, Embedded<Worklog>)> =
        issues.iter().map(|issue| (issue, embedded(issue, "worklog"))).collect();
    let mirrored = if follows { mirrored_worklogs(site, &carried).await? } else { HashMap::new() };
    let mut lists = Vec::new();
    for (issue, carried) in carried {
        let is_mirrored = carried.is_beginning_of(mirrored.get(&issue.id).copied());
        let list = async move {
            if carried.is_all || is_mirrored {
                return Ok(Some((issue, carried.items, carried.is_all, Bad::new())));
            }
            let (list, mut bad) = (site.jira().worklogs(&issue.id), Bad::new());
            let read = all(site, &list, Stream::JiraWorklogs, &mut bad).await;
            let read = unless_gone(read, &issue.id)?;
            Ok::<_, RunError>(read.map(|(worklogs, is_whole)| (issue, worklogs, is_whole, bad)))
        };
        lists.push(list.boxed());
    }
    let lists: Vec<_> = stream::iter(lists).buffered(AT_ONCE).try_collect().await?;
    for (issue, worklogs, is_whole, unreadable) in lists.into_iter().flatten() {
        bad.extend(unreadable);
        let found: Vec<_> = worklogs.iter().map(|worklog| rows::worklog(worklog, &issue.id)).collect();
        if is_whole {
            let ids = found.iter().map(|row| row.remote_id.clone()).collect();
            rows.complete.push(complete(MirrorKind::JiraWorklogs, issue, ids));
        }
        rows.worklogs.extend(found);
    }
    Ok(())
}

/// How many worklogs are mirrored of each of the issues that do not carry all of theirs.
async fn mirrored_worklogs(
    site: &SiteContext,
    carried: &[(&Issue, Embedded<Worklog>)],
) -> Result<HashMap<String, u64>, RunError> {
    let long = carried.iter().filter(|(_, carried)| !carried.is_all);
    let ids: Vec<&str> = long.map(|(issue, _)| issue.id.as_str()).collect();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let (store, cloud_id) = (&site.syncs.store, &site.site.cloud_id);
    let below = store.remote_ids_below(MirrorKind::JiraWorklogs, site.owner, cloud_id, &ids).await?;
    Ok(below.into_iter().map(|(issue, ids)| (issue, ids.len() as u64)).collect())
}

fn complete(kind: MirrorKind, issue: &Issue, ids: Vec<String>) -> CompleteList {
    CompleteList { kind, of: issue.id.clone(), content: None, ids }
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

/// The beginning of a list that an issue itself carries.
struct Embedded<T> {
    items: Vec<T>,
    /// How many there are; `None` where it cannot be read.
    total: Option<u64>,
    /// Whether that is all there is.
    is_all: bool,
}

impl<T> Embedded<T> {
    /// Whether it is that of a list of which so many are mirrored.
    fn is_beginning_of(&self, mirrored: Option<u64>) -> bool {
        self.total.is_some() && self.total == mirrored
    }
}

fn embedded<T: DeserializeOwned>(issue: &Issue, field: &str) -> Embedded<T> {
    let carried: Option<Carried<T>> = issue.fields.all.read(field);
    let Some(carried) = carried.filter(|carried| carried.start_at == 0) else {
        return Embedded { items: Vec::new(), total: None, is_all: false };
    };
    let is_all = carried.total == carried.items.len() as u64;
    Embedded { items: carried.items, total: Some(carried.total), is_all }
}
