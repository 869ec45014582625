use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use connector_connections::NewApiKey;
use connector_domain::{ApiKey, ApiKeyId, KeyScope, Timestamp, UserId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::rows::Page;
use crate::App;
use crate::http::access::{Access, Admin};
use crate::http::caller::existing_owner;
use crate::http::extract::{self, Path};
use crate::http::problem::{Problem, Problems};
use crate::http::text::Checks;

const LONGEST_NAME: usize = 100;
const DEFAULT_DAYS: u16 = 90;
const MOST_DAYS: u16 = 365;

/// An API key. Never its text, which only the answer to its making has.
#[derive(Serialize, ToSchema)]
#[schema(as = ApiKey)]
pub(crate) struct ApiKeyBody {
    /// The public part of the key's text.
    #[schema(example = "4fJ0aZ81kQxW")]
    id: String,
    name: String,
    /// `read`, `manage`, `admin`; each includes those before it.
    #[schema(example = json!(["read"]))]
    scopes: Vec<&'static str>,
    /// Whose rows alone it opens; null for everybody's.
    user_id: Option<i64>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
    /// Noted at most once a minute.
    #[schema(value_type = Option<String>, format = DateTime)]
    last_used_at: Option<Timestamp>,
    #[schema(value_type = Option<String>, format = DateTime)]
    revoked_at: Option<Timestamp>,
}

impl From<ApiKey> for ApiKeyBody {
    fn from(key: ApiKey) -> Self {
        Self {
            id: key.id.to_string(),
            scopes: key.scopes.iter().map(KeyScope::as_str).collect(),
            name: key.name,
            user_id: key.user_id.map(|id| id.0),
            created_at: key.created_at,
            expires_at: key.expires_at,
            last_used_at: key.last_used_at,
            revoked_at: key.revoked_at,
        }
    }
}

/// A key that was made just now.
#[derive(Serialize, ToSchema)]
pub(crate) struct NewApiKeyBody {
    #[serde(flatten)]
    about: ApiKeyBody,
    /// The key itself. It is shown this once.
    #[schema(example = "jcc_live_4fJ0aZ81kQxW_…")]
    key: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateApiKey {
    /// What people call it.
    #[schema(min_length = 1, max_length = 100)]
    name: String,
    /// `read`, `manage`, `admin`.
    #[schema(min_items = 1, max_items = 3)]
    scopes: Vec<String>,
    /// Open this user's rows alone. Such a key cannot have the scope `admin`, and goes with its user.
    user_id: Option<i64>,
    /// When it ends by itself.
    #[schema(minimum = 1, maximum = 365, default = 90)]
    expires_in_days: Option<u16>,
}

impl CreateApiKey {
    fn check(self) -> Result<NewApiKey, Problem> {
        let mut checks = Checks::new().required("/name", &self.name, LONGEST_NAME);
        let mut scopes = Vec::new();
        for (i, scope) in self.scopes.iter().enumerate().take(KeyScope::ALL.len()) {
            match scope.parse::<KeyScope>() {
                Ok(scope) => scopes.push(scope),
                Err(what) => checks.fault(&format!("/scopes/{i}"), what.to_owned()),
            }
        }
        if !(1..=KeyScope::ALL.len()).contains(&self.scopes.len()) {
            checks.fault("/scopes", "must name one to three of `read`, `manage`, `admin`".to_owned());
        }
        if self.user_id.is_some() && scopes.contains(&KeyScope::Admin) {
            checks
                .fault("/user_id", "is given beside the scope `admin`, which concerns everybody".to_owned());
        }
        let days = self.expires_in_days.unwrap_or(DEFAULT_DAYS);
        if !(1..=MOST_DAYS).contains(&days) {
            checks.fault("/expires_in_days", format!("must be from 1 to {MOST_DAYS}"));
        }
        checks.finish()?;
        let lifetime = Duration::from_hours(24 * u64::from(days));
        let (scopes, user_id) = (scopes.into_iter().collect(), self.user_id.map(UserId));
        Ok(NewApiKey { name: self.name, scopes, user_id, lifetime })
    }
}

/// Make an API key. Its text is in this answer and nowhere else.
#[utoipa::path(post, path = "/api/api-keys", tag = "API keys", request_body = CreateApiKey, responses(
    (status = 201, description = "The key.", body = NewApiKeyBody),
    Problems,
))]
pub(crate) async fn create_key(
    State(app): State<App>,
    caller: Access<Admin>,
    extract::Json(body): extract::Json<CreateApiKey>,
) -> Result<(StatusCode, Json<NewApiKeyBody>), Problem> {
    let new = body.check()?;
    if let Some(user) = new.user_id {
        existing_owner(&app, user).await?;
    }
    let (key, text) = app.connections().create_api_key(caller.actor(), new).await?;
    let body = NewApiKeyBody { about: key.into(), key: text.expose().to_owned() };
    Ok((StatusCode::CREATED, Json(body)))
}

/// List the API keys, also those that have ended, the latest first.
#[utoipa::path(get, path = "/api/api-keys", tag = "API keys", responses(
    (status = 200, description = "The keys, without their texts.", body = Page<ApiKeyBody>),
    Problems,
))]
pub(crate) async fn list_keys(
    State(app): State<App>,
    _: Access<Admin>,
) -> Result<Json<Page<ApiKeyBody>>, Problem> {
    let keys = app.store().list_api_keys().await?;
    Ok(Json(Page { items: keys.into_iter().map(Into::into).collect(), next_cursor: None }))
}

/// Revoke an API key. It opens nothing from now on.
#[utoipa::path(delete, path = "/api/api-keys/{id}", tag = "API keys", params(("id" = String, Path)), responses(
    (status = 204, description = "It opens nothing any more."),
    Problems,
))]
pub(crate) async fn revoke_key(
    State(app): State<App>,
    caller: Access<Admin>,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let revoked = app.connections().revoke_api_key(caller.actor(), &ApiKeyId::new(id)).await?;
    match revoked {
        Some(_) => Ok(StatusCode::NO_CONTENT),
        None => Err(Problem::not_found("There is no such API key.")),
    }
}
