use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, big_integer_null, boolean, text, text_null};

use super::{add_tombstones, kept_json, mirrored, queried_json};
use crate::migrations::m0001_initial::{ordered_text, owned_by, plain};

pub(super) async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    add_tombstones(manager, "jira_projects").await?;
    issues(manager).await?;
    below_issues(manager).await?;
    vocabulary(manager).await
}

async fn issues(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let columns = vec![
        text("project_id"),
        ordered_text(manager, "project_key"),
        ordered_text(manager, "key"),
        text("summary"),
        text_null("description"),
        text_null("issue_type"),
        text_null("status"),
        text_null("status_category"),
        text_null("priority"),
        text_null("resolution"),
        text_null("assignee_account_id"),
        text_null("assignee_name"),
        text_null("reporter_account_id"),
        text_null("reporter_name"),
        text_null("creator_account_id"),
        text_null("creator_name"),
        text_null("parent_id"),
        text_null("parent_key"),
        queried_json(manager, "labels"),
        text_null("due_date"),
        big_integer_null("resolved_at"),
        big_integer_null("remote_created_at"),
        big_integer_null("remote_updated_at"),
        // By the names of the fields, which people know, and not by `customfield_10001`.
        queried_json(manager, "custom_fields"),
        kept_json(manager, "fields"),
    ];
    mirrored(manager, "jira_issues", Some(&["project_id"]), columns).await?;
    let by_key = plain("jira_issues_key", "jira_issues", &["owner_id", "key"]);
    manager.create_index(by_key).await?;
    let list = plain("jira_issues_list", "jira_issues", &["owner_id", "remote_updated_at", "id"]);
    manager.create_index(list).await?;
    // Issues that were moved: each key that they had or have. A link with an old key still finds its issue.
    let keys = Table::create()
        .table("jira_issue_keys")
        .col(big_integer("owner_id"))
        .col(text("cloud_id"))
        .col(ordered_text(manager, "key"))
        .col(text("issue_id"))
        .col(big_integer("first_seen_at"))
        .primary_key(Index::create().col("owner_id").col("cloud_id").col("key").col("issue_id"))
        .foreign_key(&mut owned_by("jira_issue_keys", "owner_id", "users"))
        .take();
    manager.create_table(keys).await
}

async fn below_issues(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let comments = vec![
        text("issue_id"),
        text_null("author_account_id"),
        text_null("author_name"),
        text("body"),
        kept_json(manager, "body_adf"),
        big_integer_null("remote_created_at"),
        big_integer_null("remote_updated_at"),
    ];
    mirrored(manager, "jira_comments", Some(&["issue_id"]), comments).await?;
    let worklogs = vec![
        text("issue_id"),
        text_null("author_account_id"),
        text_null("author_name"),
        big_integer_null("started_at"),
        big_integer("time_spent_seconds"),
        text_null("comment"),
        big_integer_null("remote_created_at"),
        big_integer_null("remote_updated_at"),
    ];
    mirrored(manager, "jira_worklogs", Some(&["issue_id"]), worklogs).await?;
    let changelogs = vec![
        text("issue_id"),
        text_null("author_account_id"),
        text_null("author_name"),
        big_integer_null("remote_created_at"),
        queried_json(manager, "items"),
    ];
    mirrored(manager, "jira_changelogs", Some(&["issue_id"]), changelogs).await
}

async fn vocabulary(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let users = vec![text("display_name"), text_null("email"), boolean("active"), text_null("account_type")];
    mirrored(manager, "jira_users", None, users).await?;
    let types =
        vec![text("name"), boolean("subtask"), big_integer_null("hierarchy_level"), text_null("description")];
    mirrored(manager, "jira_issue_types", None, types).await?;
    mirrored(manager, "jira_statuses", None, vec![text("name"), text_null("category")]).await?;
    let fields =
        vec![text("name"), boolean("custom"), text_null("schema_type"), queried_json(manager, "schema")];
    mirrored(manager, "jira_fields", None, fields).await
}
