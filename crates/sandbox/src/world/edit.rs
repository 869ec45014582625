//! Changes that a person makes, as Atlassian carries them out.
//!
//! Every change is made by the default person. `updated` and `modified` always move forward, so that two changes
//! within a millisecond still have an order.

mod activity;
mod attached;
mod issues;
mod pages;
mod projects;
mod spaces;

pub use activity::{CommentEdit, WorklogEdit};
pub use attached::{FileEdit, PageCommentEdit};
pub use issues::IssueEdit;
pub use pages::PageEdit;
pub use projects::ProjectEdit;
pub use spaces::SpaceEdit;

/// Why a change is impossible.
#[derive(Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The thing to change, or one that the change names, does not exist.
    Missing(&'static str),
    /// The change as such does not make sense.
    Invalid(&'static str),
}
