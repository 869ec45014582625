use std::collections::HashSet;

use connector_atlassian::jira::{Condition, Jql};
use connector_domain::Timestamp;
use connector_store::MirrorKind;
use futures::{StreamExt as _, stream};

use super::{SiteContext, Window};
use crate::Stream;

/// So many projects are asked at a time.
const AT_ONCE: usize = 4;

/// About how many issues these windows of a site are going to read, where they read whole projects. For people only:
/// a count that cannot be had is left out.
pub(super) async fn issues_of(site: &SiteContext, windows: &[Window]) -> Option<u64> {
    let whole = windows.iter().filter(|window| {
        window.streams.first() == Some(&Stream::JiraIssues)
            && window.since.is_none()
            && !window.scope.is_empty()
    });
    let projects: HashSet<u64> = whole.filter_map(|window| window.scope.parse().ok()).collect();
    if projects.is_empty() {
        return None;
    }
    let all = site.containers(MirrorKind::JiraProjects).await.ok()?;
    // Of a whole site one question tells it.
    let questions = if all.len() == projects.len() {
        vec![Jql::new(Condition::UpdatedFrom(Timestamp::from_millis(0)))]
    } else {
        projects.into_iter().map(Jql::project).collect()
    };
    let counts = questions.into_iter().map(|jql| async move {
        let (jira, jql) = (site.jira(), &jql);
        site.call(|token| async move { jira.approximate_count(&token, jql).await }).await.ok()
    });
    let counts: Vec<Option<u64>> = stream::iter(counts).buffer_unordered(AT_ONCE).collect().await;
    counts.into_iter().sum()
}
