//! Every operation of the OpenAPI document, called as each kind of caller: who is let in is what the document says.

use connector_domain::{KeyScope, Secret};
use connector_store::Engine;
use connector_testkit::{AuthMode, Browser, TestApp};
use rstest::rstest;
use serde_json::Value;

/// How a caller fares.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// Whatever the answer, it is not about who calls.
    In,
    /// 401: nobody knows who it is.
    Unknown,
    /// 403: it is known, and may not.
    Denied,
}

use Fate::{Denied, In, Unknown};

const KINDS: [&str; 7] =
    ["anonymous", "dead cookie", "person", "key read", "key manage", "key admin", "key that opens nothing"];

/// What each kind of caller, in the order of [`KINDS`], is promised for a need.
fn promised(auth: AuthMode, need: &str) -> [Fate; 7] {
    match (auth, need) {
        // What needs nothing does not look at the key either, or looks and refuses one that is wrong.
        (_, "open") => [In, In, In, In, In, In, In],
        (AuthMode::Public, "read" | "observe") => [In, In, In, In, In, In, Unknown],
        (AuthMode::Public, "write" | "manage") => [In, In, In, Denied, In, In, Unknown],
        (AuthMode::Required, "read") => [Unknown, Unknown, In, In, In, In, Unknown],
        (AuthMode::Required, "observe") => [Unknown, Unknown, Denied, In, In, In, Unknown],
        (AuthMode::Required, "write") => [Unknown, Unknown, In, Denied, In, In, Unknown],
        (AuthMode::Required, "manage") => [Unknown, Unknown, Denied, Denied, In, In, Unknown],
        (_, "session") => [Unknown, Unknown, In, Denied, Denied, Denied, Unknown],
        (_, "admin") => [Unknown, Unknown, Denied, Denied, Denied, In, Unknown],
        (_, other) => panic!("nobody has said who may do what needs `{other}`"),
    }
}

/// The operations: method, path with an id of nothing in place of each parameter, need.
fn operations(document: &Value) -> Vec<(String, String, String)> {
    let mut operations = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let need = operation["x-connector-needs"].as_str();
            let need = need.unwrap_or_else(|| panic!("{method} {path} does not say what it needs"));
            let path = path
                .replace("{user_id}", "999999")
                .replace("{owner_id}", "999999")
                .replace("{provider}", "jira")
                .replace("{id}", "00000000-0000-7000-8000-000000000000")
                .replace("{page_id}", "999999")
                .replace("{id_or_key}", "NONE-1");
            assert!(!path.contains('{'), "{path}: say what stands in place of its parameter");
            operations.push((method.to_uppercase(), path, need.to_owned()));
        }
    }
    operations
}

fn fate(status: u16) -> Fate {
    match status {
        401 => Unknown,
        403 => Denied,
        _ => In,
    }
}

#[rstest]
#[tokio::test]
async fn each_caller_may_do_what_the_document_says(
    #[values(AuthMode::Public, AuthMode::Required)] auth: AuthMode,
) {
    let app = TestApp::start_with(Engine::Sqlite, |setup| setup.auth = auth).await.unwrap();
    let dead = app.browser();
    dead.set_cookie("sid", "no-session-has-this-id-000000000000000000000");
    let person = app.browser();
    person.connect().await;
    let mut wrong = app.server(&[KeyScope::Admin]).await;
    wrong = wrong.with_key(&Secret::new("jcc_live_000000000000_00000000000000000000000000000000000000"));
    let callers: [Browser; 7] = [
        app.browser(),
        dead,
        person.clone(),
        app.server(&[KeyScope::Read]).await,
        app.server(&[KeyScope::Manage]).await,
        app.server(&[KeyScope::Admin]).await,
        wrong,
    ];
    let operations = operations(&app.browser().get("/openapi.json").await.json());
    assert!(operations.len() >= 45, "{}", operations.len());
    for (method, path, need) in operations {
        for ((kind, caller), promised) in KINDS.iter().zip(&callers).zip(promised(auth, &need)) {
            let answer = caller.call(&method, &path).await;
            let open = need == "open" && answer.status == 401 && *kind == "key that opens nothing";
            assert!(
                fate(answer.status) == promised || open,
                "{method} {path} ({need}) as {kind}: {} {}",
                answer.status,
                answer.text()
            );
            assert!(answer.status < 500, "{method} {path} as {kind}: {}", answer.text());
        }
        if path == "/api/logout" {
            person.connect().await;
        }
    }
}
