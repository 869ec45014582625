//! What answers tell browsers.

use connector_store::Engine;
use connector_testkit::{Answer, TestApp};

use super::operations;

fn check(answer: &Answer, what: &str) {
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-site"),
    ] {
        assert_eq!(answer.header(name), Some(value), "{name} of {what}");
    }
    let policy = answer.header("content-security-policy").unwrap_or_else(|| panic!("{what} has no policy"));
    for needed in ["default-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"] {
        assert!(policy.contains(needed), "{what}: {policy}");
    }
    assert!(!policy.contains("unsafe-eval"), "{what}: {policy}");
    assert!(answer.header("cache-control").is_some(), "{what}");
}

#[tokio::test]
async fn every_answer_has_them() {
    let app = TestApp::start(Engine::Sqlite).await.unwrap();
    let browser = app.connected().await;
    for operation in operations(&app).await {
        let answer = browser.call(&operation.method, &operation.path).await;
        let what = format!("{} {} {}", operation.method, operation.path, answer.status);
        check(&answer, &what);
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{what}");
        assert_eq!(answer.header("strict-transport-security"), None, "{what}");
        check(&browser.for_pages().call(&operation.method, &operation.path).await, &what);
    }
    for path in ["/no/such/route", "/docs/", "/docs/swagger-ui.css", "/assets/console.css", "/redoc"] {
        check(&browser.get(path).await, path);
    }
}

#[tokio::test]
async fn pages_run_no_inline_script_and_set_no_inline_style() {
    let app = TestApp::start(Engine::Sqlite).await.unwrap();
    let browser = app.browser().for_pages();
    for page in ["/console", "/connected", "/no/such/page"] {
        let answer = browser.get(page).await;
        let policy = answer.header("content-security-policy").unwrap();
        assert!(
            policy.contains("script-src 'self'") && !policy.contains("unsafe-inline"),
            "{page}: {policy}"
        );
    }
    // The documentation's own program sets styles; no script is inline there either.
    let docs = browser.get("/docs/").await.expect(200);
    let policy = docs.header("content-security-policy").unwrap();
    let scripts = policy.split(';').find(|part| part.trim().starts_with("script-src")).unwrap();
    assert_eq!(scripts.trim(), "script-src 'self'");
    for tag in docs.text().split("<script").skip(1) {
        assert!(tag.split('>').next().unwrap().contains("src="), "inline: {tag}");
    }
}

#[tokio::test]
async fn over_https_browsers_are_told_to_stay_there() {
    let public = "https://connector.example".parse().unwrap();
    let app = TestApp::start_with(Engine::Sqlite, |setup| setup.public_url = Some(public)).await.unwrap();
    for path in ["/healthz", "/users", "/console", "/no/such"] {
        let answer = app.browser().get(path).await;
        assert_eq!(answer.header("strict-transport-security"), Some("max-age=63072000"), "{path}");
    }
}

/// Anybody can write a link to the page on which a login ends.
#[tokio::test]
async fn the_page_after_a_login_shows_nobody_else_s_words() {
    let app = TestApp::start(Engine::Sqlite).await.unwrap();
    let browser = app.browser().for_pages();
    let page = browser.get("/connected?status=error&message=Call+555-0100&reason=Call+555-0100").await;
    assert!(!page.expect(200).text().contains("555-0100"));
    let landed = browser.get("/api/oauth/callback/atlassian?state=nobody-s&code=x").await.expect(302);
    let page = browser.get(landed.location().as_str()).await.expect(200).text();
    assert!(page.contains("This login is not known here"), "{page}");
}
