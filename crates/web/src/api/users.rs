use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{OriginalUri, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use connector_domain::{Email, Secret, User, UserId};
use connector_store::{Dataset, NewUser};
use serde::{Deserialize, Serialize};
use tracing::Instrument as _;
use utoipa::{IntoParams, ToSchema};

use crate::App;
use crate::http::access::{Access, Manage, Read, Write};
use crate::http::caller::{Caller, unknown_owner};
use crate::http::extract::{self, Path, Query};
use crate::http::json::JsonBytes;
use crate::http::list::bare_list;
use crate::http::problem::{Problem, Problems};
use crate::http::text::Checks;
use crate::http::{cookies, cursor};

/// A person to be created. Tokens are sealed before they are stored, and are never given out again.
#[derive(Deserialize, ToSchema)]
pub(crate) struct CreateUser {
    #[schema(format = "email", example = "ada@example.com")]
    email: String,
    #[schema(max_length = 255)]
    display_name: Option<String>,
    #[schema(value_type = Option<String>, write_only)]
    jira_token: Option<Secret>,
    #[schema(value_type = Option<String>, write_only)]
    confluence_token: Option<Secret>,
    #[schema(max_length = 512)]
    jira_base_url: Option<String>,
    #[schema(max_length = 512)]
    confluence_base_url: Option<String>,
}

/// A person and the tokens that come along.
pub(crate) type Creation = (NewUser, Vec<(&'static str, Secret)>);

impl CreateUser {
    pub(crate) fn check(self) -> Result<Creation, Problem> {
        let email = self.email.parse::<Email>();
        let mut checks = Checks::new()
            .optional("/display_name", self.display_name.as_deref(), 255)
            .optional("/jira_base_url", self.jira_base_url.as_deref(), 512)
            .optional("/confluence_base_url", self.confluence_base_url.as_deref(), 512)
            .optional("/jira_token", self.jira_token.as_ref().map(Secret::expose), 16_384)
            .optional("/confluence_token", self.confluence_token.as_ref().map(Secret::expose), 16_384);
        if let Err(error) = &email {
            checks.fault("/email", error.to_string());
        }
        let errors = checks.into_errors();
        let (Ok(email), []) = (email, errors.as_slice()) else { return Err(Problem::invalid(errors)) };
        let tokens = [("jira", self.jira_token), ("confluence", self.confluence_token)];
        let new = NewUser {
            email,
            display_name: self.display_name,
            jira_base_url: self.jira_base_url,
            confluence_base_url: self.confluence_base_url,
        };
        Ok((new, tokens.into_iter().filter_map(|(name, token)| Some((name, token?))).collect()))
    }
}

#[derive(Serialize, ToSchema)]
#[schema(as = User)]
pub(crate) struct UserBody {
    id: i64,
    #[schema(format = "email")]
    email: String,
    display_name: Option<String>,
}

impl From<User> for UserBody {
    fn from(user: User) -> Self {
        Self { id: user.id.0, email: user.email.into(), display_name: user.display_name }
    }
}

/// Create a user, or find the one with this e-mail address.
///
/// Idempotent: an existing user is answered unchanged.
#[utoipa::path(post, path = "/users", tag = "Users", request_body = CreateUser, responses(
    (status = 201, description = "The user.", body = UserBody),
    Problems,
))]
pub(crate) async fn create_user(
    State(app): State<App>,
    _: Access<Manage>,
    extract::Json(body): extract::Json<CreateUser>,
) -> Result<(StatusCode, Json<UserBody>), Problem> {
    let (new, tokens) = body.check()?;
    let (user, _) = app.connections().create_user(&new, tokens).await?;
    Ok((StatusCode::CREATED, Json(user.into())))
}

#[derive(Deserialize, IntoParams)]
pub(crate) struct ListQuery {
    /// The most rows to answer with, 1 to 1000; all where it is left out.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u64>,
    /// Where to go on: from the `Link` header of the answer before.
    cursor: Option<String>,
}

