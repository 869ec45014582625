//! The shapes that several operations answer with. Those of the mirror are read from the columns with their names, and
//! from no others.

use serde::Serialize;
use utoipa::ToSchema;

pub(crate) use confluence::{Attachment, BlogPost, ContentComment, FullWikiPage, Label, Space, WikiPage};
pub(crate) use jira::{Change, FullIssue, FullProject, Issue, IssueComment, Project, Worklog};

/// A list, and where it goes on.
#[derive(Serialize, ToSchema)]
pub(crate) struct Page<T> {
    pub(crate) items: Vec<T>,
    /// To be given as `cursor` for the next page; null at the end.
    pub(crate) next_cursor: Option<String>,
}

/// A shape whose fields are the columns with their names.
macro_rules! view {
    (
        $(#[$meta:meta])*
        $name:ident of $kind:ident {
            $($(#[$field_meta:meta])* $field:ident: $type:ty,)*
        }
    ) => {
        $(#[$meta])*
        #[derive(serde::Serialize, utoipa::ToSchema)]
        pub(crate) struct $name {
            $($(#[$field_meta])* pub(crate) $field: $type,)*
        }

        impl connector_store::View for $name {
            const KIND: connector_store::MirrorKind = connector_store::MirrorKind::$kind;
            const COLUMNS: &'static [connector_store::ViewColumn] =
                &[$(connector_store::ViewColumn::of::<$type>(stringify!($field)),)*];

            fn read(
                row: &mut connector_store::RowReader<'_>,
            ) -> Result<Self, connector_store::StoreError> {
                Ok(Self { $($field: row.column()?,)* })
            }
        }
    };
}
mod confluence;
mod jira;
