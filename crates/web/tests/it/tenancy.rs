//! Every operation of the OpenAPI document that takes an id, called with ids of somebody else: the answer is the one
//! that a missing id gets.

use std::time::Duration;

use connector_connections::NewApiKey;
use connector_domain::{Actor, KeyScope, UserId};
use connector_store::Engine;
use connector_testkit::{Answer, AuthMode, Browser, TestApp};
use rstest::rstest;
use serde_json::{Value, json};

/// What of the other person's an id in this place can name, and an id of the same form that names nothing.
#[derive(Debug, Clone)]
struct Pair {
    theirs: String,
    missing: String,
}

const NO_UUID: &str = "00000000-0000-7000-8000-000000000000";

struct Theirs {
    user: String,
    connection: String,
    sync: String,
    session: String,
    key: String,
    issue: (String, String),
    page: String,
    post: String,
}

impl Theirs {
    async fn of(ada: &Browser, admin: &Browser) -> Self {
        let first = async |path: &str, member: &str| {
            let list = ada.get(path).await.expect(200).json();
            let value = &list["items"][0][member];
            value.as_str().map_or_else(|| value.to_string(), str::to_owned)
        };
        let user = ada.get("/api/me").await.json()["user"]["id"].to_string();
        let new = json!({"name": "hers", "scopes": ["read"], "user_id": user.parse::<i64>().unwrap()});
        Self {
            connection: first("/api/connections", "id").await,
            sync: first("/api/syncs", "id").await,
            session: first("/api/sessions", "id").await,
            key: admin.post("/api/api-keys", &new).await.expect(201).json()["id"]
                .as_str()
                .unwrap()
                .to_owned(),
            issue: (first("/api/jira/issues", "remote_id").await, first("/api/jira/issues", "key").await),
            page: first("/api/confluence/pages", "remote_id").await,
            // Blog posts are not read by default; one of hers is told from a missing one by its owner all the same.
            post: "777".to_owned(),
            user,
        }
    }

    /// The ids that fit a parameter of a path, of a query or of a body.
    fn pairs(&self, path: &str, name: &str) -> Vec<Pair> {
        let pair =
            |theirs: &str, missing: &str| Pair { theirs: theirs.to_owned(), missing: missing.to_owned() };
        match (name, path) {
            ("user_id" | "owner_id", _) => vec![pair(&self.user, "999999")],
            ("connection_id", _) => vec![pair(&self.connection, NO_UUID)],
            ("id_or_key", _) => vec![pair(&self.issue.0, "999999"), pair(&self.issue.1, "NONE-1")],
            ("page_id", _) => vec![pair(&self.page, "999999")],
            ("id", path) if path.starts_with("/api/connections/") => vec![pair(&self.connection, NO_UUID)],
            ("id", path) if path.starts_with("/api/syncs/") => vec![pair(&self.sync, NO_UUID)],
            ("id", path) if path.starts_with("/api/sessions/") => vec![pair(&self.session, NO_UUID)],
            ("id", path) if path.starts_with("/api/api-keys/") => vec![pair(&self.key, "000000000000")],
            ("id", path) if path.starts_with("/api/confluence/pages/") => vec![pair(&self.page, "999999")],
            ("id", path) if path.starts_with("/api/confluence/blog-posts/") => {
                vec![pair(&self.post, "999999")]
            }
            // They name nobody's rows: a product, a secret, a place in a list, a filter within one's own.
            ("provider" | "token" | "cursor" | "cloud_id" | "space_key" | "actor_id", _) => Vec::new(),
            (name, path) => {
                assert!(!name.ends_with("id") && !name.contains("key"), "{path}: say whose `{name}` is");
                Vec::new()
            }
        }
    }
}

/// A call with an id in one place, once somebody's and once nobody's.
#[derive(Debug, Clone)]
struct Case {
    method: String,
    /// With `{}` where the id stands.
    path: String,
    /// With the text `{}` where the id stands; a number where `number` says so.
    body: Option<Value>,
    number: bool,
    pair: Pair,
}

