//! A checker that never complains is worth nothing.

use std::sync::Arc;

use connector_conformance::allowed::Allowed;
use connector_conformance::check::{Answer, Checker};
use connector_conformance::openapi::{Api, Document, Documents};
use connector_conformance::recorded::Recorded;
use connector_conformance::walk::consent::{Person, basic};
use connector_testkit::{Browser, Sandbox, SandboxOptions};
use serde_json::{Value, json};

const PATH: &str = "/ex/jira/1/rest/api/3/thing/7";
const LIST: &str = "/ex/jira/1/rest/api/3/thing";

/// A document with everything that schemas of Atlassian's have.
fn checker() -> Checker {
    let content = json!({
        "openapi": "3.0.1",
        "paths": {
            "/rest/api/3/thing": { "get": {
                "parameters": [
                    { "name": "limit", "in": "query", "schema": { "type": "integer", "maximum": 100 } },
                    { "name": "ids", "in": "query", "schema": { "type": "array", "items": { "type": "integer" } } },
                    { "$ref": "#/components/parameters/Kind" },
                ],
                "responses": { "200": {} },
                "x-atlassian-oauth2-scopes": [
                    { "scopes": ["read:thing"] }, { "scopes": ["read:a:jira", "read:b:jira"] },
                ],
            } },
            "/rest/api/3/thing/{id}": {
                "get": { "responses": { "200": { "content": { "application/json": {
                    "schema": { "$ref": "#/components/schemas/Thing" },
                } } }, "404": {} } },
                "post": {
                    "requestBody": { "required": true, "content": { "application/json": {
                        "schema": { "$ref": "#/components/schemas/Owner" },
                    } } },
                    "responses": { "204": {} },
                },
            },
        },
        "components": {
            "parameters": {
                "Kind": { "name": "kind", "in": "query", "required": true, "schema": { "enum": ["a", "b"] } },
            },
            "schemas": {
                "Base": {
                    "type": "object", "additionalProperties": false, "required": ["id"],
                    "properties": { "id": { "type": "string" }, "links": { "properties": { "self": {} } } },
                },
                "Owner": { "type": "object", "required": ["name"], "properties": { "name": { "type": "string" } } },
                "Thing": { "allOf": [
                    { "$ref": "#/components/schemas/Base" },
                    { "type": "object", "properties": {
                        "links": { "properties": { "base": { "type": "string" } } },
                        "owner": { "$ref": "#/components/schemas/Owner", "nullable": true },
                        "state": { "type": "string", "enum": ["new", "old"], "nullable": true },
                        "made": { "type": "string", "format": "date-time" },
                        "size": { "type": "integer", "format": "int32" },
                        "parts": { "type": "array", "items": { "$ref": "#/components/schemas/Thing" } },
                    } },
                ] },
            },
        },
    });
    Checker::new(Documents::new(vec![Document { api: Api::Jira, content }]))
}

fn thing() -> Value {
    json!({
        "id": "7", "links": { "self": "x", "base": "y" }, "owner": null, "state": null,
        "made": "2026-01-02T03:04:05.678Z", "size": 3,
        "parts": [{ "id": "8", "owner": { "name": "Ada" } }],
    })
}

/// What the report says of an answer.
fn faults_of(status: u16, body: &Value, allowed: &[Allowed]) -> Vec<String> {
    let checker = checker();
    let body = body.to_string().into_bytes();
    let content_type = Some("application/json");
    checker.answer(&Answer { method: "GET", path: PATH, query: "", status, content_type, body: &body });
    let report = checker.report();
    report.judge(allowed).failures()
}

#[test]
fn what_fits_is_not_complained_of() {
    assert_eq!(faults_of(200, &thing(), &[]), Vec::<String>::new());
}

#[test]
fn every_kind_of_damage_is_told_with_its_place() {
    for (pointer, damage, complaint) in [
        ("/id", Value::Null, "`/id`: value is not of type \"string\""),
        ("/state", json!("lost"), "`/state`: value is not one of"),
        ("/made", json!("2026-01-02T03:04:05.678+0100"), "`/made`: is no date-time"),
        ("/size", json!(3_000_000_000_u64), "`/size`: value is greater than the maximum"),
        ("/owner", json!({}), "`/owner/name`: is missing"),
        ("/links/base", json!(1), "`/links/base`: value is not of type"),
        ("/parts/0/id", json!(8), "`/parts/*/id`: value is not of type \"string\""),
        ("/parts/0", json!({}), "`/parts/*/id`: is missing"),
        ("/parts/0/owner", json!({ "name": "Ada", "age": 36 }), "`/parts/*/owner/age`: is not documented"),
    ] {
        let mut damaged = thing();
        *damaged.pointer_mut(pointer).unwrap() = damage;
        let faults = faults_of(200, &damaged, &[]);
        assert_eq!(faults.len(), 1, "{pointer}: {faults:?}");
        assert!(faults[0].starts_with("GET /rest/api/3/thing/{id}: "), "{faults:?}");
        assert!(faults[0].contains(complaint), "{pointer}: {faults:?}");
    }
    let mut damaged = thing();
    damaged["ID"] = json!("7");
    assert!(faults_of(200, &damaged, &[])[0].contains("`/ID`: is not documented"));
    assert!(faults_of(201, &thing(), &[])[0].contains("status 201 is not in the document"));
    assert!(faults_of(200, &json!([]), &[])[0].contains("value is not of type \"object\""));
}

