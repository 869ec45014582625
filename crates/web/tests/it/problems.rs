//! Errors: one shape for all of them, and nothing in them that a caller should not see.

use connector_store::Engine;
use connector_testkit::TestApp;
use serde_json::json;

#[tokio::test]
async fn an_unknown_route_says_where_the_routes_are() {
    let app = TestApp::start(Engine::Sqlite).await.unwrap();
    let detail = app.browser().get("/no/such/route").await.detail(404);
    assert_eq!(detail, "There is nothing at /no/such/route. The routes are listed at /docs.");
    app.browser().call("POST", "/api/nothing").await.problem(404);
}

#[tokio::test]
async fn a_wrong_method_is_told_which_there_are() {
    let app = TestApp::start(Engine::Sqlite).await.unwrap();
    for (method, path) in
        [("DELETE", "/users"), ("PUT", "/jira/projects"), ("GET", "/api/logout"), ("POST", "/")]
    {
        let answer = app.browser().call(method, path).await;
        answer.problem(405);
        assert!(answer.header("allow").is_some_and(|allow| !allow.is_empty()), "{method} {path}");
    }
}

#[tokio::test]
async fn a_body_that_is_no_json_is_a_bad_request() {
    let app = TestApp::start(Engine::Sqlite).await.unwrap();
    let browser = app.browser();
    for broken in ["", "{", "{\"email\": \"a@example.com\"} trailing", "{'email': 1}", "\u{feff}{}"] {
        let answer = browser.call("POST", "/users").body("application/json", broken).await;
        assert!(answer.detail(400).starts_with("The body is not JSON (line "), "{broken:?}");
    }
    browser.call("POST", "/users").body("application/json", vec![b'"', 0xff, b'"']).await.problem(400);
}

#[tokio::test]
async fn a_body_of_another_type_is_refused() {
    let app = TestApp::start(Engine::Sqlite).await.unwrap();
    let body = r#"{"email": "ada@example.com"}"#;
    for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"] {
        app.browser().call("POST", "/users").body(kind, body).await.problem(415);
        app.browser().call("POST", "/integrations/jira/connect").body(kind, body).await.problem(415);
    }
    for kind in ["application/json; charset=utf-8", "application/vnd.api+json"] {
        app.browser().call("POST", "/users").body(kind, body).await.expect(201);
    }
}

#[tokio::test]
async fn a_body_over_a_megabyte_is_refused() {
    let app = TestApp::start(Engine::Sqlite).await.unwrap();
    let body = json!({"email": "ada@example.com", "display_name": "x".repeat(1024 * 1024)});
    for path in ["/users", "/jira/projects", "/api/syncs", "/integrations/jira/connect"] {
        app.browser().post(path, &body).await.problem(413);
    }
}

#[tokio::test]
async fn a_browser_reads_a_page_and_a_program_a_document() {
    let app = TestApp::start(Engine::Sqlite).await.unwrap();
    let page = app.browser().for_pages().get("/users/12345").await.expect(404);
    assert!(page.header("content-type").unwrap().starts_with("text/html"), "{}", page.text());
    let id = page.header("x-request-id").unwrap();
    assert!(page.text().contains(id), "the page names the request for whoever asks for help");
    app.browser().get("/users/12345").await.problem(404);
    // A script in a page asks the API for data even where the browser adds what it likes.
    app.browser().for_pages().get("/api/connections/x").await.problem(404);
}

#[tokio::test]
async fn what_stands_in_an_address_is_not_repeated_as_markup() {
    let app = TestApp::start(Engine::Sqlite).await.unwrap();
    let page = app.browser().for_pages().get("/%3Cscript%3Ealert(1)%3C/script%3E").await.expect(404);
    assert!(!page.text().contains("<script>alert"), "{}", page.text());
    let page = app.browser().for_pages().get("/connected?status=error&message=%3Cscript%3Ealert(1)").await;
    assert!(!page.expect(200).text().contains("<script>alert"));
}

#[tokio::test]
async fn scripts_of_any_origin_read_public_answers_without_cookies() {
    let app = TestApp::start(Engine::Sqlite).await.unwrap();
    for path in ["/healthz", "/users/12345"] {
        let answer = app.browser().get(path).header("Origin", "https://anywhere.example").await;
        assert_eq!(answer.header("access-control-allow-origin"), Some("*"), "{path}");
        assert_eq!(answer.header("access-control-allow-credentials"), None, "{path}");
    }
}

#[tokio::test]
async fn scripts_of_listed_origins_may_send_cookies_and_no_others() {
    let listed = connector_web::CorsOrigins::Listed(vec!["https://app.example".parse().unwrap()]);
    let app = TestApp::start_with(Engine::Sqlite, |setup| setup.cors_origins = listed).await.unwrap();
    let from = async |origin: &str| app.browser().get("/healthz").header("Origin", origin).await;
    let ours = from("https://app.example").await;
    assert_eq!(ours.header("access-control-allow-origin"), Some("https://app.example"));
    assert_eq!(ours.header("access-control-allow-credentials"), Some("true"));
    for other in ["https://app.example.evil.example", "http://app.example", "null"] {
        assert_eq!(from(other).await.header("access-control-allow-origin"), None, "{other}");
    }
}
