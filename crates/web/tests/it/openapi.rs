//! The OpenAPI document: kept in the repository, whole in itself, and true of the router.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use connector_store::Engine;
use connector_testkit::TestApp;
use serde_json::Value;

fn document() -> Value {
    serde_json::to_value(connector_web::openapi()).unwrap()
}

/// (method, path, operation)
fn operations(document: &Value) -> Vec<(String, String, &Value)> {
    let mut all = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            all.push((method.to_uppercase(), path.clone(), operation));
        }
    }
    all
}

#[test]
fn the_document_in_the_repository_is_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/openapi.json");
    let kept = fs::read_to_string(&path).unwrap_or_default();
    let made = serde_json::to_string_pretty(&connector_web::openapi()).unwrap();
    if kept.trim_end() != made {
        let differs = made.lines().zip(kept.lines()).find(|(made, kept)| made != kept);
        panic!("docs/openapi.json is not what the program prints ({differs:?}): run `cargo xtask openapi`");
    }
}

#[tokio::test]
async fn every_operation_of_the_document_exists() {
    let app = TestApp::start(Engine::Sqlite).await.unwrap();
    let document = document();
    let operations = operations(&document);
    assert!(operations.len() >= 33, "{}", operations.len());
    for (method, path, _) in operations {
        let address = path
            .replace("{provider}", "jira")
            .replace("{id}", "00000000-0000-7000-8000-000000000000")
            .split('/')
            .map(|part| if part.starts_with('{') { "1" } else { part })
            .collect::<Vec<_>>()
            .join("/");
        let answer = app.browser().call(&method, &address).await;
        assert_ne!(answer.status, 405, "{method} {path}");
        assert!(!answer.text().contains("There is nothing at"), "{method} {path}: {}", answer.text());
    }
}

#[tokio::test]
async fn the_service_gives_out_the_same_document() {
    let app = TestApp::start(Engine::Sqlite).await.unwrap();
    assert_eq!(app.browser().get("/openapi.json").await.expect(200).json(), document());
}

#[test]
fn the_document_has_every_route_of_the_seed() {
    let document = document();
    let documented: BTreeSet<_> =
        operations(&document).into_iter().map(|(method, path, _)| format!("{method} {path}")).collect();
    for route in [
        "GET /",
        "POST /users",
        "GET /users",
        "GET /users/{user_id}",
        "POST /integrations/jira/connect",
        "POST /integrations/confluence/connect",
        "GET /integrations/jira/projects/fetch",
        "GET /integrations/confluence/pages/fetch",
        "POST /jira/projects",
        "GET /jira/projects/{owner_id}",
        "POST /confluence/pages",
        "GET /confluence/pages/{owner_id}",
        "GET /api/oauth/atlassian/login",
        "GET /api/oauth/callback/atlassian",
        "POST /api/oauth/atlassian/refresh",
        "GET /api/atlassian/resources",
        "GET /auth/{provider}/login",
        "GET /auth/{provider}/callback",
        "GET /api/auth/{provider}/login",
        "GET /api/auth/{provider}/callback",
    ] {
        assert!(documented.contains(route), "{route}");
    }
}

#[test]
fn the_document_is_whole_in_itself() {
    let document = document();
    let mut ids = BTreeSet::new();
    let tags: BTreeSet<_> =
        document["tags"].as_array().unwrap().iter().map(|tag| &tag["name"]).map(Value::to_string).collect();
    for (method, path, operation) in operations(&document) {
        let id = operation["operationId"].as_str().unwrap_or_else(|| panic!("{method} {path} has no id"));
        assert!(ids.insert(id.to_owned()), "{id} stands there twice");
        assert!(operation["summary"].as_str().is_some_and(|text| !text.is_empty()), "{method} {path}");
        for tag in operation["tags"].as_array().unwrap() {
            assert!(tags.contains(&tag.to_string()), "{tag} of {method} {path}");
        }
        let named: BTreeSet<_> =
            path.split('{').skip(1).map(|rest| rest.split('}').next().unwrap()).collect();
        let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
        let described: BTreeSet<_> = parameters
            .iter()
            .filter(|parameter| parameter["in"] == "path")
            .map(|parameter| parameter["name"].as_str().unwrap())
            .collect();
        assert_eq!(named, described, "{method} {path}");
    }
    follow_references(&document, &document);
}

fn follow_references(document: &Value, part: &Value) {
    match part {
        Value::Object(members) => {
            if let Some(Value::String(reference)) = members.get("$ref") {
                let pointer =
                    reference.strip_prefix('#').unwrap_or_else(|| panic!("{reference} leads outside"));
                assert!(document.pointer(pointer).is_some(), "{reference} leads nowhere");
            }
            members.values().for_each(|member| follow_references(document, member));
        }
        Value::Array(items) => items.iter().for_each(|item| follow_references(document, item)),
        _ => {}
    }
}