/// A body that an operation takes, with all ids that it may have. Each is tried in its turn.
fn bodies(path: &str) -> Vec<Value> {
    match path {
        "/jira/projects" => vec![json!({"owner_id": "{}", "key": "K", "name": "N"})],
        "/confluence/pages" => {
            vec![json!({"owner_id": "{}", "space_key": "S", "page_id": "1", "title": "T"})]
        }
        "/api/syncs" => vec![json!({"connection_id": "{}"})],
        "/api/connect-links" => vec![json!({"user_id": "{}"})],
        "/api/api-keys" => vec![json!({"name": "n", "scopes": ["read"], "user_id": "{}"})],
        "/api/connections/{id}"
        | "/users"
        | "/integrations/jira/connect"
        | "/integrations/confluence/connect" => Vec::new(),
        other => panic!("{other}: say which ids its body may hold"),
    }
}

fn cases(document: &Value, theirs: &Theirs) -> Vec<Case> {
    let mut cases = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let method = method.to_uppercase();
            let no_parameters = Vec::new();
            let parameters = operation["parameters"].as_array().unwrap_or(&no_parameters);
            let of = |place: &str| {
                let named = parameters.iter().filter(move |one| one["in"] == place);
                named.map(|one| one["name"].as_str().unwrap()).collect::<Vec<_>>()
            };
            let has_body = operation.get("requestBody").is_some();
            let body = |method: &str| (has_body && method == "PATCH").then(|| json!({"streams": null}));
            let mut filled = path.replace("{provider}", "jira").replace("{token}", "none");
            for name in of("path") {
                for pair in theirs.pairs(path, name) {
                    let path = path.replace(&format!("{{{name}}}"), "{}");
                    cases.push(Case {
                        method: method.clone(),
                        path: path.clone(),
                        body: body(&method),
                        number: false,
                        pair: pair.clone(),
                    });
                    // The id together with whose it is.
                    if of("query").contains(&"owner_id") {
                        let path = format!("{path}?owner_id={}", theirs.user);
                        cases.push(Case { method: method.clone(), path, body: None, number: false, pair });
                    }
                }
                let own = if name == "id" || name == "id_or_key" || name == "page_id" { "1" } else { "" };
                filled = filled.replace(&format!("{{{name}}}"), own);
            }
            for name in of("query") {
                for pair in theirs.pairs(path, name) {
                    let path = format!("{filled}?{name}={{}}");
                    cases.push(Case { method: method.clone(), path, body: None, number: false, pair });
                }
            }
            if !has_body {
                continue;
            }
            for body in bodies(path) {
                let name =
                    body.as_object().unwrap().iter().find(|(_, value)| **value == "{}").unwrap().0.clone();
                for pair in theirs.pairs(path, &name) {
                    let number = name != "connection_id";
                    let body = Some(body.clone());
                    cases.push(Case { method: method.clone(), path: filled.clone(), body, number, pair });
                }
            }
        }
    }
    cases
}

async fn send(caller: &Browser, case: &Case, id: &str) -> Answer {
    let call = caller.call(&case.method, &case.path.replace("{}", id));
    match &case.body {
        Some(body) => {
            let mut body = body.clone();
            for value in body.as_object_mut().unwrap().values_mut().filter(|value| **value == "{}") {
                *value = if case.number { json!(id.parse::<i64>().unwrap()) } else { json!(id) };
            }
            call.json(&body).await
        }
        None => call.await,
    }
}

/// What an answer says, without what names this request or the id that was asked for.
fn said(answer: &Answer, id: &str) -> (u16, String, Vec<String>) {
    let mut text = answer.text();
    if let Ok(mut json) = serde_json::from_str::<Value>(&text) {
        if let Some(request_id) = json.get_mut("request_id") {
            *request_id = Value::Null;
        }
        text = json.to_string();
    }
    let headers = ["content-type", "cache-control", "www-authenticate", "location", "set-cookie", "etag"];
    let headers = headers.iter().map(|name| answer.header(name).unwrap_or_default().to_owned()).collect();
    (answer.status, text.replace(id, "ID"), headers)
}

