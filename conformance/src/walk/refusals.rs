//! What is refused, with the bodies that come along.

use std::sync::Arc;

use connector_sandbox::SandboxOptions;
use connector_testkit::{Browser, Sandbox};
use serde_json::{Value, json};

use super::consent::{Person, basic, gateway};
use super::walker::Walker;
use crate::check::Checker;
use crate::openapi::Api;

/// (status, path behind the API's prefix, query) of requests that are wrong in themselves.
const WRONG: &[(Api, u16, &str, &str)] = &[
    (Api::Jira, 400, "/search/jql", "jql=order+by+updated"),
    (Api::Jira, 400, "/search/jql", "jql=project+%3D+NOSUCH"),
    (Api::Jira, 400, "/search/jql", "jql=project+%3D"),
    (Api::Jira, 400, "/search/jql", "jql=project+is+not+EMPTY&maxResults=5001"),
    (Api::Jira, 400, "/search/jql", "jql=project+is+not+EMPTY&nextPageToken=nonsense"),
    (Api::Jira, 400, "/project/search", "status=nonsense"),
    (Api::Jira, 404, "/issue/NOSUCH-1", ""),
    (Api::Jira, 404, "/issue/999999/comment", ""),
    (Api::Jira, 404, "/issue/999999/worklog", ""),
    (Api::Jira, 404, "/issue/999999/changelog", ""),
    (Api::Jira, 404, "/project/NOSUCH", ""),
    (Api::Jira, 404, "/status/nonsense", ""),
    (Api::Jira, 404, "/attachment/1", ""),
    (Api::Jira, 404, "/user", "accountId=nobody"),
    (Api::Jira, 410, "/search", "jql=project+is+not+EMPTY"),
    (Api::Confluence, 400, "/pages", "limit=251"),
    (Api::Confluence, 400, "/pages", "cursor=nonsense"),
    (Api::Confluence, 400, "/pages", "status=nonsense"),
    (Api::Confluence, 400, "/pages", "body-format=view"),
    (Api::Confluence, 400, "/spaces/AWK", ""),
    (Api::Confluence, 400, "/spaces", "sort=nonsense"),
    (Api::Confluence, 404, "/spaces/999999999", ""),
    (Api::Confluence, 404, "/pages/999999999", ""),
    (Api::Confluence, 404, "/pages/999999999/children", ""),
    (Api::Confluence, 404, "/attachments/att999999999", ""),
    (Api::ConfluenceOld, 400, "/search", "cql=nonsense+%3D"),
    (Api::ConfluenceOld, 410, "/content/search", "cql=type%3Dpage"),
];

pub async fn walk(browser: &Browser, checker: &Arc<Checker>) -> anyhow::Result<()> {
    let ada = gateway(browser, checker, Person::Ada, "acme", super::consent::SCOPES).await?;
    for (api, status, route, query) in WRONG {
        ada.refused(*status, "GET", &format!("{}{route}", ada.root(*api)), query, None).await?;
    }
    bodies(&ada).await?;
    identities(browser, checker, &ada).await
}

async fn bodies(ada: &Walker) -> anyhow::Result<()> {
    let root = ada.root(Api::Jira);
    let refused = |status: u16, route: &'static str, body: Option<Value>| {
        let path = format!("{root}{route}");
        async move { ada.refused(status, "POST", &path, "", body.as_ref()).await }
    };
    refused(415, "/search/jql", None).await?;
    refused(400, "/search/jql", Some(json!({ "jql": "project is not EMPTY", "startAt": 50 }))).await?;
    refused(400, "/search/approximate-count", Some(json!({ "jql": "" }))).await?;
    let many: Vec<String> = (0..1001).map(|id| id.to_string()).collect();
    refused(400, "/issue/bulkfetch", Some(json!({ "issueIdsOrKeys": many }))).await?;
    refused(400, "/comment/list", Some(json!({ "ids": (0..1001).collect::<Vec<u32>>() }))).await
}

/// Everything that is wrong with who asks, or where.
async fn identities(browser: &Browser, checker: &Arc<Checker>, ada: &Walker) -> anyhow::Result<()> {
    const SOME: [(Api, &str); 3] =
        [(Api::Jira, "/project/search"), (Api::Confluence, "/pages"), (Api::ConfluenceOld, "/search")];
    let nobody = Walker { authorization: String::new(), ..ada.clone() };
    let stranger = Walker { authorization: "Bearer nonsense".into(), ..ada.clone() };
    // A consent to next to nothing, of which the gateway says so.
    let scopes = "read:jira-user read:user:confluence read:me";
    let narrow = gateway(browser, checker, Person::Chiara, "borealis", scopes).await?;
    let elsewhere = "99999999-9999-4999-8999-999999999999";
    let lost = Walker {
        jira: format!("/ex/jira/{elsewhere}"),
        confluence: format!("/ex/confluence/{elsewhere}"),
        ..ada.clone()
    };
    let at_the_site = Walker { jira: "/sites/acme".into(), confluence: "/sites/acme".into(), ..ada.clone() };
    let fjord = gateway(browser, checker, Person::Ada, "fjord", super::consent::SCOPES).await?;
    for (api, route) in SOME {
        for (status, walker) in
            [(401, &nobody), (401, &stranger), (401, &narrow), (404, &lost), (403, &at_the_site)]
        {
            walker.refused(status, "GET", &format!("{}{route}", walker.root(api)), "", None).await?;
        }
        if api != Api::Jira {
            fjord.refused(404, "GET", &format!("{}{route}", fjord.root(api)), "", None).await?;
        }
    }
    let anonymous = Walker { authorization: String::new(), ..basic(browser, checker, Person::Ada, "acme") };
    anonymous.get(Api::Jira, "/project/search", "").await?;
    anonymous.refused(401, "GET", &format!("{}/myself", anonymous.root(Api::Jira)), "", None).await?;
    drop(browser.call("POST", "/__sandbox/tokens/expire").await.expect(204));
    let path = format!("{}/myself", ada.root(Api::Jira));
    ada.refused(401, "GET", &path, "", None).await
}

/// Too many requests, by either measure.
pub async fn limits(checker: &Arc<Checker>) -> anyhow::Result<()> {
    let burst = SandboxOptions { rate_limit: Some(1), ..super::options() };
    let quota = SandboxOptions { points_per_hour: Some(3), ..super::options() };
    for options in [burst, quota] {
        let sandbox = Sandbox::start(options).await;
        let browser = Browser::new(&sandbox.url);
        let ada = gateway(&browser, checker, Person::Ada, "acme", super::consent::SCOPES).await?;
        for (api, route) in [(Api::Jira, "/myself"), (Api::Confluence, "/spaces")] {
            let mut statuses = Vec::new();
            for _ in 0..6 {
                statuses.push(ada.ask("GET", &format!("{}{route}", ada.root(api)), "", None).await.0);
            }
            anyhow::ensure!(statuses.contains(&429), "no limit was met: {statuses:?}");
        }
    }
    Ok(())
}
