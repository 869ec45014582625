//! All that the client can ask of issues, people and webhooks.

use anyhow::{Context as _, ensure};
use connector_atlassian::jira::{
    Condition, Direction, Jql, MOST_IDS, NewWebhook, OrderBy, ProjectQuery, Search, WebhookEvent,
    WebhookFilter,
};
use connector_atlassian::{Jira, Listing as _};
use connector_domain::{AccessToken, AccountId, Timestamp};
use url::Url;

use super::read;

/// Nobody listens there: nothing happens while this is registered.
const HOOKS: &str = "http://127.0.0.1:9/hooks/conformance";
/// September 2001, before there was a Jira: numbers much shorter are no times in JQL.
const LONG_AGO: i64 = 1_000_000_000_000;
const ALL_FIELDS: &str = "*all";

/// Asks for everything, of issues that the site has.
pub async fn everything(jira: Jira<'_>, token: &AccessToken) -> anyhow::Result<()> {
    let project = jira.all_projects(ProjectQuery::default()).next(token).await?.context("no project")?;
    jira.project(token, &project.items[0].key).await?;
    let project: u64 = project.items[0].id.parse()?;
    let issues = issues(jira, token, project).await?;
    details(jira, token, &issues).await?;
    vocabulary(jira, token).await?;
    webhooks(jira, token).await
}

/// All kinds of searches, and the ids of the issues that were found.
async fn issues(jira: Jira<'_>, token: &AccessToken, project: u64) -> anyhow::Result<Vec<String>> {
    let from = Timestamp::from_millis(LONG_AGO);
    let narrow = Jql::new(Condition::ProjectId(project))
        .and(Condition::CreatedFrom(from))
        .and(Condition::UpdatedBefore(Timestamp::from_millis(4_102_444_800_000)))
        .order_by(OrderBy::Created, Direction::Descending);
    for jql in [Jql::updated_since(project, from), Jql::project(project), narrow] {
        jira.approximate_count(token, &jql).await?;
        for fields in [vec![ALL_FIELDS.to_owned()], vec!["summary".to_owned(), "-comment".to_owned()]] {
            let search = Search { fields, max_results: 3, ..Search::new(jql.clone()) };
            let mut pages = jira.all_issues(search);
            while pages.next(token).await?.is_some() {}
        }
    }
    let mut ids = jira
        .all_issue_ids(Search { max_results: MOST_IDS, ..Search::new(Jql::updated_since(project, from)) });
    let mut found = Vec::new();
    while let Some(page) = ids.next(token).await? {
        found.extend(page.items.into_iter().map(|issue| issue.id));
    }
    ensure!(!found.is_empty(), "the project has no issues");
    let reconcile = found.iter().take(2).filter_map(|id| id.parse().ok()).collect();
    jira.search(token, &Search { reconcile, ..Search::new(Jql::project(project)) }).await?;
    Ok(found)
}

/// What hangs on issues, of each and of many at once.
async fn details(jira: Jira<'_>, token: &AccessToken, issues: &[String]) -> anyhow::Result<()> {
    jira.bulk_fetch(token, issues, &["summary".to_owned(), ALL_FIELDS.to_owned()]).await?;
    let (mut comments, mut worklogs) = (Vec::new(), Vec::new());
    for id in issues {
        let issue = jira.issue(token, id).await?;
        for attachment in &issue.fields.attachments {
            jira.attachment(token, &attachment.id).await?;
        }
        let mut list = jira.comments(id).pager();
        while let Some(page) = list.next(token).await? {
            comments.extend(page.items.iter().filter_map(|comment| comment.id.parse::<u64>().ok()));
        }
        let mut list = jira.worklogs(id).pager();
        while let Some(page) = list.next(token).await? {
            worklogs.extend(page.items.iter().filter_map(|worklog| worklog.id.parse::<u64>().ok()));
        }
        read(jira.changelog(id).pager(), token).await?;
    }
    jira.comments_by_id(token, &comments).await?;
    jira.worklogs_by_id(token, &worklogs).await?;
    read(jira.changelogs(issues.to_vec(), Vec::new()).pager(), token).await?;
    read(jira.changelogs(issues.to_vec(), vec!["status".to_owned()]).pager(), token).await?;
    read(jira.worklogs_updated(Timestamp::from_millis(LONG_AGO)).pager(), token).await?;
    read(jira.worklogs_deleted(Timestamp::from_millis(LONG_AGO)).pager(), token).await?;
    Ok(())
}

/// The words in which issues speak, and the people.
async fn vocabulary(jira: Jira<'_>, token: &AccessToken) -> anyhow::Result<()> {
    jira.fields(token).await?;
    jira.statuses(token).await?;
    jira.priorities(token).await?;
    jira.issue_types(token).await?;
    jira.resolutions(token).await?;
    let mut list = jira.users().pager();
    let mut people: Vec<AccountId> = Vec::new();
    while let Some(page) = list.next(token).await? {
        people.extend(page.items.into_iter().map(|user| user.account_id));
    }
    let first = people.first().context("nobody")?;
    jira.user(token, first).await?;
    read(jira.users_by_id(&people).pager(), token).await
}

async fn webhooks(jira: Jira<'_>, token: &AccessToken) -> anyhow::Result<()> {
    use WebhookEvent::{
        CommentCreated, CommentDeleted, CommentUpdated, IssueCreated, IssueDeleted, IssueUpdated,
    };
    let events =
        vec![IssueCreated, IssueUpdated, IssueDeleted, CommentCreated, CommentUpdated, CommentDeleted];
    let keys = WebhookFilter::Projects(vec!["SEC".to_owned()]);
    let wanted = [WebhookFilter::AllIssues, keys].map(|filter| NewWebhook { events: events.clone(), filter });
    let registered = jira.register_webhooks(token, &Url::parse(HOOKS)?, &wanted).await?;
    let ids: Vec<i64> = registered.into_iter().collect::<Result<_, _>>()?;
    read(jira.webhooks().pager(), token).await?;
    jira.refresh_webhooks(token, &ids).await?;
    jira.delete_webhooks(token, &ids).await?;
    Ok(())
}
