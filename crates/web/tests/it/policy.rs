//! Every operation of the OpenAPI document, called as each kind of caller: who is let in is what the document says.

use std::time::Duration;

use connector_connections::NewApiKey;
use connector_domain::{Actor, KeyScope, Secret};
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

const KINDS: [&str; 11] = [
    "anonymous",
    "dead cookie",
    "person",
    "key read",
    "key manage",
    "key admin",
    "key mistyped",
    "key unknown",
    "key with another's secret",
    "key revoked",
    "key expired",
];
/// The kinds from here on are keys that open nothing, which fare alike.
const WRONG: usize = 6;

/// Admin keys that open nothing, in the order of [`KINDS`].
async fn wrong_keys(app: &TestApp) -> [Secret; 5] {
    let make = async |lifetime| {
        let (name, scopes) = ("wrong".to_owned(), [KeyScope::Admin].into_iter().collect());
        let new = NewApiKey { name, scopes, user_id: None, lifetime };
        app.connections.create_api_key(Actor::Operator, new).await.unwrap()
    };
    let (hour, day) = (Duration::from_hours(1), Duration::from_hours(24));
    let (_, sound) = make(day).await;
    let mut mistyped = sound.expose().to_owned();
    let last = if mistyped.pop() == Some('0') { '1' } else { '0' };
    mistyped.push(last);
    let (unknown, unknown_key) = make(day).await;
    let (other, other_key) = make(day).await;
    app.database.execute(&format!("DELETE FROM api_keys WHERE id = '{}'", unknown.id)).await;
    // As good as a key with this id and a secret that is another's: its own check digits fit.
    app.database
        .execute(&format!(
            "UPDATE api_keys SET secret_hash = (SELECT MAX(secret_hash) FROM api_keys WHERE id <> '{0}') WHERE id = '{0}'",
            other.id
        ))
        .await;
    let (revoked, revoked_key) = make(day).await;
    app.connections.revoke_api_key(Actor::Operator, &revoked.id).await.unwrap();
    let (_, expired_key) = make(hour).await;
    app.clock.advance(hour);
    [Secret::new(mistyped), unknown_key, other_key, revoked_key, expired_key]
}

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
                .replace("{token}", "no-link-has-this-secret")
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
    let wrong = wrong_keys(&app).await;
    let dead = app.browser();
    dead.set_cookie("sid", "no-session-has-this-id-000000000000000000000");
    let person = app.browser();
    person.connect().await;
    let mut callers: Vec<Browser> = vec![
        app.browser(),
        dead,
        person.clone(),
        app.server(&[KeyScope::Read]).await,
        app.server(&[KeyScope::Manage]).await,
        app.server(&[KeyScope::Admin]).await,
    ];
    callers.extend(wrong.iter().map(|key| app.browser().with_key(key)));
    assert_eq!(callers.len(), KINDS.len());
    let mut asked = 0;
    let operations = operations(&app.browser().get("/openapi.json").await.json());
    assert!(operations.len() >= 45, "{}", operations.len());
    for (method, path, need) in operations {
        // Keys that open nothing are let try again, one a second.
        app.clock.advance(Duration::from_secs(5));
        let promised = promised(auth, &need);
        for (at, (kind, caller)) in KINDS.iter().zip(&callers).enumerate() {
            let promised = promised[at.min(WRONG)];
            let answer = caller.call(&method, &path).await;
            asked += 1;
            let open = need == "open" && answer.status == 401 && at >= WRONG;
            assert!(
                fate(answer.status) == promised || open,
                "{method} {path} ({need}) as {kind}: {} {}",
                answer.status,
                answer.text()
            );
            assert!(answer.status < 500, "{method} {path} as {kind}: {}", answer.text());
        }
        if path == "/api/logout" || (method == "DELETE" && path == "/api/sessions") {
            person.connect().await;
        }
    }
    eprintln!("{asked} calls, each answered as the document says");
}
