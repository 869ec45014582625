//! Handles for tests: what was asked, what shall go wrong, what time it is, and changes to the data.

mod data;
mod faults;
mod observe;
mod people;
mod shape;
mod stats;
mod switches;
mod time;
mod tokens;
mod truth;
mod webhooks;
mod witness;

use axum::{
    Router,
    routing::{MethodRouter, delete, get, patch, post},
};

pub use faults::Faults;
pub use observe::observe;
pub use stats::{GrantType, Stats};

use crate::app::Sandbox;

fn page_comment() -> MethodRouter<Sandbox> {
    patch(data::attached::edit_comment).delete(data::attached::delete_comment)
}

/// Everything under `/__sandbox`.
pub fn routes() -> Router<Sandbox> {
    let site = Router::new()
        .route("/projects", post(data::projects::create))
        .route("/projects/{id}", patch(data::projects::edit).delete(data::projects::delete))
        .route("/issues", post(data::issues::create))
        .route("/issues/{id}", patch(data::issues::edit).delete(data::issues::delete))
        .route("/issues/{id}/comments", post(data::activity::create_comment))
        .route(
            "/issues/{id}/comments/{entry}",
            patch(data::activity::edit_comment).delete(data::activity::delete_comment),
        )
        .route("/issues/{id}/worklogs", post(data::activity::create_worklog))
        .route(
            "/issues/{id}/worklogs/{entry}",
            patch(data::activity::edit_worklog).delete(data::activity::delete_worklog),
        )
        .route("/spaces", post(data::spaces::create))
        .route("/spaces/{id}", patch(data::spaces::edit).delete(data::spaces::delete))
        .route("/pages", post(data::pages::create))
        .route("/pages/{id}", patch(data::pages::edit).delete(data::pages::delete))
        .route("/pages/{id}/comments", post(data::attached::create_comment))
        .route("/pages/{id}/comments/{entry}", page_comment())
        .route("/pages/{id}/attachments", post(data::attached::create_page_file))
        .route("/pages/{id}/attachments/{entry}", delete(data::attached::delete_page_file))
        .route("/blogposts", post(data::pages::create_post))
        .route("/blogposts/{id}", patch(data::pages::edit_post).delete(data::pages::delete_post))
        .route("/blogposts/{id}/comments", post(data::attached::create_comment))
        .route("/blogposts/{id}/comments/{entry}", page_comment())
        .route("/blogposts/{id}/attachments", post(data::attached::create_page_file))
        .route("/blogposts/{id}/attachments/{entry}", delete(data::attached::delete_page_file))
        .route("/issues/{id}/attachments", post(data::attached::create_issue_file))
        .route("/issues/{id}/attachments/{entry}", delete(data::attached::delete_issue_file))
        .route("/events", post(webhooks::happen))
        .route("/truth", get(truth::show));
    Router::new()
        .route("/__sandbox/stats", get(stats::show).delete(stats::clear))
        .route("/__sandbox/faults", post(faults::add).delete(faults::clear))
        .route("/__sandbox/switches", get(switches::show).patch(switches::change))
        .route("/__sandbox/webhooks", get(webhooks::show).post(webhooks::set))
        .route("/__sandbox/clock", post(time::advance))
        .route("/__sandbox/people", post(people::hire))
        .route("/__sandbox/tokens/expire", post(tokens::expire))
        .route("/__sandbox/tokens/history", get(tokens::history))
        .route("/__sandbox/tokens/standing", post(tokens::standing))
        .route("/__sandbox/grants", get(tokens::grants).post(people::consent))
        .route("/__sandbox/grants/revoke", post(tokens::revoke))
        .nest("/__sandbox/sites/{site}", site)
}
