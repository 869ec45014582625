use connector_domain::{AccountId, Timestamp};
use serde::Deserialize;

/// What a delivery is about. It names no site: the address that it came to does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hint {
    /// `jira:issue_updated`, `comment_created`, …. Confluence's own webhooks do not name it.
    pub event: Option<String>,
    /// When it happened.
    pub timestamp: Option<Timestamp>,
    pub issue_id: Option<String>,
    pub issue_key: Option<String>,
    pub project_id: Option<String>,
    pub project_key: Option<String>,
    pub comment_id: Option<String>,
    pub worklog_id: Option<String>,
    pub page_id: Option<String>,
    pub space_key: Option<String>,
    /// Who did it, where it says so.
    pub account_id: Option<AccountId>,
    /// By their ids, or names where a field has none.
    pub changed_fields: Vec<String>,
    /// The dynamic webhooks that it is sent for; unique on one site only.
    pub webhook_ids: Vec<i64>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Body {
    #[serde(deserialize_with = "crate::lenient::text")]
    webhook_event: Option<String>,
    #[serde(deserialize_with = "crate::lenient::time")]
    timestamp: Option<Timestamp>,
    #[serde(deserialize_with = "crate::lenient::or_none")]
    issue: Option<Thing>,
    #[serde(deserialize_with = "crate::lenient::or_none")]
    project: Option<Thing>,
    #[serde(deserialize_with = "crate::lenient::or_none")]
    comment: Option<Thing>,
    #[serde(deserialize_with = "crate::lenient::or_none")]
    worklog: Option<Thing>,
    #[serde(deserialize_with = "crate::lenient::or_none")]
    page: Option<Thing>,
    #[serde(deserialize_with = "crate::lenient::or_none")]
    user: Option<Person>,
    #[serde(deserialize_with = "crate::lenient::or_none")]
    user_account_id: Option<String>,
    #[serde(deserialize_with = "crate::lenient::or_none")]
    changelog: Option<Changelog>,
    #[serde(deserialize_with = "crate::lenient::or_none")]
    matched_webhook_ids: Option<Vec<i64>>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Thing {
    #[serde(deserialize_with = "crate::lenient::optional_id")]
    id: Option<String>,
    #[serde(deserialize_with = "crate::lenient::optional_id")]
    key: Option<String>,
    #[serde(deserialize_with = "crate::lenient::optional_id")]
    issue_id: Option<String>,
    #[serde(deserialize_with = "crate::lenient::optional_id")]
    space_key: Option<String>,
    #[serde(deserialize_with = "crate::lenient::or_none")]
    fields: Option<Fields>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Fields {
    #[serde(deserialize_with = "crate::lenient::or_none")]
    project: Option<Box<Thing>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Person {
    #[serde(deserialize_with = "crate::lenient::account_id")]
    account_id: AccountId,
}

#[derive(Deserialize)]
struct Changelog {
    items: Vec<Changed>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Changed {
    #[serde(default, deserialize_with = "crate::lenient::optional_id")]
    field_id: Option<String>,
    #[serde(default, deserialize_with = "crate::lenient::text")]
    field: Option<String>,
}

impl Hint {
    /// Reads the body of a delivery; `None` where it is not a JSON object. What has another form than it should is
    /// passed over.
    pub fn read(body: &[u8]) -> Option<Self> {
        // Serde would take an array for the fields in their order.
        let is_object = body.trim_ascii_start().starts_with(b"{");
        let body: Body = serde_json::from_slice(body).ok().filter(|_| is_object)?;
        let issue = body.issue.unwrap_or_default();
        let worklog = body.worklog.unwrap_or_default();
        let page = body.page.unwrap_or_default();
        let project = issue.fields.unwrap_or_default().project.map(|project| *project);
        let project = project.or(body.project).unwrap_or_default();
        let account_id = body.user.map(|user| user.account_id);
        let items = body.changelog.map(|changelog| changelog.items).unwrap_or_default();
        Some(Self {
            event: body.webhook_event,
            timestamp: body.timestamp,
            issue_id: issue.id.or(worklog.issue_id),
            issue_key: issue.key,
            project_id: project.id,
            project_key: project.key,
            comment_id: body.comment.and_then(|comment| comment.id),
            worklog_id: worklog.id,
            page_id: page.id,
            space_key: page.space_key,
            account_id: account_id.or(body.user_account_id.map(AccountId::new)),
            changed_fields: items.into_iter().filter_map(|item| item.field_id.or(item.field)).collect(),
            webhook_ids: body.matched_webhook_ids.unwrap_or_default(),
        })
    }

    /// Whether the issue that it is about is gone. Its fields are the last that it had.
    pub fn is_issue_deleted(&self) -> bool {
        self.event.as_deref() == Some("jira:issue_deleted")
    }
}

/// What a delivery's headers say (Atlassian, "Webhooks").
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeliveryHeaders {
    /// The same for each try of a delivery, and unique on one site: by it, what came before is known.
    pub identifier: Option<String>,
    /// Which retry it is; `None` at the first try.
    pub retry: Option<u32>,
    /// `Primary`, or `Secondary` for what is sent in bulk and later.
    pub flow: Option<String>,
}

impl DeliveryHeaders {
    /// `header` gives the value of a header by its name in lower case.
    pub fn read<'a>(header: impl Fn(&'static str) -> Option<&'a str>) -> Self {
        let text = |name| header(name).map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned);
        Self {
            identifier: text("x-atlassian-webhook-identifier"),
            retry: text("x-atlassian-webhook-retry").and_then(|text| text.parse().ok()),
            flow: text("x-atlassian-webhook-flow"),
        }
    }
}
