//! What a list that is whole does not have any more is looked at a second time before it is taken for gone: a list can
//! be cut short without a word.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use connector_atlassian::jira::MOST_BY_ID;
use connector_store::MirrorKind;

use super::content_parts::look_again;
use super::{Fetched, bad_of, unless_gone};
use crate::Stream;
use crate::rows::{self, CompleteList, Gone, Rows, Target};
use crate::run::{RunError, SiteContext};

/// What is gone, by the complete lists among these rows. To be asked before they are written: it only reads.
pub(crate) async fn gone_by(site: &SiteContext, rows: &Rows, target: Target<'_>) -> Result<Gone, RunError> {
    let store = &site.syncs.store;
    let mut absent: BTreeMap<&'static str, (MirrorKind, Vec<String>)> = BTreeMap::new();
    let mut mirrored = HashMap::new();
    for kind in rows.complete.iter().map(|list| list.kind).collect::<BTreeSet<_>>() {
        let of_kind = rows.complete.iter().filter(|list| list.kind == kind);
        let of: Vec<&str> = of_kind.map(|list| list.of.as_str()).collect();
        mirrored.insert(kind, store.remote_ids_below(kind, target.owner, target.cloud_id, &of).await?);
    }
    for list in &rows.complete {
        let Some(below) = mirrored.get(&list.kind).and_then(|below| below.get(&list.of)) else { continue };
        let there: HashSet<&str> = list.ids.iter().map(String::as_str).collect();
        let mut ids: Vec<_> = below.iter().filter(|id| !there.contains(id.as_str())).cloned().collect();
        if ids.is_empty() {
            continue;
        }
        keep_absent(site, list, &mut ids).await?;
        absent.entry(list.kind.as_str()).or_insert_with(|| (list.kind, Vec::new())).1.extend(ids);
    }
    // Those of issues are looked at together.
    let mut gone = Vec::new();
    for (kind, mut ids) in absent.into_values() {
        if let Some(stream) = by_id(kind) {
            retain_unseen(site, stream, &mut ids).await?;
            for other in site.others_with(stream) {
                // Where another account cannot be asked, nothing can be said.
                if retain_unseen(other, stream, &mut ids).await.is_err() {
                    ids.clear();
                }
            }
        }
        gone.push((kind, ids));
    }
    Ok(Gone::new(gone))
}

/// The stream of a kind whose things can be asked for by their ids.
fn by_id(kind: MirrorKind) -> Option<Stream> {
    [Stream::JiraComments, Stream::JiraWorklogs].into_iter().find(|stream| stream.kind() == kind)
}

/// Of what hangs on a page or a blog post: reads the list again, and keeps the ids that are in neither.
async fn keep_absent(site: &SiteContext, list: &CompleteList, ids: &mut Vec<String>) -> Result<(), RunError> {
    let Some(content) = list.content else { return Ok(()) };
    let again = unless_gone(look_again(site, content, list.kind, &list.of).await, &list.of)?.flatten();
    match again {
        Some(again) => ids.retain(|id| !again.contains(id)),
        None => ids.clear(),
    }
    let Some(stream) = Stream::ALL.into_iter().find(|stream| stream.kind() == list.kind) else {
        return Ok(());
    };
    for other in site.others_with(stream) {
        match unless_gone(look_again(other, content, list.kind, &list.of).await, &list.of) {
            Ok(Some(Some(again))) => ids.retain(|id| !again.contains(id)),
            // It does not see the page either.
            Ok(None) => {}
            Ok(Some(None)) | Err(_) => ids.clear(),
        }
    }
    Ok(())
}

/// Keeps the ids of comments or worklogs of issues that an account does not see.
async fn retain_unseen(site: &SiteContext, stream: Stream, ids: &mut Vec<String>) -> Result<(), RunError> {
    let mut there = HashSet::new();
    for ids in ids.chunks(MOST_BY_ID) {
        let found = parts_by_id(site, stream, ids).await?;
        there.extend(found.ids);
        there.extend(found.fetched.bad.into_iter().filter_map(|(_, record)| record.id));
    }
    ids.retain(|id| !there.contains(id));
    Ok(())
}

/// Comments or worklogs that were asked for by their ids.
pub(crate) struct Found {
    /// Those that there are and can be read, also where it is not told of which issue they are.
    pub(crate) ids: HashSet<String>,
    pub(crate) fetched: Fetched,
}

/// Asks for comments or worklogs of issues by their ids, a thousand at most.
pub(crate) async fn parts_by_id(
    site: &SiteContext,
    stream: Stream,
    ids: &[String],
) -> Result<Found, RunError> {
    let (jira, numbers) = (site.jira(), ids.iter().filter_map(|id| id.parse().ok()).collect::<Vec<u64>>());
    let (mut found, numbers) =
        (Found { ids: HashSet::new(), fetched: Fetched::default() }, numbers.as_slice());
    if numbers.is_empty() {
        return Ok(found);
    }
    if stream == Stream::JiraWorklogs {
        let page = site.call(|token| async move { jira.worklogs_by_id(&token, numbers).await }).await?;
        for worklog in &page.items {
            found.ids.insert(worklog.id.clone());
            let issue_id = worklog.issue_id.as_deref();
            found.fetched.rows.worklogs.extend(issue_id.map(|issue_id| rows::worklog(worklog, issue_id)));
        }
        (found.fetched.bad, found.fetched.date) = (bad_of(stream, page.bad), page.date);
    } else {
        let page = site.call(|token| async move { jira.comments_by_id(&token, numbers).await }).await?;
        for comment in &page.items {
            found.ids.insert(comment.id.clone());
            // Some sites name the issue by its key there, which is no id.
            let issue_id = comment.issue_id().filter(|id| id.bytes().all(|byte| byte.is_ascii_digit()));
            found.fetched.rows.comments.extend(issue_id.map(|issue_id| rows::comment(comment, issue_id)));
        }
        (found.fetched.bad, found.fetched.date) = (bad_of(stream, page.bad), page.date);
    }
    Ok(found)
}
