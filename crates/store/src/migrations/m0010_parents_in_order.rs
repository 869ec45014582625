//! What belongs to something is listed by it in the order of Atlassian's ids: an index gives both.
//!
//! Without the ids in it, a census that goes through the issues of one project in their order, some at a time, goes
//! through those of all projects instead.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

/// Table, the column with the id of what a row belongs to, and the column with Atlassian's id.
const TABLES: [(&str, &str, &str); 9] = [
    ("jira_issues", "project_id", "remote_id"),
    ("jira_comments", "issue_id", "remote_id"),
    ("jira_worklogs", "issue_id", "remote_id"),
    ("jira_changelogs", "issue_id", "remote_id"),
    ("confluence_pages", "space_id", "page_id"),
    ("confluence_blog_posts", "space_id", "remote_id"),
    ("confluence_comments", "container_id", "remote_id"),
    ("confluence_labels", "container_id", "remote_id"),
    ("confluence_attachments", "container_id", "remote_id"),
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let connection = manager.get_connection();
        for (table, parent, id) in TABLES {
            connection.execute_unprepared(&format!("DROP INDEX {table}_parent")).await?;
            let columns = format!("owner_id, cloud_id, {parent}, {id}");
            let create = format!("CREATE INDEX {table}_parent ON {table} ({columns})");
            connection.execute_unprepared(&create).await?;
        }
        Ok(())
    }
}
