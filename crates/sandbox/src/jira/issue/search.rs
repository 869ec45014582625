//! Search by JQL.

use axum::{
    Extension, Json,
    extract::{State, rejection::JsonRejection},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::{fields::Selection, row::Renderer};
use crate::{
    app::Sandbox,
    gateway::{Caller, Counted},
    jira::{
        ApiVersion,
        error::JiraError,
        jql::{Context, Position, Predicate, compare, parse},
    },
    params::Params,
    query::Query,
    world::{Millis, issues::Issue},
};

const DEFAULT_PAGE: i64 = 50;
const LARGEST_PAGE: i64 = 5000;
/// Pages with more than ids and keys are shorter than asked, without notice.
const LARGEST_FULL_PAGE: usize = 100;
const TOKEN_TTL: Millis = 7 * 24 * 60 * 60 * 1000;
const MOST_RECONCILED: usize = 50;

/// A search, from a query string or a body. Unknown members of a body are refused.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub struct SearchRequest {
    jql: Option<String>,
    fields: Vec<String>,
    expand: Option<String>,
    max_results: Option<i64>,
    next_page_token: Option<String>,
    reconcile_issues: Vec<u64>,
    #[serde(rename = "fieldsByKeys")]
    _fields_by_keys: Option<bool>,
    #[serde(rename = "properties")]
    _properties: Vec<String>,
}

/// Where a page ended, for which search, and when that was.
#[derive(Serialize, Deserialize)]
struct Token {
    search: String,
    at: Millis,
    last: Position,
}

/// `GET /search/jql`
pub async fn get(
    State(sandbox): State<Sandbox>,
    Extension(version): Extension<ApiVersion>,
    caller: Caller,
    params: Params,
) -> Result<Counted, JiraError> {
    let invalid = |name: &str| JiraError::bad_request(format!("The value of '{name}' is not a number."));
    let max_results = params.get("maxResults").map(|text| text.parse().map_err(|_| invalid("maxResults")));
    let reconcile = params
        .list("reconcileIssues")
        .into_iter()
        .map(|text| text.parse().map_err(|_| invalid("reconcileIssues")));
    let request = SearchRequest {
        jql: params.get("jql").map(String::from),
        fields: params.list("fields").into_iter().map(String::from).collect(),
        expand: params.get("expand").map(String::from),
        max_results: max_results.transpose()?,
        next_page_token: params.get("nextPageToken").map(String::from),
        reconcile_issues: reconcile.collect::<Result<_, _>>()?,
        ..SearchRequest::default()
    };
    request.answer(&sandbox, &caller, version)
}

