//! HTTP: the API with its OpenAPI document, and the console.
//!
//! `api` has one file per group of operations, each with its requests and answers beside it, and one list of routes.
//! `http` has what all of them share: callers, problems, extractors, the outermost layer. Handlers talk to the
//! services below, never to SQL or to Atlassian.

mod api;
mod console;
mod http;
mod pages;
mod reconsent;
mod server;
mod state;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::response::Redirect;
use axum::routing::get;
use utoipa_swagger_ui::SwaggerUi;

pub use http::cors::CorsOrigins;
pub use http::metrics::keep_metrics;
pub use http::rate::RateLimits;
pub use ipnet::IpNet;
pub use reconsent::Reconsent;
pub use server::{ConnectionLimits, serve};
pub use state::{App, AuthMode, EdgeSettings, WebSettings};

/// The largest body that is read, in bytes.
const BODY_LIMIT: usize = 1024 * 1024;

/// The whole service as a router.
pub fn router(app: App) -> Router {
    let (api, document) = api::routes().split_for_parts();
    let cors = http::cors::layer(&app.settings().cors_origins);
    Router::new()
        .merge(api)
        .merge(pages::routes())
        .merge(SwaggerUi::new("/docs").url("/openapi.json", document))
        .route("/redoc", get(async || Redirect::permanent("/docs")))
        .fallback(http::problem::unknown_route)
        .method_not_allowed_fallback(http::problem::wrong_method)
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        // From the last to the first: the edge sees a request first.
        .layer(axum::middleware::from_fn_with_state(app.clone(), http::gate::gate))
        .layer(cors)
        .layer(axum::middleware::from_fn(http::cors::keep_apart))
        .layer(axum::middleware::from_fn_with_state(app.clone(), http::edge::edge))
        .with_state(app)
}

/// The OpenAPI document of the API.
pub fn openapi() -> utoipa::openapi::OpenApi {
    api::routes().into_openapi()
}
