//! Labels of pages.

use axum::{
    Extension,
    extract::{Path, State},
    response::Response,
};
use serde_json::{Value, json};

use super::{
    error::ConfluenceError,
    page::PagePath,
    paging::{ListRequest, SortValue},
};
use crate::{
    app::Sandbox,
    gateway::{Caller, View},
    params::Params,
    world::{
        activity::page_labels,
        pages::{ContentKind, Page},
        vocabulary::LABELS,
    },
};

/// `GET /pages/{id}/labels` and `GET /blogposts/{id}/labels`
pub async fn list(
    State(sandbox): State<Sandbox>,
    Extension(kind): Extension<ContentKind>,
    Path(path): Path<PagePath>,
    caller: Caller,
    params: Params,
) -> Result<Response, ConfluenceError> {
    let world = sandbox.world();
    let view = caller.view(&world);
    let page = path.find_kind(view, kind)?;
    let link = format!("/api/v2/{}/{}/labels", kind.folder(), page.id);
    let request = ListRequest::read(link, &params, 25, &["name", "id", "created-date"])?;
    let prefix = params.get("prefix").is_none_or(|prefix| prefix == "global");
    let list = labels_of(view, page).into_iter().filter(|_| prefix).collect();
    let key = |label: &Value| (SortValue::Text(label["name"].to_string()), 0);
    Ok(request.answer(&caller, list, key, Value::clone))
}

/// The labels of a page; the same label has the same id on every page.
pub fn labels_of(view: View<'_>, page: &Page) -> Vec<Value> {
    let row = |name: &str| {
        let known = LABELS.iter().position(|label| *label == name);
        // Labels that people made up have ids that follow from their names.
        let new = || 70_000 + name.bytes().fold(0, |id, byte| (id * 31 + usize::from(byte)) % 1_000_000);
        let id = known.map_or_else(new, |position| 65_600 + position);
        json!({ "id": id.to_string(), "name": name, "prefix": "global" })
    };
    page_labels(view.site.seed, page).into_iter().map(row).collect()
}
