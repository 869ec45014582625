//! Dynamic webhooks, the only kind that an app of the developer console may register.

use std::fmt;

use connector_domain::{AccessToken, Timestamp};
use reqwest::Method;
use serde::{Deserialize, Serialize};
use url::Url;

use super::Jira;
use super::jql::Quoted;
use super::list::Offsets;
use crate::ApiError;
use crate::call::{Call, Effect};

const ROUTE: &str = "/rest/api/3/webhook";
/// So many an app may have for one person on one site.
pub const MOST_WEBHOOKS: usize = 5;

/// A webhook to register.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewWebhook {
    pub events: Vec<WebhookEvent>,
    pub filter: WebhookFilter,
}

/// Of which issues a webhook tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WebhookFilter {
    /// Jira refuses an empty filter, and webhooks know few fields and operators.
    AllIssues,
    /// Of the projects with these keys.
    Projects(Vec<String>),
}

impl fmt::Display for WebhookFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AllIssues => f.write_str("project != null"),
            Self::Projects(keys) => {
                let keys: Vec<_> = keys.iter().map(|key| Quoted(key).to_string()).collect();
                write!(f, "project IN ({})", keys.join(", "))
            }
        }
    }
}

words! {
    /// What a webhook tells of.
    WebhookEvent {
        IssueCreated = "jira:issue_created",
        IssueUpdated = "jira:issue_updated",
        IssueDeleted = "jira:issue_deleted",
        CommentCreated = "comment_created",
        CommentUpdated = "comment_updated",
        CommentDeleted = "comment_deleted",
    }
}

/// A webhook that is registered by this app for this person. Its id is unique on its site only.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Webhook {
    pub id: i64,
    #[serde(default, deserialize_with = "crate::lenient::or_default")]
    pub jql_filter: String,
    #[serde(default, deserialize_with = "crate::lenient::or_default")]
    pub events: Vec<String>,
    /// Where it delivers to.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub url: Option<String>,
    #[serde(default, rename = "expirationDate", deserialize_with = "crate::lenient::time")]
    pub expires_at: Option<Timestamp>,
}

/// Why Jira did not register a webhook, though it answered the request with success.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("Jira does not register the webhook: {}", .errors.join("; "))]
pub struct WebhookRefused {
    /// At most 200 characters each, in one line.
    pub errors: Vec<String>,
}

#[derive(Serialize)]
struct Registration<'a> {
    url: &'a str,
    webhooks: Vec<Wanted>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Wanted {
    events: Vec<&'static str>,
    jql_filter: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ByIds<'a> {
    webhook_ids: &'a [i64],
}

impl<'a> Jira<'a> {
    /// Registers webhooks that deliver to `url`, for 30 days (`POST /rest/api/3/webhook`). Needs
    /// `manage:jira-webhook` and `read:jira-work`.
    ///
    /// The id of each, or why there is none, in their order: Jira answers with success also where it registered
    /// none. An app has one `url` on a site. It is not tried again by itself, for it would register twice.
    pub async fn register_webhooks(
        &self,
        token: &AccessToken,
        url: &Url,
        webhooks: &[NewWebhook],
    ) -> Result<Vec<Result<i64, WebhookRefused>>, ApiError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Body {
            webhook_registration_result: Vec<Registered>,
        }

        let wanted = |webhook: &NewWebhook| Wanted {
            events: webhook.events.iter().map(|event| event.as_str()).collect(),
            jql_filter: webhook.filter.to_string(),
        };
        let body = Registration { url: url.as_str(), webhooks: webhooks.iter().map(wanted).collect() };
        let call = self.change_webhooks(Method::POST, &["webhook"], Effect::Write).json(&body);
        let Body { webhook_registration_result: results } = self.client.read(call, token).await?;
        if results.len() != webhooks.len() {
            return Err(ApiError::malformed(format!("{} results for {}", results.len(), webhooks.len())));
        }
        Ok(results.into_iter().map(Registered::result).collect())
    }

    /// The webhooks of this app and person (`GET /rest/api/3/webhook`). Needs the same scopes.
    pub fn webhooks(&self) -> Offsets<'a, Webhook> {
        Offsets::new(*self, ROUTE, self.url(&["webhook"]), "values", 100)
    }

    /// Lets these webhooks live for 30 more days; gives their new end (`PUT /rest/api/3/webhook/refresh`). Needs the
    /// same scopes.
    ///
    /// Jira passes over ids that do not exist (any more): only [`Self::webhooks`] tells whether one is still there.
    pub async fn refresh_webhooks(
        &self,
        token: &AccessToken,
        ids: &[i64],
    ) -> Result<Option<Timestamp>, ApiError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Body {
            #[serde(default, deserialize_with = "crate::lenient::time")]
            expiration_date: Option<Timestamp>,
        }

        let call = self.change_webhooks(Method::PUT, &["webhook", "refresh"], Effect::IdempotentWrite);
        let Body { expiration_date } =
            self.client.read(call.json(&ByIds { webhook_ids: ids }), token).await?;
        Ok(expiration_date)
    }

    /// Ends these webhooks; those that do not exist are passed over (`DELETE /rest/api/3/webhook`). Needs the same
    /// scopes.
    pub async fn delete_webhooks(&self, token: &AccessToken, ids: &[i64]) -> Result<(), ApiError> {
        let call = self.change_webhooks(Method::DELETE, &["webhook"], Effect::IdempotentWrite);
        self.client.call(call.json(&ByIds { webhook_ids: ids }), token, |_| Ok(())).await
    }

    fn change_webhooks(&self, method: Method, path: &[&str], effect: Effect) -> Call<'_> {
        let route = if path.len() > 1 { "/rest/api/3/webhook/refresh" } else { ROUTE };
        self.get(route, self.url(path)).method(method, effect)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Registered {
    #[serde(default)]
    created_webhook_id: Option<i64>,
    #[serde(default, deserialize_with = "crate::lenient::or_default")]
    errors: Vec<String>,
}

impl Registered {
    fn result(self) -> Result<i64, WebhookRefused> {
        let errors = self.errors.iter().map(|error| crate::scrub::scrub(error, &[])).collect();
        self.created_webhook_id.ok_or(WebhookRefused { errors })
    }
}
