//! Search by CQL, one of the two operations of version 1 that are left.

use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use url::form_urlencoded::byte_serialize;

use super::error;
use crate::{
    app::Sandbox,
    confluence::{body::document, page::webui, time::timestamp},
    gateway::{Caller, Counted, View},
    params::Params,
    query::{self, Clause, Expression, Operand, Operator, Order, SyntaxError, dates::moment, words},
    world::{
        activity::page_labels,
        pages::{ContentKind, Page, PageStatus, Parent},
    },
};

const DEFAULT_LIMIT: usize = 25;
const LARGEST_LIMIT: usize = 250;
const EXCERPT: usize = 300;

/// A test of pages.
type Predicate<'a> = Box<dyn Fn(&Page) -> bool + 'a>;

/// `GET /search`
pub async fn search(State(sandbox): State<Sandbox>, caller: Caller, params: Params) -> Response {
    let cql = params.get("cql").unwrap_or_default();
    match answer(&sandbox, &caller, &params, cql) {
        Ok(body) => body.into_response(),
        Err(SyntaxError(message)) => {
            let message =
                format!("com.atlassian.confluence.api.service.exceptions.BadRequestException: {message}");
            error(StatusCode::BAD_REQUEST, false, &message)
        }
    }
}

fn answer(sandbox: &Sandbox, caller: &Caller, params: &Params, cql: &str) -> Result<Response, SyntaxError> {
    let wrong = |name: &str| SyntaxError(format!("The parameter '{name}' is invalid"));
    let number = |name: &str, default: usize| {
        params.get(name).map_or(Ok(default), |text| text.parse().map_err(|_| wrong(name)))
    };
    let limit = number("limit", DEFAULT_LIMIT)?.min(LARGEST_LIMIT);
    let start = match params.get("cursor") {
        Some(cursor) => read_cursor(cursor).ok_or_else(|| wrong("cursor"))?,
        None => number("start", 0)?,
    };
    let world = sandbox.world();
    let context = Context { view: caller.view(&world), now: sandbox.now() };
    let found = matching(context.view, context.now, cql, params.flag("includeArchivedSpaces"))?;

    let total = found.len();
    let page: Vec<Value> = found.iter().skip(start).take(limit).map(|page| context.row(page)).collect();
    let (size, end) = (page.len(), start + page.len());
    let encoded: String = byte_serialize(cql.as_bytes()).collect();
    let mut links = json!({
        "base": format!("{}/wiki", caller.site_url),
        "context": "/wiki",
        "self": format!("{}/wiki/rest/api/search?cql={encoded}", caller.site_url),
    });
    // The next link begins behind the context, and neither at the site nor at the gateway.
    if end < total && size > 0 {
        let cursor = write_cursor(end);
        links["next"] = json!(format!(
            "/rest/api/search?next=true&cursor={cursor}&limit={limit}&start={end}&cql={encoded}"
        ));
    }
    let body = json!({
        "results": page,
        "start": start,
        "limit": limit,
        "size": size,
        "totalSize": total,
        "cqlQuery": cql,
        "searchDuration": 12,
        "archivedResultCount": 0,
        "_links": links,
    });
    Ok(Counted(body, size).into_response())
}

/// What a query finds, in its order.
pub fn matching<'a>(
    view: View<'a>,
    now: DateTime<Utc>,
    cql: &str,
    archived: bool,
) -> Result<Vec<&'a Page>, SyntaxError> {
    let query = query::parse(cql)?;
    let filter = query.filter.as_ref().ok_or_else(|| SyntaxError(format!("Could not parse cql : {cql}")))?;
    let fits = Context { view, now }.bind(filter)?;
    let searched = |page: &&Page| {
        page.status == PageStatus::Current
            && view.site.index.reaches(page.created, now.timestamp_millis())
            && view.site.space(page.space).is_some_and(|space| archived || !space.archived)
    };
    let contents = view.pages().chain(view.contents(ContentKind::BlogPost));
    let mut found: Vec<&Page> = contents.filter(searched).filter(|page| fits(page)).collect();
    sort(&mut found, &query.order)?;
    Ok(found)
}

