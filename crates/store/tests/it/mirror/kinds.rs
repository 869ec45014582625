//! Each kind once: its columns are those of its table, and it behaves as all do.

use connector_domain::{CloudId, UserId};
use connector_store::{
    AbsenceReason, Durability, Engine, MirrorKind, Remote, RemoteAttachment, RemoteBlogPost, RemoteChangelog,
    RemoteContentComment, RemoteField, RemoteIssueComment, RemoteIssueType, RemoteLabel, RemoteSpace,
    RemoteStatus, RemoteUser, RemoteWorklog, Store,
};
use connector_testkit::TestDatabase;
use rstest::rstest;

use super::{issue, json, sync, written};
use crate::fixtures::{NOW, later, owner, remote_page, remote_project};

/// Written, left alone, buried, and revived.
async fn live<R: Remote>(store: &Store, owner: UserId, thing: R, scope: Option<&str>) {
    let (kind, cloud_id) = (R::KIND, CloudId::new("one"));
    let things = [thing];
    let id = things[0].remote_id();
    assert_eq!(sync(store, owner, "one", &things, NOW).await, written(1, 0, 0), "{kind}");
    assert_eq!(sync(store, owner, "one", &things, later(1)).await, written(0, 0, 1), "{kind}");
    assert_eq!(store.count_remote(kind, owner, &cloud_id, scope).await.unwrap(), 1, "{kind}");
    let ids = store.remote_ids(kind, owner, &cloud_id, scope).await.unwrap();
    assert_eq!(ids.iter().map(|row| row.remote_id.as_str()).collect::<Vec<_>>(), [id], "{kind}");
    if scope.is_some() {
        assert_eq!(store.remote_ids(kind, owner, &cloud_id, Some("other")).await.unwrap(), [], "{kind}");
    }
    let mut tx = store.begin_write(Durability::Normal).await.unwrap();
    let reason = AbsenceReason::Deleted;
    assert_eq!(tx.mark_absent(kind, owner, &cloud_id, &[id], reason, later(2)).await.unwrap(), 1, "{kind}");
    assert_eq!(tx.mark_absent(kind, owner, &cloud_id, &[id], reason, later(3)).await.unwrap(), 0, "{kind}");
    tx.commit().await.unwrap();
    assert_eq!(store.remote_ids(kind, owner, &cloud_id, None).await.unwrap(), [], "{kind}");
    assert_eq!(sync(store, owner, "one", &things, later(4)).await, written(0, 1, 0), "{kind}");
    assert_eq!(store.count_remote(kind, owner, &cloud_id, None).await.unwrap(), 1, "{kind}");
    let mut tx = store.begin_write(Durability::Normal).await.unwrap();
    let scope = scope.unwrap_or("none");
    let buried = tx.mark_scope_absent(kind, owner, &cloud_id, scope, reason, later(5)).await.unwrap();
    assert_eq!(buried, u64::from(scope != "none"), "{kind}");
    tx.commit().await.unwrap();
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn things_of_jira_live_die_and_live_again(#[case] engine: Engine) {
    let Some(db) = TestDatabase::create(engine).await else { return };
    let (store, owner) = (db.store(), owner(db.store()).await);
    let some = |text: &str| Some(text.to_owned());
    let id = || "7".to_owned();
    live(store, owner, remote_project("10", "CORE", "Core"), None).await;
    live(store, owner, issue("100", "CORE-1", "First"), Some("10")).await;
    let comment = RemoteIssueComment {
        remote_id: id(),
        issue_id: "100".to_owned(),
        author_account_id: some("ada"),
        author_name: some("Ada"),
        body: "Well".to_owned(),
        body_adf: Some(json(r#"{"type":"doc"}"#)),
        remote_created_at: Some(NOW),
        remote_updated_at: None,
    };
    live(store, owner, comment, Some("100")).await;
    let worklog = RemoteWorklog {
        remote_id: id(),
        issue_id: "100".to_owned(),
        author_account_id: some("ada"),
        author_name: some("Ada"),
        started_at: Some(NOW),
        time_spent_seconds: 3600,
        comment: None,
        remote_created_at: Some(NOW),
        remote_updated_at: Some(NOW),
    };
    live(store, owner, worklog, Some("100")).await;
    let changelog = RemoteChangelog {
        remote_id: id(),
        issue_id: "100".to_owned(),
        author_account_id: None,
        author_name: None,
        remote_created_at: Some(NOW),
        items: json(r#"[{"field":"status"}]"#),
    };
    live(store, owner, changelog, Some("100")).await;
    let user = RemoteUser {
        remote_id: "ada".to_owned(),
        display_name: "Ada".to_owned(),
        email: None,
        active: true,
        account_type: some("atlassian"),
    };
    live(store, owner, user, None).await;
    let issue_type = RemoteIssueType {
        remote_id: id(),
        name: "Bug".to_owned(),
        subtask: false,
        hierarchy_level: Some(-1),
        description: None,
    };
    live(store, owner, issue_type, None).await;
    let status = RemoteStatus { remote_id: id(), name: "Done".to_owned(), category: some("done") };
    live(store, owner, status, None).await;
    let field = RemoteField {
        remote_id: "customfield_10001".to_owned(),
        name: "Story Points".to_owned(),
        custom: true,
        schema_type: some("number"),
        schema: None,
    };
    live(store, owner, field, None).await;
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn things_of_confluence_live_die_and_live_again(#[case] engine: Engine) {
    let Some(db) = TestDatabase::create(engine).await else { return };
    let (store, owner) = (db.store(), owner(db.store()).await);
    let some = |text: &str| Some(text.to_owned());
    let id = || "7".to_owned();
    let space = RemoteSpace {
        remote_id: id(),
        key: "DOCS".to_owned(),
        name: "Docs".to_owned(),
        space_type: None,
        status: None,
        url: None,
        homepage_id: None,
    };
    live(store, owner, space, None).await;
    live(store, owner, remote_page("100", "DOCS", "Page"), Some("id of DOCS")).await;
    let post = RemoteBlogPost {
        remote_id: id(),
        space_id: "1".to_owned(),
        space_key: "DOCS".to_owned(),
        title: "News".to_owned(),
        url: None,
        status: some("current"),
        version: Some(1),
        author_id: some("ada"),
        modified_at: Some(NOW),
        remote_created_at: Some(NOW),
        body_version: None,
    };
    live(store, owner, post, Some("1")).await;
    let comment = RemoteContentComment {
        remote_id: id(),
        kind: "inline".to_owned(),
        container_type: "page".to_owned(),
        container_id: "100".to_owned(),
        parent_comment_id: None,
        author_id: some("ada"),
        body: "Well".to_owned(),
        body_storage: some("<p>Well</p>"),
        status: some("current"),
        resolution_status: some("open"),
        version: Some(1),
        remote_created_at: Some(NOW),
        remote_updated_at: Some(NOW),
    };
    live(store, owner, comment, Some("100")).await;
    let label = RemoteLabel {
        remote_id: RemoteLabel::id_on("100", "7"),
        container_id: "100".to_owned(),
        name: "red".to_owned(),
        prefix: some("global"),
    };
    live(store, owner, label, Some("100")).await;
    let attachment = RemoteAttachment {
        remote_id: "att7".to_owned(),
        container_id: "100".to_owned(),
        title: "a.pdf".to_owned(),
        media_type: some("application/pdf"),
        file_size: Some(5_000_000_000),
        version: Some(2),
        download_url: None,
        remote_created_at: None,
        remote_updated_at: None,
    };
    live(store, owner, attachment, Some("100")).await;
}

#[test]
fn kinds_are_known_by_their_names() {
    for kind in MirrorKind::ALL {
        assert_eq!(kind.as_str().parse(), Ok(kind));
    }
    assert!("jira_nothing".parse::<MirrorKind>().is_err());
}
