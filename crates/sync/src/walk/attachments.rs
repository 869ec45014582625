use std::sync::Arc;

use connector_atlassian::Listing as _;
use connector_domain::Timestamp;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use serde_json::Value;

use super::content::retain_since;
use super::{Fetched, Walk, bad_of, from_value, to_value};
use crate::Stream;
use crate::rows::{self, Rows};
use crate::run::{RunError, SiteContext};

/// What is known of all files of a site; the files themselves are not mirrored.
pub(crate) struct Attachments(pub(crate) Arc<SiteContext>);

impl Walk for Attachments {
    fn fetch(&self, since: Option<Timestamp>, at: Option<Value>) -> BoxFuture<'_, Result<Fetched, RunError>> {
        async move {
            let (list, cursor) = (&self.0.confluence().all_attachments(), from_value::<String>(at));
            let cursor = cursor.as_ref();
            let mut page = self.0.call(|token| async move { list.fetch(&token, cursor).await }).await?;
            let reaches_older =
                retain_since(&mut page.items, since, |file| file.version.as_ref()?.created_at);
            let url = &self.0.site.url;
            let attachments = page.items.into_iter().map(|file| rows::attachment(file, url)).collect();
            Ok(Fetched {
                rows: Rows { attachments, ..Rows::default() },
                bad: bad_of(Stream::ConfluenceAttachments, page.bad),
                date: page.date,
                next: page.next.filter(|_| !reaches_older).map(|next| to_value(&next)),
                ..Fetched::default()
            })
        }
        .boxed()
    }
}
