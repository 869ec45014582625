//! Rows that are put in by hand, as the seed's clients do: the same rules for projects and for pages.

use connector_store::Engine;
use connector_testkit::{Browser, TestApp};
use futures::future::join_all;
use rstest::rstest;
use serde_json::{Value, json};

/// What the two kinds of rows differ in.
#[derive(Clone, Copy)]
struct Kind {
    path: &'static str,
    /// The member that the list is ordered by.
    order: &'static str,
    row: fn(&str) -> Value,
}

const PROJECTS: Kind = Kind {
    path: "/jira/projects",
    order: "key",
    row: |key| json!({"owner_id": 1, "key": key, "name": format!("Project {key}"), "lead": "Ada", "url": null}),
};
const PAGES: Kind = Kind {
    path: "/confluence/pages",
    order: "title",
    row: |id| json!({"owner_id": 1, "space_key": "ENG", "page_id": id, "title": format!("Page {id}"), "url": null}),
};

async fn with_user(engine: Engine) -> Option<(TestApp, Browser)> {
    let app = TestApp::start_with(engine, |setup| setup.runs_jobs = false).await?;
    let browser = app.browser();
    browser.post("/users", &json!({"email": "ada@example.com"})).await.expect(201);
    Some((app, browser))
}

#[rstest]
#[tokio::test]
async fn a_row_is_created_then_updated_in_place(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[values(PROJECTS, PAGES)] kind: Kind,
) {
    let Some((_app, browser)) = with_user(engine).await else { return };
    let mut row = (kind.row)("A1");
    let created = browser.post(kind.path, &row).await.expect(201).json();
    for (member, value) in row.as_object().unwrap() {
        assert_eq!(&created[member], value, "{created}");
    }
    assert_eq!(created["remote_id"], Value::Null, "nothing of Atlassian's");

    row["url"] = json!("https://acme.atlassian.net/x");
    let updated = browser.post(kind.path, &row).await.expect(201).json();
    assert_eq!((&updated["id"], &updated["url"]), (&created["id"], &row["url"]));
    let list = browser.get(&format!("{}/1", kind.path)).await.expect(200).json();
    assert_eq!(list, json!([updated]), "a change is seen at once");
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn equal_rows_at_once_become_one(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[values(PROJECTS, PAGES)] kind: Kind,
) {
    let Some((_app, browser)) = with_user(engine).await else { return };
    let row = (kind.row)("A1");
    let answers = join_all((0..50).map(|_| browser.post(kind.path, &row).into_future())).await;
    let ids: Vec<_> = answers.into_iter().map(|answer| answer.expect(201).json()["id"].clone()).collect();
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    assert_eq!(browser.get(&format!("{}/1", kind.path)).await.json().as_array().unwrap().len(), 1);
}

#[rstest]
#[tokio::test]
async fn rows_are_listed_in_order_and_part_by_part(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[values(PROJECTS, PAGES)] kind: Kind,
) {
    let Some((_app, browser)) = with_user(engine).await else { return };
    for name in ["C", "A", "E", "B", "D"] {
        browser.post(kind.path, &(kind.row)(name)).await.expect(201);
    }
    let all = browser.get(&format!("{}/1", kind.path)).await.expect(200);
    assert_eq!(all.header("link"), None);
    let all = all.json();
    let names: Vec<_> = all.as_array().unwrap().iter().map(|row| row[kind.order].as_str().unwrap()).collect();
    assert!(names.is_sorted() && names.len() == 5, "{names:?}");

    let (mut address, mut gathered) = (Some(format!("{}/1?limit=2", kind.path)), Vec::new());
    while let Some(next) = address {
        let part = browser.get(&next).await.expect(200);
        gathered.extend(part.json().as_array().unwrap().clone());
        address = part
            .header("link")
            .map(|link| link.trim_start_matches('<').split('>').next().unwrap().to_owned());
    }
    assert_eq!(json!(gathered), all);
}

#[rstest]
#[tokio::test]
async fn an_unknown_owner_is_not_found(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[values(PROJECTS, PAGES)] kind: Kind,
) {
    let Some((_app, browser)) = with_user(engine).await else { return };
    let mut row = (kind.row)("A1");
    row["owner_id"] = json!(99);
    let detail = "There is no user 99. Create one by POST /users.";
    assert_eq!(browser.post(kind.path, &row).await.detail(404), detail);
    assert_eq!(browser.get(&format!("{}/99", kind.path)).await.detail(404), detail);
    assert_eq!(browser.get(&format!("{}/99?limit=5", kind.path)).await.detail(404), detail);
}

#[rstest]
#[tokio::test]
async fn what_is_not_valid_is_named_by_its_pointer(#[values(PROJECTS, PAGES)] kind: Kind) {
    let (_app, browser) = with_user(Engine::Sqlite).await.unwrap();
    let refused = async |member: &str, value: Value| {
        let mut row = (kind.row)("A1");
        row[member] = value;
        browser.post(kind.path, &row).await.pointers()
    };
    for member in (kind.row)("A1").as_object().unwrap().keys() {
        let of_wrong_type = if member == "owner_id" { json!("one") } else { json!(5) };
        assert_eq!(refused(member, of_wrong_type).await, [format!("/{member}")]);
        if member != "owner_id" {
            assert_eq!(refused(member, json!("x".repeat(2000))).await, [format!("/{member}")]);
            assert_eq!(refused(member, json!("a\u{0}b")).await, [format!("/{member}")]);
        }
        let mut without = (kind.row)("A1");
        without.as_object_mut().unwrap().remove(member);
        let answer = browser.post(kind.path, &without).await;
        if ["lead", "url"].contains(&member.as_str()) {
            answer.expect(201);
        } else {
            assert_eq!(answer.pointers(), [format!("/{member}")]);
        }
    }
    for required in [kind.order, if kind.order == "key" { "name" } else { "page_id" }] {
        assert_eq!(refused(required, json!("  ")).await, [format!("/{required}")]);
    }
}

#[rstest]
#[case("limit=0", "/query/limit")]
#[case("limit=1001", "/query/limit")]
#[case("limit=-1", "/query/limit")]
#[case("limit=many", "/query/limit")]
#[case("cursor=nonsense", "/query/cursor")]
#[case("cursor=bnVsbA", "/query/cursor")]
#[tokio::test]
async fn a_wrong_parameter_is_named(#[case] query: &str, #[case] pointer: &str) {
    let (_app, browser) = with_user(Engine::Sqlite).await.unwrap();
    let lists = [
        "/users",
        "/jira/projects/1",
        "/confluence/pages/1",
        "/api/jira/projects",
        "/api/confluence/pages",
        "/api/confluence/spaces",
        "/api/syncs",
    ];
    for list in lists {
        assert_eq!(browser.get(&format!("{list}?{query}")).await.pointers(), [pointer], "{list}");
    }
    assert_eq!(browser.get("/jira/projects/one").await.pointers(), ["/path/owner_id"]);
    assert_eq!(
        browser.get("/integrations/jira/projects/fetch?owner_id=x").await.pointers(),
        ["/query/owner_id"]
    );
}
