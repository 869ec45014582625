//! Bodies of pages, blog posts, what lies below them, and how complete a mirror is.

use connector_domain::{CloudId, Timestamp, UserId};
use connector_store::{
    AbsenceReason, CompletenessProof, ContentBody, Durability, Engine, MirrorKind, ProofState,
    RemoteAttachment, RemoteBlogPost, RemoteContentComment, RemoteLabel, RemotePage, StreamScope,
};
use connector_testkit::{Browser, TestApp};
use rstest::rstest;
use serde_json::json;

use crate::mirror::all;

const NOW: Timestamp = Timestamp::from_millis(1_790_000_000_000);
const ADA: UserId = UserId(1);

fn page(id: &str, title: &str) -> RemotePage {
    RemotePage {
        remote_id: id.to_owned(),
        space_id: "1".to_owned(),
        space_key: "DOCS".to_owned(),
        title: title.to_owned(),
        url: None,
        parent_id: None,
        parent_type: None,
        status: Some("current".to_owned()),
        version: Some(2),
        modified_at: Some(NOW),
        author_id: Some("ada".to_owned()),
        body_version: Some(2),
    }
}

fn post(id: &str, title: &str) -> RemoteBlogPost {
    RemoteBlogPost {
        remote_id: id.to_owned(),
        space_id: "1".to_owned(),
        space_key: "DOCS".to_owned(),
        title: title.to_owned(),
        url: None,
        status: Some("current".to_owned()),
        version: Some(1),
        author_id: Some("ada".to_owned()),
        modified_at: Some(NOW),
        remote_created_at: Some(NOW),
        body_version: Some(1),
    }
}

fn comment(id: &str, container_type: &str, container_id: &str) -> RemoteContentComment {
    RemoteContentComment {
        remote_id: id.to_owned(),
        kind: "footer".to_owned(),
        container_type: container_type.to_owned(),
        container_id: container_id.to_owned(),
        parent_comment_id: None,
        author_id: None,
        body: format!("on {container_id}"),
        body_storage: None,
        status: None,
        resolution_status: None,
        version: Some(1),
        remote_created_at: None,
        remote_updated_at: None,
    }
}

/// Ada has pages and blog posts with bodies; Bob has a page with the same body as one of hers, and another.
async fn filled(engine: Engine) -> Option<(TestApp, Browser)> {
    let app = TestApp::start_with(engine, |setup| setup.runs_jobs = false).await?;
    let browser = app.browser();
    for name in ["ada", "bob"] {
        browser.post("/users", &json!({"email": format!("{name}@example.com")})).await.expect(201);
    }
    let one = CloudId::new("one");
    let body = |id: &str, version| ContentBody {
        content_id: id.to_owned(),
        version,
        storage: format!("<p>{id}</p>"),
        markdown: format!("*{id}*"),
    };
    let mut tx = app.database.store().begin_write(Durability::Normal).await.unwrap();
    tx.put_bodies(&one, &[body("100", 2), body("100", 1), body("200", 1), body("300", 2)], NOW)
        .await
        .unwrap();
    tx.upsert_remote(ADA, &one, &[page("100", "A"), page("101", "B"), page("102", "C")], NOW).await.unwrap();
    tx.upsert_remote(UserId(2), &one, &[page("300", "Bob's")], NOW).await.unwrap();
    tx.upsert_remote(ADA, &one, &[post("200", "News"), post("201", "Older news")], NOW).await.unwrap();
    let comments =
        [comment("1", "page", "100"), comment("2", "page", "100"), comment("3", "blogpost", "200")];
    tx.upsert_remote(ADA, &one, &comments, NOW).await.unwrap();
    let label = RemoteLabel {
        remote_id: RemoteLabel::id_on("100", "7"),
        container_id: "100".to_owned(),
        name: "red".to_owned(),
        prefix: Some("global".to_owned()),
    };
    tx.upsert_remote(ADA, &one, &[label], NOW).await.unwrap();
    let attachment = RemoteAttachment {
        remote_id: "att1".to_owned(),
        container_id: "200".to_owned(),
        title: "a.pdf".to_owned(),
        media_type: Some("application/pdf".to_owned()),
        file_size: Some(5_000_000_000),
        version: Some(1),
        download_url: None,
        remote_created_at: None,
        remote_updated_at: None,
    };
    tx.upsert_remote(ADA, &one, &[attachment], NOW).await.unwrap();
    let (kind, reason) = (MirrorKind::ConfluencePages, AbsenceReason::Trashed);
    tx.mark_absent(kind, ADA, &one, &["102"], reason, NOW).await.unwrap();
    tx.commit().await.unwrap();
    Some((app, browser))
}

