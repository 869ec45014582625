//! The authorization endpoint and its consent page.

use askama::Template;
use axum::{
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use url::Url;

use super::{
    grants::CodeRequest,
    scopes::{Product, ScopeSet, in_plain_words, product_of},
};
use crate::{
    app::Sandbox,
    html::render,
    params::Params,
    switches::AppSharing,
    world::{
        people::{ADA, PersonIndex},
        site::SiteIndex,
    },
};

/// About this many granular scopes make a request line that Atlassian's edge refuses.
const TOO_MANY_SCOPES: usize = 80;

/// A request that was found good: an app that is known and a callback that is its own.
struct AuthorizeRequest {
    client_id: String,
    redirect_uri: Url,
    /// The callback as it was written; the exchange has to repeat it to the letter.
    redirect_text: String,
    scopes: ScopeSet,
    state: Option<String>,
    challenge: Option<String>,
}

/// `GET /authorize`: the consent page, or the redirect at once where `--auto-consent` is on.
pub async fn show(State(sandbox): State<Sandbox>, params: Params) -> Response {
    let request = match AuthorizeRequest::check(&sandbox, &params) {
        Ok(request) => request,
        Err(error) => return error.into_response(),
    };
    let who = params.get("login_hint").filter(|hint| !hint.is_empty());
    let Some((person, site)) = sandbox.world().at_home(who) else {
        return AuthorizeError::new("invalid_request", "Nobody has the account of login_hint")
            .into_response();
    };
    if sandbox.options().auto_consent {
        return request.accept(&sandbox, person, site);
    }
    request.page(&sandbox, person, site, None)
}

/// `POST /authorize`: what the person decided on the consent page.
pub async fn decide(State(sandbox): State<Sandbox>, body: axum::body::Bytes) -> Response {
    let params = Params::parse(&body);
    let request = match AuthorizeRequest::check(&sandbox, &params) {
        Ok(request) => request,
        Err(error) => return error.into_response(),
    };
    if params.get("decision") != Some("accept") {
        return request.deny();
    }
    let (person, site, name, member) = {
        let world = sandbox.world();
        let person = params.get("account_id").map_or(Some(ADA), |id| world.account(id));
        let site = params.get("cloud_id").map_or(Some(0), |id| world.site_by_cloud_id(id));
        let (Some(person), Some(site)) = (person, site) else {
            return AuthorizeError::new("invalid_request", "Unknown person or site").into_response();
        };
        (person, site, world.people[person].name.clone(), world.sites[site].has_member(person))
    };
    if member {
        return request.accept(&sandbox, person, site);
    }
    request.page(
        &sandbox,
        person,
        site,
        Some(format!("{name} has no access to this site. Choose another one.")),
    )
}

impl AuthorizeRequest {
    /// Everything that is wrong here is shown on a page of its own: a request that names the wrong app or callback
    /// must not lead anywhere.
    fn check(sandbox: &Sandbox, params: &Params) -> Result<Self, AuthorizeError> {
        let needed = |name: &str| {
            let message =
                || AuthorizeError::new("invalid_request", &format!("Missing required parameter: {name}"));
            params.get(name).map(String::from).ok_or_else(message)
        };
        let client_id = needed("client_id")?;
        if client_id != sandbox.app().client_id {
            return Err(AuthorizeError::new("unauthorized_client", "Unknown client"));
        }
        let redirect_text = needed("redirect_uri")?;
        let mismatch = || {
            let message =
                "Callback URL mismatch. The redirect URI is not in the list of allowed callback URLs.";
            AuthorizeError::new("unauthorized_client", message)
        };
        if !sandbox.app().allows_redirect_to(&redirect_text) {
            return Err(mismatch());
        }
        let redirect_uri = Url::parse(&redirect_text).map_err(|_| mismatch())?;
        if needed("response_type")? != "code" {
            return Err(AuthorizeError::new("unsupported_response_type", "Only the code flow is available"));
        }
        if params.get("audience").is_some_and(|audience| audience != "api.atlassian.com") {
            return Err(AuthorizeError::new("access_denied", "Unknown audience"));
        }
        let scopes = ScopeSet::parse(&needed("scope")?);
        if scopes.is_empty() {
            return Err(AuthorizeError::new("invalid_request", "Missing required parameter: scope"));
        }
        if scopes.iter().count() >= TOO_MANY_SCOPES {
            return Err(AuthorizeError::new("invalid_request", "Request header is too large"));
        }
        let challenge = params.get("code_challenge").map(String::from);
        if challenge.is_some() && params.get("code_challenge_method") != Some("S256") {
            return Err(AuthorizeError::new("invalid_request", "code_challenge_method must be S256"));
        }
        let state = params.get("state").map(String::from);
        Ok(Self { client_id, redirect_uri, redirect_text, scopes, state, challenge })
    }

    fn accept(self, sandbox: &Sandbox, person: PersonIndex, site: SiteIndex) -> Response {
        let switches = sandbox.switches();
        if switches.app == AppSharing::Private && person != ADA {
            let message = "This app is not shared: only the person who made it can use it";
            return AuthorizeError::new("access_denied", message).into_response();
        }
        let Self { mut redirect_uri, redirect_text, scopes, state, challenge, .. } = self;
        let request = CodeRequest { redirect_uri: redirect_text, challenge };
        let code = sandbox.grants().consent((person, site), scopes, request, switches, sandbox.now_millis());
        redirect_uri
            .query_pairs_mut()
            .extend_pairs(state.map(|state| ("state", state)))
            .append_pair("code", &code);
        redirect(&redirect_uri)
    }

    fn deny(self) -> Response {
        let mut redirect_uri = self.redirect_uri;
        redirect_uri
            .query_pairs_mut()
            .append_pair("error", "access_denied")
            .append_pair("error_description", "User did not authorize the request")
            .extend_pairs(self.state.map(|state| ("state", state)));
        redirect(&redirect_uri)
    }

    fn page(
        &self,
        sandbox: &Sandbox,
        person: PersonIndex,
        site: SiteIndex,
        problem: Option<String>,
    ) -> Response {
        let world = sandbox.world();
        let people = world.accounts().map(|(index, account)| Choice {
            value: account.account_id.clone(),
            label: format!("{}, {}", account.name, account.email.as_deref().unwrap_or_default()),
            selected: index == person,
        });
        let sites = world.sites.iter().enumerate().map(|(index, choice)| Choice {
            value: choice.cloud_id.clone().into_owned(),
            label: format!("{} ({})", choice.title, choice.name),
            selected: index == site,
        });
        let status = if problem.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
        let page = ConsentPage {
            app: sandbox.app().name,
            person: &world.people[person].name,
            callback_host: self.redirect_uri.authority(),
            problem: problem.unwrap_or_default(),
            hidden: self.hidden_inputs(),
            people: people.collect(),
            sites: sites.collect(),
            groups: self.scope_groups(),
        };
        render(status, &page)
    }

    /// The request again, for the form.
    fn hidden_inputs(&self) -> Vec<(&'static str, String)> {
        let mut inputs = vec![
            ("audience", String::from("api.atlassian.com")),
            ("client_id", self.client_id.clone()),
            ("redirect_uri", self.redirect_text.clone()),
            ("response_type", String::from("code")),
            ("scope", self.scopes.to_string()),
        ];
        inputs.extend(self.state.clone().map(|state| ("state", state)));
        if let Some(challenge) = &self.challenge {
            inputs.push(("code_challenge", challenge.clone()));
            inputs.push(("code_challenge_method", String::from("S256")));
        }
        inputs
    }

    fn scope_groups(&self) -> Vec<ScopeGroup> {
        let groups = [
            ("Jira", Some(Product::Jira)),
            ("Confluence", Some(Product::Confluence)),
            ("Your account", None),
        ];
        let group = |(title, product)| {
            let scopes = self.scopes.iter().filter(|scope| product_of(scope) == product);
            ScopeGroup {
                title,
                scopes: scopes.map(|scope| (in_plain_words(scope), String::from(scope))).collect(),
            }
        };
        groups.into_iter().map(group).filter(|group| !group.scopes.is_empty()).collect()
    }
}

#[derive(Template)]
#[template(path = "consent.html")]
struct ConsentPage<'a> {
    app: &'a str,
    person: &'a str,
    callback_host: &'a str,
    /// Why the page is shown again; empty the first time.
    problem: String,
    hidden: Vec<(&'static str, String)>,
    people: Vec<Choice>,
    sites: Vec<Choice>,
    groups: Vec<ScopeGroup>,
}

struct Choice {
    value: String,
    label: String,
    selected: bool,
}

struct ScopeGroup {
    title: &'static str,
    /// In plain words, and the scope itself.
    scopes: Vec<(String, String)>,
}

/// A request that cannot be sent back to the app.
#[derive(Template)]
#[template(path = "authorize_error.html")]
struct AuthorizeError {
    error: &'static str,
    description: String,
}

impl AuthorizeError {
    fn new(error: &'static str, description: &str) -> Self {
        Self { error, description: String::from(description) }
    }
}

impl IntoResponse for AuthorizeError {
    fn into_response(self) -> Response {
        render(StatusCode::BAD_REQUEST, &self)
    }
}

fn redirect(to: &Url) -> Response {
    let location = HeaderValue::from_str(to.as_str());
    match location {
        Ok(location) => (StatusCode::FOUND, [(header::LOCATION, location)]).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
