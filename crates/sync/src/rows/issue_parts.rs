use connector_atlassian::jira::{Change, Comment, Worklog};
use connector_domain::Json;
use connector_store::{RemoteChangelog, RemoteIssueComment, RemoteWorklog};
use serde_json::{Value, json};

use super::issue::{markdown, person};

pub(crate) fn comment(comment: &Comment, issue_id: &str) -> RemoteIssueComment {
    let (author_account_id, author_name) = person(comment.author.as_ref());
    RemoteIssueComment {
        remote_id: comment.id.clone(),
        issue_id: issue_id.to_owned(),
        author_account_id,
        author_name,
        body: markdown(comment.body.as_ref()).unwrap_or_default(),
        body_adf: comment.body.as_ref().map(Json::from),
        remote_created_at: comment.created,
        remote_updated_at: comment.updated,
    }
}

pub(crate) fn worklog(worklog: &Worklog, issue_id: &str) -> RemoteWorklog {
    let (author_account_id, author_name) = person(worklog.author.as_ref());
    RemoteWorklog {
        remote_id: worklog.id.clone(),
        issue_id: issue_id.to_owned(),
        author_account_id,
        author_name,
        started_at: worklog.started,
        time_spent_seconds: worklog
            .time_spent_seconds
            .map_or(0, |seconds| i64::try_from(seconds).unwrap_or(i64::MAX)),
        comment: markdown(worklog.comment.as_ref()),
        remote_created_at: worklog.created,
        remote_updated_at: worklog.updated,
    }
}

pub(crate) fn changelog(change: &Change, issue_id: &str) -> RemoteChangelog {
    let (author_account_id, author_name) = person(change.author.as_ref());
    let items = change.items.iter().map(|item| {
        json!({
            "field": item.field,
            "fieldId": item.field_id,
            "fieldtype": item.field_type,
            "from": item.from,
            "fromString": item.from_string,
            "to": item.to,
            "toString": item.to_text,
        })
    });
    RemoteChangelog {
        remote_id: change.id.clone(),
        issue_id: issue_id.to_owned(),
        author_account_id,
        author_name,
        remote_created_at: change.created,
        items: Json::from(&Value::Array(items.collect())),
    }
}
