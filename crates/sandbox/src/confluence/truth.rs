//! Things as a complete copy has to have them, for tests that compare one with the site.

use serde_json::{Value, json};

use super::{attachment, body::BodyFormat, comment, label::labels_of, page, space, space::DescriptionFormat};
use crate::{
    gateway::View,
    world::{activity::page_comments, pages::Page, spaces::Space},
};

/// A space with its description.
pub fn space(view: View<'_>, found: &Space) -> Value {
    space::space_row(view, found, DescriptionFormat::Named("plain"), false)
}

/// A page or blog post with its body, labels, files, comments and replies, and the numbers of its versions.
pub fn content(view: View<'_>, found: &Page) -> Value {
    let format = Some(BodyFormat::Storage);
    let files = attachment::attachments_of(view, found);
    let comments = page_comments(view.site.seed, found);
    let mut row = page::row(view, found, format);
    row["labels"] = json!(labels_of(view, found));
    row["attachments"] = files.iter().map(|file| attachment::row(view, found, file)).collect();
    row["comments"] = comments.iter().map(|comment| comment::row(view, found, comment, format)).collect();
    row["versions"] = found.versions(view.site.seed).iter().map(|version| version.number).collect();
    row
}
