use std::collections::HashSet;
use std::sync::Arc;

use connector_atlassian::Page;
use connector_atlassian::confluence::{BodyFormat, PageQuery, PageSort, PageStatus, WikiPage};
use connector_domain::Timestamp;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use serde_json::Value;

use super::content_parts::add_parts;
use super::{Fetched, Walk, bad_of, from_value, to_value};
use crate::Stream;
use crate::rows::{self, Rows};
use crate::run::{RunError, SiteContext};

/// With bodies, Confluence is slow over longer pages.
const WITH_BODIES: u32 = 50;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ContentKind {
    Page,
    BlogPost,
}

impl ContentKind {
    pub(crate) const fn stream(self) -> Stream {
        match self {
            Self::Page => Stream::ConfluencePages,
            Self::BlogPost => Stream::ConfluenceBlogPosts,
        }
    }

    /// The scope of what is read of a space, or of the whole site where `space` is empty. Comments and labels are read
    /// with pages and with blog posts: the two do not share a place.
    pub(crate) fn scope(self, space: &str) -> String {
        match self {
            Self::Page => space.to_owned(),
            Self::BlogPost => format!("blogposts {space}").trim_end().to_owned(),
        }
    }
}

/// The pages or blog posts of a space, or those of the whole site that changed since a time, with what hangs on them.
pub(crate) struct Contents {
    pub(crate) site: Arc<SiteContext>,
    pub(crate) kind: ContentKind,
    /// `None` for all spaces.
    pub(crate) space_id: Option<String>,
    pub(crate) streams: Vec<Stream>,
}

impl Walk for Contents {
    fn fetch(&self, since: Option<Timestamp>, at: Option<Value>) -> BoxFuture<'_, Result<Fetched, RunError>> {
        async move {
            let query = PageQuery {
                space_ids: self.space_id.clone().into_iter().collect(),
                status: vec![PageStatus::Current],
                // There is no filter by time: the latest come first, up to one that is old enough.
                sort: Some(if since.is_some() { PageSort::LastModifiedFirst } else { PageSort::Id }),
                body_format: Some(BodyFormat::Storage),
                limit: WITH_BODIES,
                cursor: from_value(at),
                ..PageQuery::default()
            };
            let mut page = list(&self.site, self.kind, &query).await?;
            let mut fetched =
                Fetched { bad: bad_of(self.kind.stream(), page.bad), date: page.date, ..Fetched::default() };
            let reaches_older = retain_since(&mut page.items, since, WikiPage::modified_at);
            if self.streams.contains(&self.kind.stream()) {
                fetched.rows = rows_of(&self.site, self.kind, &page.items).await?;
            }
            add_parts(&self.site, self.kind, &page.items, &self.streams, &mut fetched).await?;
            fetched.next = page.next.filter(|_| !reaches_older).map(|next| to_value(&next));
            Ok(fetched)
        }
        .boxed()
    }
}

/// One page of a list of pages or blog posts.
pub(crate) async fn list(
    site: &SiteContext,
    kind: ContentKind,
    query: &PageQuery,
) -> Result<Page<WikiPage>, RunError> {
    let confluence = site.confluence();
    match kind {
        ContentKind::Page => site.call(|token| async move { confluence.pages(&token, query).await }).await,
        ContentKind::BlogPost => {
            site.call(|token| async move { confluence.blog_posts(&token, query).await }).await
        }
    }
}

/// Drops what changed before `since`. Says whether there was any: a list that has the latest change first need not be
/// read further then.
pub(super) fn retain_since<T>(
    items: &mut Vec<T>,
    since: Option<Timestamp>,
    changed: impl Fn(&T) -> Option<Timestamp>,
) -> bool {
    let before = items.len();
    items.retain(|item| since.is_none_or(|since| changed(item).is_none_or(|time| time >= since)));
    items.len() < before
}

/// Rows of pages or blog posts, with the bodies that came and are not stored yet.
pub(crate) async fn rows_of(
    site: &SiteContext,
    kind: ContentKind,
    contents: &[WikiPage],
) -> Result<Rows, RunError> {
    let (keys, spaces) = site.space_keys(contents).await?;
    let ids: Vec<_> = contents.iter().map(|content| content.id.as_str()).collect();
    let stored = site.syncs.store.body_versions(&site.site.cloud_id, &ids).await?;
    let stored: HashSet<(&str, i64)> = stored.iter().map(|(id, version)| (id.as_str(), *version)).collect();
    let mut rows = Rows { spaces, ..Rows::default() };
    for content in contents {
        let version = content.version.as_ref().and_then(|version| version.number);
        let storage = content.body.storage.as_ref().map(|body| body.value.as_str());
        let is_stored = version.is_some_and(|version| stored.contains(&(content.id.as_str(), version)));
        let body = if is_stored { None } else { rows::body(&content.id, version, storage) };
        let body_version = version.filter(|_| is_stored || body.is_some());
        rows.bodies.extend(body);
        let url = &site.site.url;
        match kind {
            ContentKind::Page => rows.pages.push(rows::page(content, &keys, url, body_version)),
            ContentKind::BlogPost => rows.blog_posts.push(rows::blog_post(content, &keys, url, body_version)),
        }
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_ends_at_what_is_old_enough_and_what_is_older_is_not_read() {
        let retained = |since: Option<i64>, times: &[Option<i64>]| {
            let mut items = times.to_vec();
            let ends = retain_since(&mut items, since.map(Timestamp::from_millis), |item| {
                item.map(Timestamp::from_millis)
            });
            (items, ends)
        };
        assert_eq!(retained(Some(5), &[Some(9), Some(4)]), (vec![Some(9)], true));
        let all = [Some(9), None, Some(5)];
        assert_eq!(retained(Some(5), &all), (all.to_vec(), false));
        assert_eq!(retained(None, &[Some(1)]), (vec![Some(1)], false));
    }
}