/// `POST /search/jql`: only the body counts.
pub async fn post(
    State(sandbox): State<Sandbox>,
    Extension(version): Extension<ApiVersion>,
    caller: Caller,
    request: Result<Json<SearchRequest>, JsonRejection>,
) -> Result<Counted, JiraError> {
    let Json(request) = request.map_err(JiraError::from_body)?;
    request.answer(&sandbox, &caller, version)
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CountRequest {
    jql: Option<String>,
}

/// `POST /search/approximate-count`
pub async fn approximate_count(
    State(sandbox): State<Sandbox>,
    caller: Caller,
    request: Result<Json<CountRequest>, JsonRejection>,
) -> Result<Json<Value>, JiraError> {
    let Json(request) = request.map_err(JiraError::from_body)?;
    let world = sandbox.world();
    let context = Context { view: caller.view(&world), now: sandbox.now() };
    let (_, fits) = bounded(request.jql.as_deref(), context)?;
    let issues = context.view.indexed_issues(sandbox.now_millis(), &[]);
    Ok(Json(json!({ "count": issues.filter(|issue| fits(issue)).count() })))
}

/// What the search that was removed in 2025 answers.
pub const REMOVED: &str = "The requested API has been removed. Please migrate to the /rest/api/3/search/jql API. A full \
                           migration guideline is available at https://developer.atlassian.com/changelog/#CHANGE-2046";

impl SearchRequest {
    fn answer(&self, sandbox: &Sandbox, caller: &Caller, version: ApiVersion) -> Result<Counted, JiraError> {
        let limit = self.max_results.unwrap_or(DEFAULT_PAGE);
        if !(1..=LARGEST_PAGE).contains(&limit) {
            return Err(JiraError::bad_request("The max results parameter has to be between 1 and 5,000."));
        }
        if self.reconcile_issues.len() > MOST_RECONCILED {
            return Err(JiraError::bad_request("Up to 50 issues can be reconciled."));
        }
        let fields: Vec<&str> = self.fields.iter().map(String::as_str).collect();
        let selection = Selection::read(&fields, "id");
        let mut limit = usize::try_from(limit).unwrap_or_default();
        if !selection.keys_only {
            limit = limit.min(LARGEST_FULL_PAGE);
        }

        let world = sandbox.world();
        let context = Context { view: caller.view(&world), now: sandbox.now() };
        let (query, fits) = bounded(self.jql.as_deref(), context)?;
        let position = context.positions(&query.order)?;
        let after = self
            .next_page_token
            .as_deref()
            .map(|token| self.read_token(token, sandbox.now_millis()))
            .transpose()?;
        let issues = context.view.indexed_issues(sandbox.now_millis(), &self.reconcile_issues);
        let mut found: Vec<(Position, &Issue)> =
            issues.filter(|issue| fits(issue)).map(|issue| (position(issue), issue)).collect();
        if let Some(after) = &after {
            found.retain(|(position, _)| compare(&query.order, position, after).is_gt());
        }
        let is_last = found.len() <= limit;
        // Only this page has to be in order; what follows may stay as it is.
        if !is_last {
            found.select_nth_unstable_by(limit, |(a, _), (b, _)| compare(&query.order, a, b));
            found.truncate(limit);
        }
        found.sort_by(|(a, _), (b, _)| compare(&query.order, a, b));

        let expand: Vec<&str> =
            self.expand.as_deref().unwrap_or_default().split(',').map(str::trim).collect();
        let renderer = Renderer::new(context.view, version, &selection, &expand);
        let issues: Vec<Value> = found.iter().map(|(_, issue)| renderer.row(issue)).collect();
        let count = issues.len();
        let mut body = json!({ "issues": issues, "isLast": is_last });
        // On the last page the token is missing altogether.
        if let Some((last, _)) = found.pop().filter(|_| !is_last) {
            body["nextPageToken"] = json!(self.write_token(last, sandbox.now_millis()));
        }
        Ok(Counted(body, count))
    }

    /// A token continues one search: another query or other fields make it invalid.
    fn fingerprint(&self) -> String {
        let search = format!("{:?} {:?} {:?}", self.jql, self.fields, self.reconcile_issues);
        URL_SAFE_NO_PAD.encode(&Sha256::digest(search)[..12])
    }

    fn write_token(&self, last: Position, at: Millis) -> String {
        let token = Token { search: self.fingerprint(), at, last };
        URL_SAFE_NO_PAD.encode(serde_json::to_vec(&token).unwrap_or_default())
    }

    fn read_token(&self, token: &str, now: Millis) -> Result<Position, JiraError> {
        let token =
            URL_SAFE_NO_PAD.decode(token).ok().and_then(|json| serde_json::from_slice::<Token>(&json).ok());
        token
            .filter(|token| token.search == self.fingerprint() && now - token.at < TOKEN_TTL)
            .map(|token| token.last)
            .ok_or_else(|| JiraError::bad_request("The next page token is invalid or has expired."))
    }
}

/// Reads a query, which must restrict the issues somehow.
fn bounded<'a>(jql: Option<&str>, context: Context<'a>) -> Result<(Query, Predicate<'a>), JiraError> {
    let query = parse(jql.unwrap_or_default())?;
    let filter = query.filter.as_ref().ok_or_else(|| {
        JiraError::bad_request(
            "Unbounded JQL queries are not allowed here. Please add a search restriction to your query.",
        )
    })?;
    let predicate = context.bind(filter)?;
    Ok((query, predicate))
}