#[rstest]
#[tokio::test]
async fn a_page_comes_with_the_body_that_was_asked_for(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some((_app, browser)) = filled(engine).await else { return };
    let body = async |path: &str| browser.get(path).await.expect(200).json()["body"].clone();
    let markdown = json!({"format": "markdown", "version": 2, "value": "*100*"});
    assert_eq!(body("/api/confluence/pages/100").await, markdown);
    assert_eq!(body("/api/confluence/pages/100?body=markdown").await, markdown);
    let storage = json!({"format": "storage", "version": 2, "value": "<p>100</p>"});
    assert_eq!(body("/api/confluence/pages/100?body=storage").await, storage);
    assert_eq!(body("/api/confluence/pages/100?body=none").await, json!(null));
    assert_eq!(body("/api/confluence/pages/101").await, json!(null), "its body is not stored");
    let post = json!({"format": "markdown", "version": 1, "value": "*200*"});
    assert_eq!(body("/api/confluence/blog-posts/200").await, post);
    let wrong = browser.get("/api/confluence/pages/100?body=html").await.expect(422);
    assert_eq!(wrong.pointers(), ["/query/body"]);
    // Another's page is not found, though its body lies in the same table.
    browser.get("/api/confluence/pages/300").await.expect(404);
    assert_eq!(body("/api/confluence/pages/300?owner_id=2").await["value"], "*300*");
}

#[rstest]
#[tokio::test]
async fn lists_of_content_are_filtered(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let Some((_app, browser)) = filled(engine).await else { return };
    for (path, number) in [
        ("pages?", 2),
        ("pages?deleted=include&", 3),
        ("pages?deleted=only&", 1),
        ("pages?updated_since=2030-01-01T00:00:00Z&", 0),
        ("pages?updated_since=2026-01-01T00:00:00%2B01:00&", 2),
        ("pages?cloud_id=two&", 0),
        ("blog-posts?", 2),
        ("blog-posts?space_key=NOPE&", 0),
        ("pages/100/comments?", 2),
        ("pages/100/labels?", 1),
        ("pages/100/attachments?", 0),
        ("blog-posts/200/comments?", 1),
        ("blog-posts/200/labels?", 0),
        ("blog-posts/200/attachments?", 1),
    ] {
        let found = all(&browser, &format!("/api/confluence/{path}limit=1")).await;
        assert_eq!(found.len(), number, "{path}");
    }
    let seed = browser.get("/confluence/pages/1").await.expect(200).json();
    assert_eq!(seed.as_array().unwrap().len(), 2, "the seed's list has what lives");
    let file = browser.get("/api/confluence/blog-posts/200/attachments").await.json()["items"][0].clone();
    assert_eq!(file["file_size"], 5_000_000_000_i64);
    browser.get("/api/confluence/blog-posts/100/labels").await.expect(404);
    browser.get("/api/confluence/pages/300/comments").await.expect(404);
}

#[rstest]
#[tokio::test]
async fn a_connection_tells_how_complete_its_mirror_is(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some(app) = TestApp::start(engine).await else { return };
    let browser = app.connected().await;
    let id = browser.get("/api/connections").await.json()["items"][0]["id"].as_str().unwrap().to_owned();
    let path = format!("/api/connections/{id}/completeness");
    // The first sync ends with a census, which proves every list of the sandbox.
    let proven = browser.get(&path).await.expect(200).json()["items"].as_array().unwrap().clone();
    assert!(!proven.is_empty() && proven.iter().all(|proof| proof["state"] == "equal"), "{proven:?}");
    let proof = |scope: &str, local_count, state| CompletenessProof {
        at: StreamScope {
            connection_id: id.parse().unwrap(),
            cloud_id: CloudId::new("one"),
            stream: MirrorKind::JiraIssues,
            scope: scope.to_owned(),
        },
        remote_count: 600,
        local_count,
        checked_at: NOW,
        equal_at: (local_count == 600).then_some(NOW),
        state,
        detail: None,
    };
    let mut tx = app.database.store().begin_write(Durability::Normal).await.unwrap();
    tx.put_proof(&proof("", 600, ProofState::Equal)).await.unwrap();
    tx.put_proof(&proof("10", 599, ProofState::Different)).await.unwrap();
    tx.commit().await.unwrap();
    let mut items = browser.get(&path).await.expect(200).json()["items"].as_array().unwrap().clone();
    items.retain(|proof| proof["cloud_id"] == "one");
    let expected = json!({
        "cloud_id": "one", "stream": "jira_issues", "scope": null, "state": "equal", "remote_count": 600,
        "local_count": 600, "checked_at": NOW.to_string(), "equal_at": NOW.to_string(), "detail": null,
    });
    assert_eq!(items[0], expected);
    assert_eq!((&items[1]["scope"], &items[1]["state"]), (&json!("10"), &json!("different")));
    browser.get("/api/connections/nothing/completeness").await.expect(404);
}