#[rstest]
#[tokio::test]
async fn an_id_of_somebody_else_is_as_one_that_is_missing(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[values(AuthMode::Required, AuthMode::Public)] auth: AuthMode,
) {
    let started = TestApp::start_with(engine, |setup| setup.auth = auth);
    let Some(app) = started.await else { return };
    let ada = app.connected().await;
    app.stop_jobs().await.unwrap();
    let admin = app.server(&[KeyScope::Admin]).await;
    let theirs = Theirs::of(&ada, &admin).await;
    let ben = app.browser();
    ben.connect_as("Ben").await;
    let bens = ben.get("/api/me").await.json()["user"]["id"].as_i64().unwrap();
    // A key for Ben's rows: in public mode too.
    let new = NewApiKey {
        name: "Ben's".to_owned(),
        scopes: [KeyScope::Manage].into_iter().collect(),
        user_id: Some(UserId(bens)),
        lifetime: Duration::from_hours(1),
    };
    let (_, key) = app.connections.create_api_key(Actor::Operator, new).await.unwrap();
    let mut callers = vec![("key", ben.with_key(&key))];
    if auth == AuthMode::Required {
        callers.push(("session", ben.clone()));
    }
    let cases = cases(&app.browser().get("/openapi.json").await.json(), &theirs);
    assert!(cases.len() >= 50, "{} cases", cases.len());
    let email = "ada@example.com";
    for case in &cases {
        for (kind, caller) in &callers {
            let foreign = send(caller, case, &case.pair.theirs).await;
            let missing = send(caller, case, &case.pair.missing).await;
            assert_eq!(
                said(&foreign, &case.pair.theirs),
                said(&missing, &case.pair.missing),
                "{kind}: {} {} {:?}",
                case.method,
                case.path,
                case.body
            );
            assert!((400..500).contains(&foreign.status), "{kind}: {case:?}: {}", foreign.text());
            assert!(!foreign.text().contains(email), "{case:?}");
        }
    }
    eprintln!("{} ids of another, each answered as one that is missing", cases.len() * callers.len());
    // And nothing of hers has changed by all that.
    let me = ada.get("/api/me").await.expect(200).json();
    assert_eq!(me["user"]["id"].to_string(), theirs.user);
    let connection = ada.get(&format!("/api/connections/{}", theirs.connection)).await.expect(200).json();
    assert_eq!((&connection["status"], &connection["chosen_streams"]), (&"active".into(), &Value::Null));
    let projects = ada.get(&format!("/jira/projects/{}", theirs.user)).await.expect(200).json();
    assert!(projects.as_array().unwrap().iter().all(|project| project["key"] != "K"));
}

#[rstest]
#[tokio::test]
async fn what_is_without_an_id_shows_one_s_own(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let started = TestApp::start_with(engine, |setup| setup.auth = AuthMode::Required);
    let Some(app) = started.await else { return };
    let ada = app.connected().await;
    app.stop_jobs().await.unwrap();
    let ben = app.browser();
    ben.connect_as("Ben").await;
    let bens = ben.get("/api/me").await.json()["user"]["id"].clone();
    let new = json!({"name": "Ben's", "scopes": ["manage"], "user_id": bens});
    let key = app.server(&[KeyScope::Admin]).await.post("/api/api-keys", &new).await.expect(201).json();
    let key = connector_domain::Secret::new(key["key"].as_str().unwrap());
    let document = app.browser().get("/openapi.json").await.json();
    let hers = ada.get("/api/me").await.json();
    let connection = hers["connection_id"].as_str().unwrap();
    let mut seen = 0;
    for (path, item) in document["paths"].as_object().unwrap() {
        if path.contains('{') || item.get("get").is_none() {
            continue;
        }
        for caller in [&ben, &ben.with_key(&key)] {
            let answer = caller.get(path).await;
            seen += 1;
            for secret in ["ada@example.com", connection] {
                assert!(!answer.text().contains(secret), "{path}: {}", answer.text());
            }
            if let Some(items) =
                serde_json::from_str::<Value>(&answer.text()).ok().and_then(|json| json.get("items").cloned())
            {
                assert!(items.as_array().unwrap().len() <= 1, "{path}: {items}");
            }
        }
    }
    assert!(seen >= 30, "{seen}");
}
