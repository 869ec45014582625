//! What people see when they follow a link into a site: small pages that show that the link is right.
//!
//! Nobody has to log in. The pages show what the default person may see.

mod avatar;
mod project;
mod sheet;
mod space;

use axum::{
    Router,
    extract::{Path, State},
    response::Response,
    routing::get,
};
use serde::Deserialize;

pub use avatar::{Shape, svg};

use self::sheet::{Links, Sheet, missing};
use crate::{
    app::Sandbox,
    gateway::{Caller, View},
    world::people::ADA,
};

/// The pages of all sites, and the pictures that answers point to.
pub fn routes() -> Router<Sandbox> {
    Router::new()
        .route("/sites/{site}", get(home))
        .route("/sites/{site}/", get(home))
        .route("/sites/{site}/browse/{key}", get(project::browse))
        .route("/sites/{site}/wiki", get(space::index))
        .route("/sites/{site}/wiki/x/{tiny}", get(space::tiny))
        .route("/sites/{site}/wiki/spaces/{key}", get(space::overview))
        .route("/sites/{site}/wiki/spaces/{key}/overview", get(space::overview))
        .route("/sites/{site}/wiki/spaces/{key}/pages/{id}", get(space::page))
        .route("/sites/{site}/wiki/spaces/{key}/pages/{id}/{title}", get(space::titled_page))
        .route(
            "/sites/{site}/wiki/spaces/{key}/blog/{year}/{month}/{day}/{id}/{title}",
            get(space::titled_page),
        )
        .route("/sites/{site}/wiki/spaces/{key}/folder/{id}", get(space::folder))
        .route("/sites/{site}/wiki/pages/viewpage.action", get(space::page_by_query))
        .route("/sites/{site}/wiki/pages/viewpageattachments.action", get(space::page_by_query))
        .route("/sites/{site}/wiki/aa-avatar/{account_id}", get(avatar::person))
        .route("/sites/{site}/avatars/{account_id}", get(avatar::person))
        .route("/sites/{site}/images/icons/{kind}/{name}", get(avatar::icon))
        .route("/avatars/site/{site}", get(avatar::site))
}

#[derive(Deserialize)]
pub struct SitePath {
    site: String,
}

/// `/sites/{site}`: the way to everything else.
async fn home(State(sandbox): State<Sandbox>, Path(path): Path<SitePath>) -> Response {
    visit(&sandbox, &path.site, |view| {
        let root = &view.caller.site_url;
        let projects = view.projects().map(|project| {
            (format!("{} {}", project.key, project.name), format!("{root}/browse/{}", project.key))
        });
        let spaces = view
            .spaces()
            .map(|space| (space.name.clone(), format!("{root}/wiki/spaces/{}/overview", space.key)));
        Some(Sheet {
            kind: String::from("Site"),
            title: view.site.title.clone().into_owned(),
            lists: vec![Links::new("Projects", projects), Links::new("Spaces", spaces)],
            ..Sheet::default()
        })
    })
}

/// Writes a page about something of a site, or the page for what is not there.
fn visit(sandbox: &Sandbox, site: &str, write: impl FnOnce(View<'_>) -> Option<Sheet>) -> Response {
    let world = sandbox.world();
    let Some(index) = world.site_by_name(site) else { return missing() };
    let site_url = sandbox.site_url(site);
    let caller = Caller { site: index, person: Some(ADA), scopes: None, root: site_url.clone(), site_url };
    write(caller.view(&world)).map_or_else(missing, |sheet| sheet.show())
}
