//! The search of before 2025: by position, with a total. At the gateway it is gone; sites answer it to API tokens.

use axum::{
    Extension, Json,
    extract::{State, rejection::JsonRejection},
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{fields::Selection, row::Renderer, search::REMOVED};
use crate::{
    app::Sandbox,
    gateway::{Caller, Counted},
    jira::{
        ApiVersion,
        error::JiraError,
        jql::{Context, Position, compare, parse},
        paging::number,
    },
    params::Params,
    world::issues::Issue,
};

const LARGEST_PAGE: usize = 100;

/// A search, from a query string or a body.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct OldSearch {
    jql: String,
    start_at: usize,
    max_results: Option<usize>,
    fields: Vec<String>,
    expand: Value,
}

/// `GET /search`
pub async fn get(
    State(sandbox): State<Sandbox>,
    Extension(version): Extension<ApiVersion>,
    caller: Caller,
    params: Params,
) -> Result<Response, JiraError> {
    let search = OldSearch {
        jql: String::from(params.get("jql").unwrap_or_default()),
        start_at: number(&params, "startAt")?.unwrap_or(0),
        max_results: number(&params, "maxResults")?,
        fields: params.list("fields").into_iter().map(String::from).collect(),
        expand: json!(params.list("expand")),
    };
    search.answer(&sandbox, &caller, version)
}

/// `POST /search`
pub async fn post(
    State(sandbox): State<Sandbox>,
    Extension(version): Extension<ApiVersion>,
    caller: Caller,
    request: Result<Json<OldSearch>, JsonRejection>,
) -> Result<Response, JiraError> {
    if caller.scopes.is_some() {
        return Err(JiraError::gone(REMOVED));
    }
    let Json(search) = request.map_err(JiraError::from_body)?;
    search.answer(&sandbox, &caller, version)
}

impl OldSearch {
    fn answer(&self, sandbox: &Sandbox, caller: &Caller, version: ApiVersion) -> Result<Response, JiraError> {
        if caller.scopes.is_some() {
            return Err(JiraError::gone(REMOVED));
        }
        let world = sandbox.world();
        let context = Context { view: caller.view(&world), now: sandbox.now() };
        let query = parse(&self.jql)?;
        let fits = query.filter.as_ref().map(|filter| context.bind(filter)).transpose()?;
        let position = context.positions(&query.order)?;
        let issues = context.view.indexed_issues(sandbox.now_millis(), &[]);
        let mut found: Vec<(Position, &Issue)> = issues
            .filter(|issue| fits.as_ref().is_none_or(|fits| fits(issue)))
            .map(|issue| (position(issue), issue))
            .collect();
        found.sort_by(|(a, _), (b, _)| compare(&query.order, a, b));

        let limit = self.max_results.unwrap_or(50).min(LARGEST_PAGE);
        let fields: Vec<&str> = self.fields.iter().map(String::as_str).collect();
        let expand: Vec<&str> = match &self.expand {
            Value::String(names) => names.split(',').collect(),
            Value::Array(names) => names.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        };
        let selection = Selection::read(&fields, "*navigable");
        let renderer = Renderer::new(context.view, version, &selection, &expand);
        let page = found.iter().skip(self.start_at).take(limit);
        let rows: Vec<Value> = page.map(|(_, issue)| renderer.row(issue)).collect();
        let count = rows.len();
        let body = json!({
            "expand": "schema,names",
            "startAt": self.start_at,
            "maxResults": limit,
            "total": found.len(),
            "issues": rows,
        });
        Ok(Counted(body, count).into_response())
    }
}
