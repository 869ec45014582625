use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, big_integer_null, text, text_null};

use super::{add_column, add_tombstones, mirrored};
use crate::migrations::m0001_initial::{ordered_text, plain};

pub(super) async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    add_tombstones(manager, "confluence_spaces").await?;
    add_tombstones(manager, "confluence_pages").await?;
    add_column(manager, "confluence_pages", text_null("author_id")).await?;
    add_column(manager, "confluence_pages", big_integer_null("body_version")).await?;
    let by_space = &["owner_id", "cloud_id", "space_id"];
    manager.create_index(plain("confluence_pages_parent", "confluence_pages", by_space)).await?;
    blog_posts(manager).await?;
    bodies(manager).await?;
    below_content(manager).await
}

async fn blog_posts(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let columns = vec![
        text("space_id"),
        ordered_text(manager, "space_key"),
        ordered_text(manager, "title"),
        text_null("url"),
        text_null("status"),
        big_integer_null("version"),
        text_null("author_id"),
        big_integer_null("modified_at"),
        big_integer_null("remote_created_at"),
        big_integer_null("body_version"),
    ];
    mirrored(manager, "confluence_blog_posts", Some(&["space_id"]), columns).await?;
    let list = plain("confluence_blog_posts_list", "confluence_blog_posts", &["owner_id", "title", "id"]);
    manager.create_index(list).await
}

/// A body belongs to nobody: who may read it is who has a row with this content and version.
async fn bodies(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let bodies = Table::create()
        .table("content_bodies")
        .col(text("cloud_id"))
        .col(text("content_id"))
        .col(big_integer("version"))
        .col(text("storage"))
        .col(text("markdown"))
        .col(big_integer("stored_at"))
        .primary_key(Index::create().col("cloud_id").col("content_id").col("version"))
        .take();
    manager.create_table(bodies).await?;
    for (name, table, id) in [
        ("confluence_pages_body", "confluence_pages", "page_id"),
        ("confluence_blog_posts_body", "confluence_blog_posts", "remote_id"),
    ] {
        manager.create_index(plain(name, table, &["cloud_id", id, "body_version"])).await?;
    }
    Ok(())
}

async fn below_content(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let comments = vec![
        // `footer` or `inline`.
        text("kind"),
        // `page` or `blogpost`.
        text("container_type"),
        text("container_id"),
        text_null("parent_comment_id"),
        text_null("author_id"),
        text("body"),
        text_null("body_storage"),
        text_null("status"),
        text_null("resolution_status"),
        big_integer_null("version"),
        big_integer_null("remote_created_at"),
        big_integer_null("remote_updated_at"),
    ];
    mirrored(manager, "confluence_comments", Some(&["container_id"]), comments).await?;
    let labels = vec![text("container_id"), text("name"), text_null("prefix")];
    mirrored(manager, "confluence_labels", Some(&["container_id"]), labels).await?;
    let attachments = vec![
        text("container_id"),
        text("title"),
        text_null("media_type"),
        big_integer_null("file_size"),
        big_integer_null("version"),
        text_null("download_url"),
        big_integer_null("remote_created_at"),
        big_integer_null("remote_updated_at"),
    ];
    mirrored(manager, "confluence_attachments", Some(&["container_id"]), attachments).await
}
