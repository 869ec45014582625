//! What is asked for with a body, and what takes ids in its query.

use serde_json::{Value, json};

use super::crawl::Known;
use super::walker::Walker;
use crate::openapi::Api::{ConfluenceOld, Jira};

impl Walker {
    pub async fn post_all(&self, known: &Known, without_confluence: bool) -> anyhow::Result<()> {
        let issues = self.search().await?;
        self.post(Jira, "/search/approximate-count", &json!({ "jql": "project is not EMPTY" })).await?;
        let some: Vec<&String> = issues.iter().take(100).collect();
        self.bulk(&some).await?;
        self.comments_and_worklogs(known).await?;
        self.people().await?;
        if self.authorization.starts_with("Bearer") {
            self.webhooks().await?;
        }
        if !without_confluence {
            self.get(ConfluenceOld, "/user/current", "").await?;
        }
        Ok(())
    }

    /// Pages through a search by POST; answers the ids.
    async fn search(&self) -> anyhow::Result<Vec<String>> {
        let mut request = json!({
            "jql": "project is not EMPTY ORDER BY created DESC", "fields": ["*all"], "maxResults": 25,
            "expand": "names,schema,renderedFields",
        });
        let mut ids = Vec::new();
        loop {
            let page = self.post(Jira, "/search/jql", &request).await?;
            let found = page["issues"].as_array().into_iter().flatten();
            ids.extend(found.filter_map(|issue| issue["id"].as_str()).map(str::to_owned));
            match &page["nextPageToken"] {
                Value::String(token) => request["nextPageToken"] = json!(token),
                _ => return Ok(ids),
            }
        }
    }

    async fn bulk(&self, issues: &[&String]) -> anyhow::Result<()> {
        let mut wanted = json!(issues);
        if let Some(wanted) = wanted.as_array_mut() {
            // Nobody has these.
            wanted.truncate(98);
            wanted.extend([json!("999999"), json!("NONE-1")]);
        }
        self.post(Jira, "/issue/bulkfetch", &json!({ "issueIdsOrKeys": wanted })).await?;
        let all = json!({ "issueIdsOrKeys": wanted, "fields": ["*all"], "expand": ["renderedFields", "changelog"] });
        self.post(Jira, "/issue/bulkfetch", &all).await?;
        self.post(Jira, "/changelog/bulkfetch", &json!({ "issueIdsOrKeys": issues, "maxResults": 50 }))
            .await?;
        let of_status = json!({ "issueIdsOrKeys": issues, "fieldIds": ["status", "assignee"] });
        self.post(Jira, "/changelog/bulkfetch", &of_status).await.map(drop)
    }

    async fn comments_and_worklogs(&self, known: &Known) -> anyhow::Result<()> {
        for (list, route) in [("comment", "/comment/list"), ("worklog", "/worklog/list")] {
            let ids = known.ids(Jira, &format!("/{list}"));
            let mut ids: Vec<u64> = ids.iter().filter_map(|id| id.parse().ok()).collect();
            ids.truncate(500);
            ids.push(1);
            self.post(Jira, route, &json!({ "ids": ids })).await?;
        }
        Ok(())
    }

    async fn people(&self) -> anyhow::Result<()> {
        let people = self.get(Jira, "/users/search", "maxResults=200").await?;
        let ids = people.as_array().into_iter().flatten().filter_map(|person| person["accountId"].as_str());
        let ids: Vec<String> =
            ids.map(|id| url::form_urlencoded::byte_serialize(id.as_bytes()).collect()).collect();
        for id in &ids {
            self.get(Jira, "/user", &format!("accountId={id}")).await?;
        }
        let all: Vec<String> = ids.iter().map(|id| format!("accountId={id}")).collect();
        self.get(Jira, "/user/bulk", &all.join("&")).await?;
        self.get(Jira, "/user/bulk", "accountId=nobody&maxResults=2").await.map(drop)
    }

    /// Registers, lists, refreshes and removes. While the sandbox has no webhooks yet this is refused, which the list
    /// of what is missing says.
    async fn webhooks(&self) -> anyhow::Result<()> {
        let root = format!("{}/webhook", self.root(Jira));
        let wanted = json!({
            "url": "http://127.0.0.1:9/hooks/1",
            "webhooks": [
                { "events": ["jira:issue_created", "comment_created"], "jqlFilter": "project != NOSUCH" },
                { "events": ["jira:issue_updated"], "jqlFilter": "project = AWK", "fieldIdsFilter": ["summary"] },
                { "events": ["jira:issue_deleted"], "jqlFilter": "text ~ nonsense" },
            ],
        });
        let (status, made) = self.ask("POST", &root, "", Some(&wanted)).await;
        if status != 200 {
            return Ok(());
        }
        let made = made["webhookRegistrationResult"].as_array().into_iter().flatten();
        let mut ids: Vec<u64> = made.filter_map(|made| made["createdWebhookId"].as_u64()).collect();
        self.get(Jira, "/webhook", "").await?;
        self.get(Jira, "/webhook", "startAt=1&maxResults=1").await?;
        ids.push(999_999);
        let refreshed =
            self.ask("PUT", &format!("{root}/refresh"), "", Some(&json!({ "webhookIds": ids }))).await;
        anyhow::ensure!(refreshed.0 == 200, "a refresh of webhooks answered {refreshed:?}");
        let removed = self.ask("DELETE", &root, "", Some(&json!({ "webhookIds": ids }))).await;
        anyhow::ensure!(removed.0 == 202, "a removal of webhooks answered {removed:?}");
        Ok(())
    }
}
