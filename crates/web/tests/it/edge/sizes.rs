//! Requests that are larger than any that is meant.

use connector_store::Engine;
use connector_testkit::TestApp;
use serde_json::json;

use super::{operations, raw};

#[tokio::test]
async fn a_body_that_is_too_large() {
    let app = TestApp::start(Engine::Sqlite).await.unwrap();
    let body = format!("{{\"email\": \"{}\"}}", "x".repeat(2_000_000));
    for operation in operations(&app).await {
        let call =
            app.browser().call(&operation.method, &operation.path).body("application/json", body.as_str());
        let detail = call.await.detail(413);
        assert!(detail.contains("1048576 bytes"), "{} {detail}", operation.path);
    }
    // One that does not say beforehand how large it is.
    let head = format!(
        "POST /users HTTP/1.1\r\nhost: {}\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n",
        app.browser().authority()
    );
    let chunk = format!("{:x}\r\n{}\r\n", 0x8000, "x".repeat(0x8000));
    // One chunk more than there may be, so that all that was sent is read before the answer.
    let answer = raw(&app, &format!("{head}{}", chunk.repeat(33))).await;
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    assert_eq!(app.database.count("users").await, 0);
}

#[tokio::test]
async fn an_address_or_a_head_that_is_too_large() {
    let app = TestApp::start(Engine::Sqlite).await.unwrap();
    let browser = app.browser();
    for path in ["/users?x=", "/", "/no/such/", "/console?x=", "/api/oauth/callback/atlassian?code="] {
        let detail = browser.get(&format!("{path}{}", "x".repeat(9_000))).await.detail(414);
        assert!(detail.contains("8192"), "{detail}");
    }
    browser.get(&format!("/users?x={}", "x".repeat(8_000))).await.expect(200);
    for name in ["cookie", "x-anything", "authorization"] {
        browser.get("/users").header(name, &"x".repeat(20_000)).await.detail(431);
    }
    // What is larger than anything that is read at all, too.
    let huge = format!("GET / HTTP/1.1\r\nhost: x\r\nx: {}\r\n\r\n", "x".repeat(200_000));
    assert!(is_problem(&raw(&app, &huge).await, 431));
    let many = format!("GET / HTTP/1.1\r\nhost: x\r\n{}\r\n", "x: y\r\n".repeat(200));
    assert!(is_problem(&raw(&app, &many).await, 431));
    let long = format!("GET /{} HTTP/1.1\r\nhost: x\r\n\r\n", "x".repeat(65_000 + 600));
    let answer = raw(&app, &long).await;
    assert!(is_problem(&answer, 414) || is_problem(&answer, 431), "{answer}");
    assert!(is_problem(&raw(&app, "no request\r\n\r\n").await, 400));
}

fn is_problem(answer: &str, status: u16) -> bool {
    answer.starts_with(&format!("HTTP/1.1 {status} "))
        && answer.contains("application/problem+json")
        && answer.contains(&format!("\"status\":{status}"))
}

#[tokio::test]
async fn bodies_that_are_too_deep_or_hold_too_long_a_text() {
    let app = TestApp::start(Engine::Sqlite).await.unwrap();
    let browser = app.browser();
    let post = |body: String| browser.call("POST", "/users").body("application/json", body);
    for depth in [33, 1_000, 100_000] {
        let deep = format!("{{\"email\": {}{}}}", "[".repeat(depth), "]".repeat(depth));
        assert!(post(deep).await.detail(422).contains("nested deeper than 32"), "{depth}");
        assert!(post("{\"a\":".repeat(depth)).await.detail(422).contains("nested deeper"), "{depth}");
    }
    let long = format!("{{\"email\": \"a@example.com\", \"x\": \"{}\"}}", "x".repeat(70_000));
    assert!(post(long).await.detail(422).contains("longer than 65536"), "a field that nobody reads, too");
    let long_name = json!({"email": "a@example.com", "display_name": "x".repeat(256)});
    assert_eq!(browser.post("/users", &long_name).await.pointers(), ["/display_name"]);
    for limit in ["0", "1001", "-1", "x", "99999999999999999999"] {
        assert_eq!(browser.get(&format!("/users?limit={limit}")).await.pointers(), ["/query/limit"]);
    }
    assert_eq!(app.database.count("users").await, 0);
}

/// Line breaks in what a caller sends never become lines of an answer.
#[tokio::test]
async fn no_line_of_an_answer_is_a_caller_s() {
    let app = TestApp::start(Engine::Sqlite).await.unwrap();
    let evil = "%0d%0aset-cookie:%20sid=chosen";
    for path in [
        format!("/api/oauth/atlassian/login?state={evil}"),
        format!("/api/oauth/callback/atlassian?error={evil}&state={evil}"),
        format!("/connected?reason={evil}&status=error"),
        format!("/users?limit=1&x={evil}"),
        format!("/{evil}"),
    ] {
        let head = format!(
            "GET {path} HTTP/1.1\r\nhost: {}\r\nx-request-id: a\r\naccept: text/html\r\n\
            connection: close\r\n\r\n",
            app.browser().authority()
        );
        let answer = raw(&app, &head).await;
        let head = answer.split("\r\n\r\n").next().unwrap().to_lowercase();
        assert!(!head.contains("\nset-cookie: sid=chosen"), "{path}: {head}");
    }
}
