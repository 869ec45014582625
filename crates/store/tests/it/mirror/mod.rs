//! The mirror: one mechanism for all kinds, on both engines.

mod absence;
mod bodies;
mod issues;
mod kinds;
mod model;

use connector_domain::{CloudId, Json, Timestamp, UserId};
use connector_store::{Durability, Remote, RemoteIssue, Store, Written};

use crate::fixtures::NOW;

pub(crate) fn json(text: &str) -> Json {
    Json::parse(text.to_owned()).unwrap()
}

/// An issue with all there can be.
pub(crate) fn issue(remote_id: &str, key: &str, summary: &str) -> RemoteIssue {
    let some = |text: &str| Some(text.to_owned());
    RemoteIssue {
        remote_id: remote_id.to_owned(),
        project_id: "10".to_owned(),
        project_key: key.split('-').next().unwrap_or_default().to_owned(),
        key: key.to_owned(),
        summary: summary.to_owned(),
        description: some("*Why* and how"),
        issue_type: some("Bug"),
        status: some("In Progress"),
        status_category: some("indeterminate"),
        priority: some("High"),
        resolution: None,
        assignee_account_id: some("ada"),
        assignee_name: some("Ada"),
        reporter_account_id: some("bob"),
        reporter_name: some("Bob"),
        creator_account_id: some("bob"),
        creator_name: some("Bob"),
        parent_id: None,
        parent_key: None,
        labels: json(r#"["red","blue"]"#),
        due_date: some("2026-03-02"),
        resolved_at: None,
        remote_created_at: Some(NOW),
        remote_updated_at: Some(NOW),
        custom_fields: json(r#"{"Story Points":5}"#),
        fields: json(r#"{"customfield_10001":5}"#),
    }
}

/// Writes things as a sync does.
pub(crate) async fn sync<R: Remote>(
    store: &Store,
    owner: UserId,
    site: &str,
    things: &[R],
    now: Timestamp,
) -> Written {
    let mut tx = store.begin_write(Durability::Normal).await.unwrap();
    let written = tx.upsert_remote(owner, &CloudId::new(site), things, now).await.unwrap();
    tx.commit().await.unwrap();
    written
}

pub(crate) fn written(inserted: u64, updated: u64, unchanged: u64) -> Written {
    Written { inserted, updated, unchanged }
}
