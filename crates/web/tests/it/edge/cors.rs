//! Which pages' scripts may read what.

use axum::http::HeaderValue;
use connector_store::Engine;
use connector_testkit::{Answer, TestApp};
use connector_web::CorsOrigins;

const LISTED: &str = "https://app.example";
const APART: [&str; 8] = [
    "/api/oauth/atlassian/login",
    "/api/oauth/callback/atlassian",
    "/auth/jira/login",
    "/auth/jira/callback",
    "/console",
    "/connected",
    "/metrics",
    "/docs/",
];

async fn start(origins: CorsOrigins) -> TestApp {
    TestApp::start_with(Engine::Sqlite, |setup| setup.cors_origins = origins).await.unwrap()
}

fn listed() -> CorsOrigins {
    CorsOrigins::Listed(vec![HeaderValue::from_static(LISTED)])
}

async fn preflight(app: &TestApp, path: &str, origin: &str) -> Answer {
    app.browser()
        .call("OPTIONS", path)
        .header("origin", origin)
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "content-type")
        .await
}

fn allowed(answer: &Answer) -> Vec<&'static str> {
    let names = [
        "access-control-allow-origin",
        "access-control-allow-credentials",
        "access-control-allow-methods",
        "access-control-allow-headers",
        "access-control-expose-headers",
    ];
    names.into_iter().filter(|name| answer.header(name).is_some()).collect()
}

#[tokio::test]
async fn listed_origins_have_cookies_and_others_nothing() {
    let app = start(listed()).await;
    let ours = preflight(&app, "/users", LISTED).await.expect(200);
    assert_eq!(ours.header("access-control-allow-origin"), Some(LISTED));
    assert_eq!(ours.header("access-control-allow-credentials"), Some("true"));
    assert!(ours.header("access-control-allow-methods").unwrap().contains("PATCH"));
    for other in ["https://evil.example", "null", "https://app.example.evil.example", "http://app.example"] {
        assert_eq!(allowed(&preflight(&app, "/users", other).await), [""; 0], "{other}");
        let read = app.browser().get("/users").header("origin", other).await.expect(200);
        assert_eq!(allowed(&read), [""; 0], "{other}");
    }
}

#[tokio::test]
async fn answers_say_that_they_differ_by_origin() {
    for origins in [listed(), CorsOrigins::Any] {
        let app = start(origins).await;
        for origin in [None, Some(LISTED), Some("https://evil.example")] {
            let mut call = app.browser().get("/users");
            if let Some(origin) = origin {
                call = call.header("origin", origin);
            }
            let answer = call.await.expect(200);
            let vary = answer.headers("vary").join(",").to_lowercase();
            assert!(vary.contains("origin"), "{origin:?}: {vary}");
        }
    }
}

#[tokio::test]
async fn everybody_means_without_cookies() {
    let app = start(CorsOrigins::Any).await;
    let read = app.browser().get("/users").header("origin", "https://anywhere.example").await.expect(200);
    assert_eq!(read.header("access-control-allow-origin"), Some("*"));
    assert_eq!(read.header("access-control-allow-credentials"), None);
}

#[tokio::test]
async fn logins_the_console_and_figures_are_for_no_script() {
    for origins in [listed(), CorsOrigins::Any] {
        let app = start(origins).await;
        for path in APART {
            let read = app.browser().get(path).header("origin", LISTED).await;
            assert_eq!(allowed(&read), [""; 0], "{path}");
            assert_eq!(allowed(&preflight(&app, path, LISTED).await), [""; 0], "{path}");
        }
    }
}
