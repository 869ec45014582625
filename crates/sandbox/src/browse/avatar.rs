//! Small drawings where Atlassian has pictures.

use axum::{
    extract::{Path, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Deserialize;

use super::SitePath;
use crate::{app::Sandbox, document::escape, world::dice::Dice};

/// What a drawing has behind its letters.
#[derive(Clone, Copy)]
pub enum Shape {
    Circle,
    Square,
}

#[derive(Deserialize)]
pub struct PersonPath {
    account_id: String,
}

#[derive(Deserialize)]
pub struct IconPath {
    name: String,
}

/// `/avatars/site/{site}`
pub async fn site(State(sandbox): State<Sandbox>, Path(path): Path<SitePath>) -> Response {
    let world = sandbox.world();
    match world.site_by_name(&path.site) {
        Some(index) => svg(&world.sites[index].title, Shape::Square),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// `/sites/{site}/avatars/{accountId}`
pub async fn person(State(sandbox): State<Sandbox>, Path(path): Path<PersonPath>) -> Response {
    let world = sandbox.world();
    match world.people.iter().find(|person| person.account_id == path.account_id) {
        Some(person) => svg(&person.name, Shape::Circle),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// `/sites/{site}/images/icons/{kind}/{name}`: priorities and statuses.
pub async fn icon(Path(path): Path<IconPath>) -> Response {
    svg(&path.name, Shape::Circle)
}

/// The first letters of a name on a colour that belongs to it.
pub fn svg(name: &str, shape: Shape) -> Response {
    let words =
        name.split(|sign: char| sign.is_whitespace() || sign == '-').filter_map(|word| word.chars().next());
    let letters: String = words.take(2).flat_map(char::to_uppercase).collect();
    let hue = Dice::new(0, name, 0).below(360);
    let radius = match shape {
        Shape::Circle => 24,
        Shape::Square => 10,
    };
    let drawing = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 48 48\" width=\"48\" height=\"48\">\
         <rect width=\"48\" height=\"48\" rx=\"{radius}\" fill=\"hsl({hue} 55% 42%)\"/>\
         <text x=\"24\" y=\"31\" text-anchor=\"middle\" font-family=\"system-ui, sans-serif\" font-size=\"19\" \
         font-weight=\"600\" fill=\"#fff\">{}</text></svg>",
        escape(&letters)
    );
    let headers = [
        (header::CONTENT_TYPE, "image/svg+xml"),
        (header::CACHE_CONTROL, "max-age=3600"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'"),
    ];
    (headers, drawing).into_response()
}
