use std::sync::Arc;

use connector_atlassian::confluence::SpaceQuery;
use connector_domain::Timestamp;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use serde_json::Value;

use super::{Fetched, Walk, bad_of, from_value, to_value};
use crate::Stream;
use crate::rows::{self, Rows};
use crate::run::{RunError, SiteContext};

/// All spaces that the person can see.
pub(crate) struct Spaces(pub(crate) Arc<SiteContext>);

impl Walk for Spaces {
    fn fetch(&self, _: Option<Timestamp>, at: Option<Value>) -> BoxFuture<'_, Result<Fetched, RunError>> {
        async move {
            let site = &self.0;
            let query = SpaceQuery { cursor: from_value(at), ..SpaceQuery::default() };
            let (confluence, query) = (site.confluence(), &query);
            let page = site.call(|token| async move { confluence.spaces(&token, query).await }).await?;
            let spaces = page.items.into_iter().map(|space| rows::space(space, &site.site.url)).collect();
            Ok(Fetched {
                rows: Rows { spaces, ..Rows::default() },
                bad: bad_of(Stream::ConfluenceSpaces, page.bad),
                total: page.total,
                date: page.date,
                next: page.next.map(|next| to_value(&next)),
                ..Fetched::default()
            })
        }
        .boxed()
    }
}
