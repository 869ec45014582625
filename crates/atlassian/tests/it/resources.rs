use connector_atlassian::{AccessibleResource, union_by_site};
use connector_domain::{Product, Site};
use serde_json::{Value, json};

use crate::stub::{Reply, Stub};
use crate::{client, token};

async fn resources(body: &Value) -> Vec<AccessibleResource> {
    let stub = Stub::in_turn(vec![Reply::json(body)]).await;
    let resources = client(&stub.url).accessible_resources(&token()).await.unwrap();
    let [asked] = stub.asked().try_into().ok().unwrap();
    assert_eq!(
        (asked.method.as_str(), asked.path.as_str()),
        ("GET", "/api/oauth/token/accessible-resources")
    );
    assert_eq!(asked.headers["authorization"], "Bearer access-token-of-the-test");
    assert_eq!(asked.headers["accept"], "application/json");
    assert!(asked.headers["user-agent"].to_str().unwrap().starts_with("connector/"));
    resources
}

#[tokio::test]
async fn two_products_of_one_site_become_one() {
    let entries = resources(&json!([
        {"id": "s1", "name": "Acme", "url": "https://acme.example/", "scopes": ["read:page:confluence"]},
        {"id": "s2", "name": "Beta", "url": "https://beta.example", "scopes": ["read:jira-work"],
         "avatarUrl": "https://cdn.example/b.png", "new": {"field": 1}},
        {"id": "s1", "name": "Acme", "url": "https://acme.example/", "scopes": ["read:jira-work", "read:jira-user"],
         "avatarUrl": "https://cdn.example/a.png"},
    ]))
    .await;
    assert_eq!(entries.len(), 3);
    let sites = union_by_site(entries);
    let shown: Vec<_> = sites
        .iter()
        .map(|Site { cloud_id, url, name, avatar_url, scopes }| {
            format!("{cloud_id} {url} {name} {} {scopes}", avatar_url.as_deref().unwrap_or("-"))
        })
        .collect();
    assert_eq!(
        shown,
        [
            "s1 https://acme.example Acme https://cdn.example/a.png read:jira-user read:jira-work read:page:confluence",
            "s2 https://beta.example Beta https://cdn.example/b.png read:jira-work",
        ]
    );
    assert_eq!(sites[0].products(), [Product::Jira, Product::Confluence]);
    assert_eq!(sites[1].products(), [Product::Jira]);
}

#[tokio::test]
async fn sparse_and_broken_entries_do_no_harm() {
    assert!(resources(&json!([])).await.is_empty());
    let entries = resources(&json!([
        {"id": "s1", "url": null, "name": null, "scopes": null, "avatarUrl": ""},
        {"name": "without an id"}, {"id": ""}, 7,
        {"id": "s2", "scopes": []},
    ]))
    .await;
    let ids: Vec<_> = entries.iter().map(|entry| entry.id.as_str()).collect();
    assert_eq!(ids, ["s1", "s2"]);
    assert_eq!(entries[0].avatar_url, None);
    assert!(entries[0].scopes.is_empty());
}

#[tokio::test]
async fn me_is_read_with_hidden_fields() {
    let stub = Stub::in_turn(vec![
        Reply::json(&json!({"account_id": "557:abc", "email": "ada@example.com", "name": "Ada",
            "zoneinfo": "Europe/Paris", "extended_profile": {"job_title": "Engineer"}})),
        Reply::json(&json!({"account_id": "557:abc", "email": "", "name": null})),
    ])
    .await;
    let client = client(&stub.url);
    let me = client.me(&token()).await.unwrap();
    assert_eq!((me.account_id.as_str(), me.email.as_deref()), ("557:abc", Some("ada@example.com")));
    assert_eq!((me.name.as_deref(), me.zoneinfo.as_deref()), (Some("Ada"), Some("Europe/Paris")));
    let hidden = client.me(&token()).await.unwrap();
    assert_eq!((hidden.email, hidden.name), (None, None));
    assert_eq!(stub.asked()[0].path, "/api/me");
}