fn write_cursor(position: usize) -> String {
    format!("_t_{}_h_", URL_SAFE_NO_PAD.encode(position.to_string()))
}

fn read_cursor(cursor: &str) -> Option<usize> {
    let position = URL_SAFE_NO_PAD.decode(cursor.strip_prefix("_t_")?.strip_suffix("_h_")?).ok()?;
    String::from_utf8(position).ok()?.parse().ok()
}

fn sort(pages: &mut [&Page], order: &[Order]) -> Result<(), SyntaxError> {
    // Sorting is stable: the last field first.
    for order in order.iter().rev() {
        match order.field.to_ascii_lowercase().as_str() {
            "created" => pages.sort_by_key(|page| page.created),
            "lastmodified" => pages.sort_by_key(|page| page.modified),
            "title" => pages.sort_by_key(|page| page.title.to_lowercase()),
            "id" | "content" => pages.sort_by_key(|page| page.id),
            field => return Err(SyntaxError(format!("Cannot order by field '{field}'"))),
        }
        if order.descending {
            pages.reverse();
        }
    }
    Ok(())
}

/// What the meaning of a query depends on.
#[derive(Clone, Copy)]
struct Context<'a> {
    view: View<'a>,
    now: DateTime<Utc>,
}

impl<'a> Context<'a> {
    fn bind(self, expression: &Expression) -> Result<Predicate<'a>, SyntaxError> {
        Ok(match expression {
            Expression::And(parts) => {
                let parts = parts.iter().map(|part| self.bind(part)).collect::<Result<Vec<_>, _>>()?;
                Box::new(move |page| parts.iter().all(|part| part(page)))
            }
            Expression::Or(parts) => {
                let parts = parts.iter().map(|part| self.bind(part)).collect::<Result<Vec<_>, _>>()?;
                Box::new(move |page| parts.iter().any(|part| part(page)))
            }
            Expression::Not(part) => {
                let part = self.bind(part)?;
                Box::new(move |page| !part(page))
            }
            Expression::Clause(clause) => self.clause(clause)?,
        })
    }

    fn clause(self, clause: &Clause) -> Result<Predicate<'a>, SyntaxError> {
        let field = clause.field.to_ascii_lowercase();
        let seed = self.view.site.seed;
        match field.as_str() {
            // Pages and blog posts are the only content that is searched.
            "type" => one_of(clause, |page, wanted| wanted == page.kind.name() || wanted == "content"),
            "space" | "space.key" => one_of(clause, move |page, wanted| {
                self.view.site.space(page.space).is_some_and(|space| space.key.eq_ignore_ascii_case(wanted))
            }),
            "id" | "content" => one_of(clause, |page, wanted| page.id.to_string() == wanted),
            "parent" => one_of(clause, |page, wanted| {
                page.parent.is_some_and(|parent| parent.id().to_string() == wanted)
            }),
            "ancestor" => one_of(clause, move |page, wanted| self.is_below(page, wanted)),
            "label" => one_of(clause, move |page, wanted| page_labels(seed, page).contains(&wanted)),
            "creator" => one_of(clause, move |page, wanted| self.account(page.author) == wanted),
            "contributor" => one_of(clause, move |page, wanted| {
                page.versions(seed).iter().any(|version| self.account(version.by) == wanted)
            }),
            "title" if matches!(clause.operator.positive().0, Operator::Equals | Operator::In) => {
                one_of(clause, |page, wanted| page.title.eq_ignore_ascii_case(wanted))
            }
            "title" => contains(clause, |page| page.title.to_lowercase()),
            "text" | "sitesearch" => contains(clause, move |page| {
                format!("{} {}", page.title, document(self.view, page).plain()).to_lowercase()
            }),
            "created" => self.time(clause, |page| page.created),
            "lastmodified" => self.time(clause, |page| page.modified),
            _ => Err(SyntaxError(format!("No field exists with name '{}'", clause.field))),
        }
    }

    /// Dates are read in the calling person's zone.
    fn time(self, clause: &Clause, value: impl Fn(&Page) -> i64 + 'a) -> Result<Predicate<'a>, SyntaxError> {
        let zone = self.view.person().map_or(self.view.site.zone, |person| person.zone);
        let limit = clause.operands.first().and_then(|operand| moment(operand, self.now, zone));
        let limit =
            limit.ok_or_else(|| SyntaxError(format!("Could not parse the date of '{}'", clause.field)))?;
        let (operator, turned) = clause.operator.positive();
        let holds: fn(i64, i64) -> bool = match operator {
            Operator::Equals => |value, limit| value / 60_000 == limit / 60_000,
            Operator::Less => |value, limit| value < limit,
            Operator::LessOrEqual => |value, limit| value <= limit,
            Operator::Greater => |value, limit| value > limit,
            Operator::GreaterOrEqual => |value, limit| value >= limit,
            _ => return Err(unsupported(clause)),
        };
        Ok(Box::new(move |page| holds(value(page), limit) != turned))
    }

    fn account(self, person: usize) -> &'a str {
        &self.view.world.people[person].account_id
    }

    fn is_below(self, page: &Page, ancestor: &str) -> bool {
        let mut next = page.parent;
        while let Some(parent) = next {
            if parent.id().to_string() == ancestor {
                return true;
            }
            next = match parent {
                Parent::Page(id) => self.view.site.page(id).and_then(|page| page.parent),
                Parent::Folder(id) => self.view.site.folder(id).and_then(|folder| folder.parent),
            };
        }
        false
    }

    fn row(self, page: &Page) -> Value {
        let space = self.view.site.space(page.space);
        let (key, name) = space.map_or(("", ""), |space| (space.key.as_str(), space.name.as_str()));
        let id = page.id.to_string();
        let excerpt: String = document(self.view, page).plain().chars().take(EXCERPT).collect();
        json!({
            "content": {
                "id": id,
                "type": page.kind.name(),
                "status": "current",
                "title": page.title,
                "childTypes": {},
                "macroRenderedOutput": {},
                "restrictions": {},
                "_expandable": { "container": "", "body": "", "version": "", "space": format!("/rest/api/space/{key}") },
                "_links": {
                    "webui": webui(self.view, page),
                    "self": format!("{}/wiki/rest/api/content/{id}", self.view.caller.site_url),
                    "tinyui": format!("/x/{:x}", page.id),
                },
            },
            "title": page.title,
            "excerpt": excerpt,
            "url": webui(self.view, page),
            "resultGlobalContainer": { "title": name, "displayUrl": format!("/spaces/{key}") },
            "breadcrumbs": [],
            "entityType": "content",
            "iconCssClass": format!("aui-icon content-type-{}", page.kind.name()),
            // To the second only, whatever the version says.
            "lastModified": timestamp(page.modified / 1000 * 1000),
            "friendlyLastModified": DateTime::from_timestamp_millis(page.modified)
                .map(|at| at.format("%b %d, %Y").to_string()),
            "score": 0,
        })
    }
}