/// List the users, by id.
#[utoipa::path(get, path = "/users", tag = "Users", params(ListQuery), responses(
    (status = 200, description = "The users.", body = Vec<UserBody>, headers(
        ("Link" = Option<String>, description = "`rel=\"next\"` where there are more (RFC 8288).")
    )),
    Problems,
))]
pub(crate) async fn list_users(
    State(app): State<App>,
    caller: Access<Read>,
    OriginalUri(uri): OriginalUri,
    Query(query): Query<ListQuery>,
) -> Result<Response, Problem> {
    if let Some(own) = caller.scope(&app)? {
        let user = app.store().find_user(own).await?;
        return Ok(Json(user.into_iter().map(UserBody::from).collect::<Vec<_>>()).into_response());
    }
    let limit = cursor::limit(query.limit)?;
    let after = cursor::decode::<i64>(query.cursor.as_deref())?.map(UserId);
    let mut users = app.store().list_users(after, limit.map(|limit| limit + 1)).await?;
    let next =
        cursor::cut(&mut users, limit).then(|| users.last().map(|user| cursor::encode(&user.id))).flatten();
    let body: Vec<UserBody> = users.into_iter().map(Into::into).collect();
    Ok(bare_list(&uri, &body, next.as_deref()))
}

/// What a deletion took away.
#[derive(Serialize, ToSchema)]
#[schema(as = Erasure)]
pub(crate) struct ErasureBody {
    user_id: i64,
    /// How many rows in all.
    rows: u64,
    /// How many of each table; those of which there were none are left out.
    #[schema(example = json!({"users": 1, "connections": 1, "grants": 1, "sessions": 2, "jira_issues": 600}))]
    erased: BTreeMap<String, u64>,
}

/// Delete a user with everything that is the user's: tokens, sessions, keys, mirrored rows and those put in by hand.
///
/// A person may delete itself, in `required` mode within 10 minutes of a login; a server whoever it is for. What stays
/// is a line in the audit trail, with the user's number and these counts.
#[utoipa::path(delete, path = "/users/{user_id}", tag = "Users", params(("user_id" = i64, Path)), responses(
    (status = 200, description = "It is done, and what went.", body = ErasureBody),
    Problems,
))]
pub(crate) async fn delete_user(
    State(app): State<App>,
    caller: Access<Write>,
    Path(id): Path<i64>,
) -> Result<Response, Problem> {
    delete(app, &caller, id).await
}

/// The same under `/api`.
#[utoipa::path(delete, path = "/api/users/{user_id}", tag = "Users", params(("user_id" = i64, Path)), responses(
    (status = 200, description = "It is done, and what went.", body = ErasureBody),
    Problems,
))]
pub(crate) async fn delete_user_under_api(
    State(app): State<App>,
    caller: Access<Write>,
    Path(id): Path<i64>,
) -> Result<Response, Problem> {
    delete(app, &caller, id).await
}

async fn delete(app: App, caller: &Caller, id: i64) -> Result<Response, Problem> {
    let user = caller.named_owner(&app, id)?;
    caller.has_just_logged_in(&app)?;
    let own = caller.user_id() == Some(user);
    let actor = caller.actor();
    // Detached: a caller that goes away must not leave half of it.
    let task = {
        let app = app.clone();
        tokio::spawn(async move { app.syncs().erase_user(user, actor).await }.in_current_span())
    };
    let erased = task.await.map_err(|error| {
        tracing::error!(%error, "the deletion of a user did not come to its end");
        Problem::internal()
    })??;
    let erased = erased.ok_or_else(|| unknown_owner(user))?;
    let body = ErasureBody { user_id: id, rows: erased.values().sum(), erased };
    let mut response = Json(body).into_response();
    if own {
        response.headers_mut().append(header::SET_COOKIE, cookies::clear_session(app.settings()));
    }
    Ok(response)
}

/// Find a user by id.
#[utoipa::path(get, path = "/users/{user_id}", tag = "Users", params(("user_id" = i64, Path)), responses(
    (status = 200, description = "The user.", body = UserBody),
    Problems,
))]
pub(crate) async fn find_user(
    State(app): State<App>,
    caller: Access<Read>,
    Path(id): Path<i64>,
) -> Result<JsonBytes, Problem> {
    let id = UserId(id);
    match caller.scope(&app)? {
        Some(own) if own != id => return Err(unknown_owner(id)),
        _ => {}
    }
    let answer = async {
        let user = app.store().find_user(id).await?.ok_or_else(|| unknown_owner(id))?;
        Ok::<_, Problem>(serde_json::to_vec(&UserBody::from(user)).unwrap_or_default())
    };
    app.store().cached(Dataset::User(id), "", answer).await.map(JsonBytes)
}
