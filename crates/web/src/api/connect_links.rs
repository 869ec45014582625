use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use connector_connections::NewConnectLink;
use connector_domain::{Email, Timestamp, UserId};
use connector_store::NewUser;
use serde::{Deserialize, Serialize};
use url::Url;
use utoipa::ToSchema;

use crate::App;
use crate::http::access::{Access, Manage};
use crate::http::caller::existing_owner;
use crate::http::extract;
use crate::http::problem::{Problem, Problems};
use crate::http::text::Checks;

/// For whom the link is to be: one of `user_id` and `email`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateConnectLink {
    user_id: Option<i64>,
    /// The user with this address, who is made where there is none.
    #[schema(format = "email", example = "ada@example.com")]
    email: Option<String>,
    /// Where the browser goes at the end, with `provider`, `status`, `user_id` and `connection_id`, or with `message`:
    /// an address whose origin is that of `APP_FRONTEND_URL` or one of `CONNECTOR_RETURN_URLS`. `APP_FRONTEND_URL` where
    /// it is left out.
    #[schema(max_length = 2048, example = "https://app.example/settings/atlassian")]
    return_url: Option<String>,
}

/// A link by which one person can connect, once.
#[derive(Serialize, ToSchema)]
#[schema(as = ConnectLink)]
pub(crate) struct ConnectLinkBody {
    id: String,
    /// Where the person's browser is to go. It is shown this once.
    #[schema(example = "https://connector.example/connect/…")]
    url: String,
    user_id: i64,
    return_url: Option<String>,
    #[schema(value_type = String, format = DateTime)]
    expires_at: Timestamp,
}

/// For whom a link is.
enum Person {
    Known(UserId),
    WithEmail(Email),
}

impl CreateConnectLink {
    fn check(self, app: &App) -> Result<(Person, Option<Url>), Problem> {
        let mut checks = Checks::new();
        let person = match (self.user_id, self.email.map(|email| email.parse::<Email>())) {
            (Some(id), None) => Some(Person::Known(UserId(id))),
            (None, Some(Ok(email))) => Some(Person::WithEmail(email)),
            (None, Some(Err(error))) => {
                checks.fault("/email", error.to_string());
                None
            }
            (Some(_), Some(_)) => {
                checks.fault("/email", "is given beside `user_id`: name the user by one of them".to_owned());
                None
            }
            (None, None) => {
                checks.fault("/user_id", "is missing: name the user by `user_id` or `email`".to_owned());
                None
            }
        };
        let return_url = match self.return_url.map(|text| app.settings().return_url(&text)) {
            None => None,
            Some(Ok(url)) => Some(url),
            Some(Err(what)) => {
                checks.fault("/return_url", what.to_owned());
                None
            }
        };
        let errors = checks.into_errors();
        match person {
            Some(person) if errors.is_empty() => Ok((person, return_url)),
            _ => Err(Problem::invalid(errors)),
        }
    }
}

/// Make a link by which one user can connect an Atlassian account.
///
/// It is good for 15 minutes, for the browser that opens it first, and for one consent, which becomes this user's and
/// nobody else's. What came of it is in `GET /api/connections`.
#[utoipa::path(post, path = "/api/connect-links", tag = "OAuth", request_body = CreateConnectLink, responses(
    (status = 201, description = "The link.", body = ConnectLinkBody),
    Problems,
))]
pub(crate) async fn create_connect_link(
    State(app): State<App>,
    caller: Access<Manage>,
    extract::Json(body): extract::Json<CreateConnectLink>,
) -> Result<(StatusCode, Json<ConnectLinkBody>), Problem> {
    let (person, return_url) = body.check(&app)?;
    let user_id = match person {
        Person::Known(id) => {
            existing_owner(&app, id).await?;
            id
        }
        Person::WithEmail(email) => {
            let new = NewUser { email, display_name: None, jira_base_url: None, confluence_base_url: None };
            app.connections().create_user(&new, Vec::new()).await?.0.id
        }
    };
    let new = NewConnectLink { user_id, return_url };
    let (link, token) = app.connections().create_connect_link(caller.actor(), new).await?;
    let public_url = app.settings().public_url.as_str().trim_end_matches('/');
    let body = ConnectLinkBody {
        id: link.id.to_string(),
        url: format!("{public_url}/connect/{}", token.expose()),
        user_id: link.user_id.0,
        return_url: link.return_url,
        expires_at: link.expires_at,
    };
    Ok((StatusCode::CREATED, Json(body)))
}