fn one_of<'a>(
    clause: &Clause,
    fits: impl Fn(&Page, &str) -> bool + 'a,
) -> Result<Predicate<'a>, SyntaxError> {
    let (operator, turned) = clause.operator.positive();
    if !matches!(operator, Operator::Equals | Operator::In) {
        return Err(unsupported(clause));
    }
    let wanted: Option<Vec<String>> =
        clause.operands.iter().map(|operand| operand.text().map(String::from)).collect();
    let wanted =
        wanted.ok_or_else(|| SyntaxError(format!("A value of '{}' is not understood", clause.field)))?;
    Ok(Box::new(move |page| wanted.iter().any(|wanted| fits(page, wanted)) != turned))
}

fn contains<'a>(clause: &Clause, value: impl Fn(&Page) -> String + 'a) -> Result<Predicate<'a>, SyntaxError> {
    let (operator, turned) = clause.operator.positive();
    let text = clause.operands.first().and_then(Operand::text).filter(|_| operator == Operator::Contains);
    let words = words(text.ok_or_else(|| unsupported(clause))?);
    Ok(Box::new(move |page| {
        let value = value(page);
        words.iter().all(|word| value.contains(word.as_str())) != turned
    }))
}

fn unsupported(clause: &Clause) -> SyntaxError {
    SyntaxError(format!(
        "The operator '{}' is not supported for '{}'",
        clause.operator.symbol(),
        clause.field
    ))
}