#[test]
fn what_is_allowed_passes_and_what_nothing_needs_does_not() {
    let late = Allowed { operation: "GET */thing/*", pointer: "/made", what: "is no date-time", why: "" };
    let mut damaged = thing();
    damaged["made"] = json!("yesterday");
    assert_eq!(faults_of(200, &damaged, &[late]), Vec::<String>::new());
    let faults = faults_of(200, &thing(), &[late]);
    assert_eq!(faults, ["allowed, but not seen: GET */thing/* `/made` is no date-time"]);
}

#[test]
fn requests_are_compared_too() {
    let complaints = |method: &str, path: &str, query: &str, body: &str, scopes: &[&str]| {
        let checker = checker();
        let [method, path, query] = [method, path, query].map(str::to_owned);
        let request =
            Recorded { method, path, query, body: body.into(), status: 200, refusal: String::new() };
        let unknown = checker.request(&request, scopes);
        let report = checker.report();
        let mut all: Vec<String> = unknown.into_iter().chain(report.judge(&[]).failures()).collect();
        all.sort();
        all
    };
    let list = |query: &str| complaints("GET", LIST, query, "", &["read:thing"]);
    assert_eq!(list("kind=a&limit=100&ids=1&ids=2,3"), Vec::<String>::new());
    for (query, complaint) in [
        ("limit=1", "`?kind`: is missing"),
        ("kind=c", "`?kind`: value is not one of"),
        ("kind=a&limit=101", "`?limit`: value is greater than the maximum"),
        ("kind=a&limit=ten", "`?limit`: value is not of type \"integer\""),
        ("kind=a&ids=1,x", "`?ids/*`: value is not of type \"integer\""),
        ("kind=a&startAt=5", "`?startAt`: is not documented"),
    ] {
        let found = list(query);
        assert!(found.len() == 1 && found[0].contains(complaint), "{query}: {found:?}");
    }
    let scopes = |scopes: &[&str]| complaints("GET", LIST, "kind=a", "", scopes);
    assert_eq!(scopes(&["read:a:jira", "read:b:jira"]), Vec::<String>::new());
    assert!(scopes(&["read:a:jira"])[0].contains("the scopes that are asked for cover none of"));
    let post = |body: &str| complaints("POST", PATH, "", body, &[]);
    assert_eq!(post(r#"{"name": "Ada"}"#), Vec::<String>::new());
    assert!(post("")[0].contains("the body is missing"));
    assert!(post("{}")[0].contains("`/name`: is missing"));
    assert!(
        complaints("GET", "/sites/acme/rest/api/3/thing", "kind=a", "", &["read:thing"])[0]
            .contains("gateway only")
    );
    assert!(complaints("DELETE", PATH, "", "", &[])[0].contains("no document has it"));
}

/// From the sandbox to the report: one damaged answer among good ones.
#[tokio::test]
async fn a_damaged_answer_of_the_sandbox_is_seen() {
    let user = json!({ "type": "object", "required": ["accountId"], "properties": {
        "self": {}, "accountId": { "type": "string" }, "accountType": {}, "emailAddress": {}, "avatarUrls": {},
        "displayName": {}, "active": { "type": "boolean" }, "timeZone": {}, "locale": {}, "groups": {},
        "applicationRoles": {}, "expand": {},
    } });
    let content = json!({ "openapi": "3.0.1", "paths": { "/rest/api/3/myself": { "get": { "responses": {
        "200": { "content": { "application/json": { "schema": user } } },
    } } } } });
    let checker = Arc::new(Checker::new(Documents::new(vec![Document { api: Api::Jira, content }])));
    let sandbox =
        Sandbox::start(SandboxOptions { issues: Some(1), pages: Some(1), ..SandboxOptions::default() }).await;
    let ada = basic(&Browser::new(&sandbox.url), &checker, Person::Ada, "acme");
    ada.get(Api::Jira, "/myself", "").await.unwrap();
    assert_eq!(checker.report().judge(&[]).failures(), Vec::<String>::new());
    let damaged = json!({ "status": 200, "body": { "accountid": "x", "active": "yes" } });
    sandbox.fault("*/myself", 1, damaged).await;
    ada.get(Api::Jira, "/myself", "").await.unwrap();
    let found = checker.report().judge(&[]).failures();
    for complaint in
        ["`/accountId`: is missing", "`/accountid`: is not documented", "`/active`: value is not of type"]
    {
        assert!(found.iter().any(|fault| fault.contains(complaint)), "{complaint}: {found:?}");
    }
}
