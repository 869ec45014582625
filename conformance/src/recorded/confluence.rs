//! All that the client can ask of pages and what hangs on them.

use anyhow::{Context as _, ensure};
use connector_atlassian::confluence::{BodyFormat, CommentsOf, PageQuery, cql_value};
use connector_atlassian::{Confluence, Listing};
use connector_domain::AccessToken;

use super::read;

pub async fn everything(confluence: Confluence<'_>, token: &AccessToken) -> anyhow::Result<()> {
    let format = Some(BodyFormat::AtlasDocFormat);
    let pages = confluence.pages(token, &PageQuery { limit: 20, ..PageQuery::default() }).await?.items;
    for page in &pages {
        let whole = confluence.page(token, &page.id, format).await?;
        ensure!(whole.body.adf().is_some_and(|adf| adf["type"] == "doc"), "page {} has no body", page.id);
        read(confluence.versions(&page.id).pager(), token).await?;
        read(confluence.labels(&page.id).pager(), token).await?;
        read(confluence.attachments(&page.id).pager(), token).await?;
        read(confluence.children(&page.id).pager(), token).await?;
        read(confluence.direct_children(&page.id).pager(), token).await?;
        read(confluence.descendants(&page.id, 5).pager(), token).await?;
        for ancestor in first(confluence.ancestors(&page.id), token).await? {
            if ancestor.kind.as_deref() == Some("folder") {
                confluence.folder(token, &ancestor.id).await?;
            }
        }
        let format = Some(BodyFormat::Storage);
        for comment in first(confluence.comments(CommentsOf::PageFooter(&page.id), format), token).await? {
            read(confluence.comments(CommentsOf::FooterReplies(&comment.id), None).pager(), token).await?;
        }
        for comment in first(confluence.comments(CommentsOf::PageInline(&page.id), format), token).await? {
            read(confluence.comments(CommentsOf::InlineReplies(&comment.id), None).pager(), token).await?;
        }
    }
    read(confluence.all_attachments().pager(), token).await?;
    let space = pages[0].space_id.clone().context("no space")?;
    confluence.space(token, &space).await?;
    let posts = confluence.blog_posts(token, &PageQuery::default()).await?.items;
    if let Some(post) = posts.first() {
        confluence.blog_post(token, &post.id, format).await?;
    }
    let cql = format!("type = page AND title = {}", cql_value(&pages[0].title));
    let found = first(confluence.search(&cql), token).await?;
    ensure!(!found.is_empty(), "a search does not find {:?}", pages[0].title);
    Ok(())
}

/// The first page of a list.
async fn first<L: Listing>(list: L, token: &AccessToken) -> anyhow::Result<Vec<L::Item>> {
    Ok(list.fetch(token, None).await?.items)
}
