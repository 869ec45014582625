//! Dynamic webhooks: the only ones that an app of the developer console may register.

use axum::{
    Extension, Json,
    extract::{State, rejection::JsonRejection},
    http::StatusCode,
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    ApiVersion,
    error::JiraError,
    jql::{Context, parse},
    paging::Part,
    urls::Urls,
};
use crate::{
    app::Sandbox,
    gateway::{Caller, View},
    params::Params,
    webhooks::{Hook, Wanted, expiration_date, problems},
    world::people::PersonIndex,
};

/// What a webhook may ask for.
pub const EVENTS: [&str; 20] = [
    "jira:issue_created",
    "jira:issue_updated",
    "jira:issue_deleted",
    "comment_created",
    "comment_updated",
    "comment_deleted",
    "issue_property_set",
    "issue_property_deleted",
    "sprint_created",
    "sprint_updated",
    "sprint_closed",
    "sprint_deleted",
    "sprint_started",
    "jira:version_released",
    "jira:version_unreleased",
    "jira:version_created",
    "jira:version_moved",
    "jira:version_updated",
    "jira:version_merged",
    "jira:version_deleted",
];

#[derive(Deserialize)]
pub struct Registration {
    url: String,
    webhooks: Vec<Wanted>,
}

/// `POST /webhook`: 200 even when no webhook was registered; each has its own result.
pub async fn register(
    State(sandbox): State<Sandbox>,
    caller: Caller,
    request: Result<Json<Registration>, JsonRejection>,
) -> Result<Json<Value>, JiraError> {
    let Json(Registration { url, webhooks }) = request.map_err(JiraError::from_body)?;
    let person = app_user(&caller)?;
    let world = sandbox.world();
    let view = caller.view(&world);
    let register = |wanted: Wanted| {
        let problems = check(&sandbox, view, &wanted);
        if !problems.is_empty() {
            return json!({ "errors": problems });
        }
        match sandbox.webhooks().register((caller.site, person), &url, wanted, sandbox.now_millis()) {
            Ok(id) => json!({ "createdWebhookId": id }),
            Err(problem) => json!({ "errors": [problem] }),
        }
    };
    let results: Vec<Value> = webhooks.into_iter().map(register).collect();
    Ok(Json(json!({ "webhookRegistrationResult": results })))
}

/// What is wrong with a webhook.
fn check(sandbox: &Sandbox, view: View<'_>, wanted: &Wanted) -> Vec<String> {
    let mut found: Vec<String> = wanted
        .events
        .iter()
        .filter(|event| !EVENTS.contains(&event.as_str()))
        .map(|event| format!("The event {event} is unsupported"))
        .collect();
    if wanted.events.is_empty() {
        found.push(String::from("At least one event is needed."));
    }
    match parse(&wanted.jql_filter) {
        Err(error) => found.extend(error.into_messages()),
        Ok(query) => {
            found.extend(problems(&query));
            let context = Context { view, now: sandbox.now() };
            if let (true, Some(filter)) = (found.is_empty(), &query.filter)
                && let Err(error) = context.bind(filter)
            {
                found.extend(error.into_messages());
            }
        }
    }
    found
}

/// `GET /webhook`: one's own only, without those that have expired.
pub async fn list(
    State(sandbox): State<Sandbox>,
    Extension(version): Extension<ApiVersion>,
    caller: Caller,
    params: Params,
) -> Result<Json<Value>, JiraError> {
    let part = Part::read(&params, 100, 100)?;
    let person = app_user(&caller)?;
    let all = sandbox.webhooks().of(caller.site, person, sandbox.now_millis());
    let rows: Vec<Value> = part.of(&all).iter().map(Hook::row).collect();
    let world = sandbox.world();
    let urls = Urls::new(caller.view(&world), version);
    Ok(Json(part.linked(urls, "webhook", &params, all.len(), rows)))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WebhookIds {
    webhook_ids: Vec<u64>,
}

/// `PUT /webhook/refresh`: ids that do not exist are passed over, so that nobody notices what is gone.
pub async fn refresh(
    State(sandbox): State<Sandbox>,
    caller: Caller,
    request: Result<Json<WebhookIds>, JsonRejection>,
) -> Result<Json<Value>, JiraError> {
    let Json(WebhookIds { webhook_ids }) = request.map_err(JiraError::from_body)?;
    let person = app_user(&caller)?;
    let expires = sandbox.webhooks().refresh(caller.site, person, &webhook_ids, sandbox.now_millis());
    Ok(Json(json!({ "expirationDate": expiration_date(expires) })))
}

/// `DELETE /webhook`, with the ids in its body.
pub async fn remove(
    State(sandbox): State<Sandbox>,
    caller: Caller,
    request: Result<Json<WebhookIds>, JsonRejection>,
) -> Result<StatusCode, JiraError> {
    let Json(WebhookIds { webhook_ids }) = request.map_err(JiraError::from_body)?;
    sandbox.webhooks().remove(caller.site, app_user(&caller)?, &webhook_ids);
    Ok(StatusCode::ACCEPTED)
}

/// `GET /webhook/failed`: deliveries that were given up are told to Connect apps only.
pub async fn failed() -> JiraError {
    JiraError::forbidden("Only Connect apps can use this operation.")
}

/// People with API tokens have no dynamic webhooks.
fn app_user(caller: &Caller) -> Result<PersonIndex, JiraError> {
    let person = caller.person.filter(|_| caller.scopes.is_some());
    person.ok_or_else(|| JiraError::forbidden("Only Connect and OAuth 2.0 apps can use this operation."))
}
