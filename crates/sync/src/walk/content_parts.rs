//! What hangs on pages and blog posts: labels and comments. None of them makes a new version of its page, so they are
//! read with pages that changed, and all of them by a census.

use connector_atlassian::confluence::{BodyFormat, CommentsOf, PageComment, WikiPage};
use connector_store::MirrorKind;
use futures::{FutureExt as _, StreamExt as _, TryStreamExt as _, stream};

use super::content::ContentKind;
use super::{Fetched, all, unless_gone};
use crate::Stream;
use crate::rows::{self, CompleteList};
use crate::run::{RunError, SiteContext};

/// Of so many pages at a time.
const AT_ONCE: usize = 4;
/// Deeper than people answer each other.
const DEEPEST: usize = 50;

pub(crate) async fn add_parts(
    site: &SiteContext,
    kind: ContentKind,
    contents: &[WikiPage],
    streams: &[Stream],
    fetched: &mut Fetched,
) -> Result<(), RunError> {
    let (labels, comments) =
        (streams.contains(&Stream::ConfluenceLabels), streams.contains(&Stream::ConfluenceComments));
    if !labels && !comments {
        return Ok(());
    }
    let mut reads = Vec::new();
    for content in contents {
        let read = async move {
            let mut parts = Fetched::default();
            if labels {
                add_labels(site, kind, &content.id, &mut parts).await?;
            }
            if comments {
                add_comments(site, kind, &content.id, &mut parts).await?;
            }
            Ok::<_, RunError>(parts)
        };
        reads.push(async { unless_gone(read.await, &content.id) }.boxed());
    }
    let parts: Vec<Option<Fetched>> = stream::iter(reads).buffered(AT_ONCE).try_collect().await?;
    for part in parts.into_iter().flatten() {
        fetched.rows.append(part.rows);
        fetched.bad.extend(part.bad);
    }
    Ok(())
}

fn complete(kind: MirrorKind, content: ContentKind, of: &str, ids: Vec<String>) -> CompleteList {
    CompleteList { kind, of: of.to_owned(), content: Some(content), ids }
}

/// Reads the list of a kind anew: the ids in it, where it is whole.
pub(super) async fn look_again(
    site: &SiteContext,
    content: ContentKind,
    kind: MirrorKind,
    id: &str,
) -> Result<Option<Vec<String>>, RunError> {
    let mut parts = Fetched::default();
    if kind == MirrorKind::ConfluenceLabels {
        add_labels(site, content, id, &mut parts).await?;
    } else {
        add_comments(site, content, id, &mut parts).await?;
    }
    Ok(parts.rows.complete.pop().map(|list| list.ids))
}

async fn add_labels(
    site: &SiteContext,
    kind: ContentKind,
    id: &str,
    parts: &mut Fetched,
) -> Result<(), RunError> {
    let confluence = site.confluence();
    let list = match kind {
        ContentKind::Page => confluence.labels(id),
        ContentKind::BlogPost => confluence.blog_post_labels(id),
    };
    let (labels, is_whole) = all(site, &list, Stream::ConfluenceLabels, &mut parts.bad).await?;
    let rows: Vec<_> = labels.into_iter().map(|label| rows::label(label, id)).collect();
    if is_whole {
        let ids = rows.iter().map(|row| row.remote_id.clone()).collect();
        parts.rows.complete.push(complete(MirrorKind::ConfluenceLabels, kind, id, ids));
    }
    parts.rows.labels.extend(rows);
    Ok(())
}

async fn add_comments(
    site: &SiteContext,
    kind: ContentKind,
    id: &str,
    parts: &mut Fetched,
) -> Result<(), RunError> {
    let (footer, inline) = match kind {
        ContentKind::Page => (CommentsOf::PageFooter(id), CommentsOf::PageInline(id)),
        ContentKind::BlogPost => (CommentsOf::BlogPostFooter(id), CommentsOf::BlogPostInline(id)),
    };
    let (mut rows, mut is_whole) = (Vec::new(), true);
    for (of, is_inline) in [(footer, false), (inline, true)] {
        let mut level = comments_of(site, of, parts, &mut is_whole).await?;
        // Replies are lists of their own, below each comment.
        for _ in 0..DEEPEST {
            let mut below = Vec::new();
            for comment in &level {
                let of = if is_inline {
                    CommentsOf::InlineReplies(&comment.id)
                } else {
                    CommentsOf::FooterReplies(&comment.id)
                };
                let mut replies = comments_of(site, of, parts, &mut is_whole).await?;
                for reply in &mut replies {
                    reply.parent_comment_id.get_or_insert_with(|| comment.id.clone());
                }
                below.extend(replies);
            }
            let done = std::mem::replace(&mut level, below);
            rows.extend(done.iter().map(|comment| rows::content_comment(comment, kind, id, is_inline)));
            if level.is_empty() {
                break;
            }
        }
    }
    if is_whole {
        let ids = rows.iter().map(|row| row.remote_id.clone()).collect();
        parts.rows.complete.push(complete(MirrorKind::ConfluenceComments, kind, id, ids));
    }
    parts.rows.content_comments.extend(rows);
    Ok(())
}

async fn comments_of(
    site: &SiteContext,
    of: CommentsOf<'_>,
    parts: &mut Fetched,
    is_whole: &mut bool,
) -> Result<Vec<PageComment>, RunError> {
    let list = site.confluence().comments(of, Some(BodyFormat::Storage));
    let (comments, whole) = all(site, &list, Stream::ConfluenceComments, &mut parts.bad).await?;
    *is_whole &= whole;
    Ok(comments)
}
