//! The people who connect.

use connector_store::Engine;
use connector_testkit::TestApp;
use futures::future::join_all;
use rstest::rstest;
use serde_json::{Value, json};

#[rstest]
#[tokio::test]
async fn a_user_is_created_found_and_listed(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let Some(app) = TestApp::start(engine).await else { return };
    let browser = app.browser();
    assert_eq!(browser.get("/users").await.expect(200).json(), json!([]));

    let created = browser.post("/users", &json!({"email": "ada@example.com", "display_name": "Ada"})).await;
    assert_eq!(
        created.expect(201).json(),
        json!({"id": 1, "email": "ada@example.com", "display_name": "Ada"})
    );
    let bare = browser.post("/users", &json!({"email": "Ben@Example.com"})).await.expect(201).json();
    assert_eq!(bare, json!({"id": 2, "email": "Ben@Example.com", "display_name": null}));

    assert_eq!(browser.get("/users/2").await.expect(200).json(), bare);
    assert_eq!(browser.get("/users").await.json().as_array().unwrap().len(), 2);
    assert_eq!(browser.get("/users/3").await.detail(404), "There is no user 3. Create one by POST /users.");
}

#[rstest]
#[tokio::test]
async fn a_user_who_exists_is_answered_unchanged(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let Some(app) = TestApp::start(engine).await else { return };
    let browser = app.browser();
    let first =
        browser.post("/users", &json!({"email": "ada@example.com", "display_name": "Ada"})).await.json();
    for email in ["ada@example.com", "ADA@example.COM", " ada@example.com "] {
        let again = browser.post("/users", &json!({"email": email, "display_name": "Someone else"})).await;
        assert_eq!(again.expect(201).json(), first, "{email}");
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_requests_at_once_create_one_user(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let Some(app) = TestApp::start(engine).await else { return };
    let browser = app.browser();
    let body = json!({"email": "ada@example.com", "display_name": "Ada"});
    let answers = join_all((0..50).map(|_| browser.post("/users", &body).into_future())).await;
    let first = answers[0].json();
    for answer in answers {
        assert_eq!(answer.expect(201).json(), first);
    }
    assert_eq!(browser.get("/users").await.json(), json!([first]));
}

#[rstest]
#[tokio::test]
async fn the_list_goes_on_where_its_link_says(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let Some(app) = TestApp::start(engine).await else { return };
    let browser = app.browser();
    for n in 1..=5 {
        browser.post("/users", &json!({"email": format!("user{n}@example.com")})).await.expect(201);
    }
    assert_eq!(browser.get("/users").await.header("link"), None, "a whole list goes nowhere");
    let (mut address, mut ids) = (Some("/users?limit=2".to_owned()), Vec::new());
    while let Some(next) = address {
        let part = browser.get(&next).await.expect(200);
        ids.push(
            part.json()
                .as_array()
                .unwrap()
                .iter()
                .map(|user| user["id"].as_i64().unwrap())
                .collect::<Vec<_>>(),
        );
        address = part.header("link").map(|link| {
            let (target, relation) = link.split_once(';').unwrap();
            assert_eq!(relation.trim(), "rel=\"next\"");
            target.trim_matches(['<', '>']).to_owned()
        });
    }
    assert_eq!(ids, [vec![1, 2], vec![3, 4], vec![5]]);
}

#[rstest]
#[case(json!({}), &["/email"])]
#[case(json!({"email": null}), &["/email"])]
#[case(json!({"email": 7}), &["/email"])]
#[case(json!({"email": "nobody"}), &["/email"])]
#[case(json!({"email": "a@example.com\u{0}"}), &["/email"])]
#[case(json!({"email": "a@example.com", "display_name": ["x"]}), &["/display_name"])]
#[case(json!({"email": "nobody", "display_name": "x".repeat(256)}), &["/display_name", "/email"])]
#[case(json!({"email": "a@example.com", "jira_base_url": "x".repeat(513)}), &["/jira_base_url"])]
#[case(json!({"email": "a@example.com", "jira_token": "a\u{0}b"}), &["/jira_token"])]
#[case(json!([]), &["/"])]
#[tokio::test]
async fn what_is_not_valid_is_named_by_its_pointer(#[case] body: Value, #[case] pointers: &[&str]) {
    let app = TestApp::start(Engine::Sqlite).await.unwrap();
    let answer = app.browser().post("/users", &body).await;
    assert_eq!(answer.pointers(), pointers, "{body}");
    assert_eq!(app.browser().get("/users").await.json(), json!([]));
}

#[tokio::test]
async fn the_refusal_of_a_token_does_not_repeat_it() {
    let app = TestApp::start(Engine::Sqlite).await.unwrap();
    let body =
        json!({"email": "a@example.com", "jira_token": {"s3cret": "s3cret"}, "confluence_token": "s3cret"});
    let answer = app.browser().post("/users", &body).await;
    assert_eq!(answer.pointers(), ["/jira_token"]);
    assert!(!answer.text().contains("s3cret"), "{}", answer.text());
}
