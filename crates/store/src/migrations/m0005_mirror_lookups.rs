//! Indexes for how mirrored rows are looked up: by Atlassian's id without the site, and issues by their latest change.

use sea_orm_migration::prelude::*;

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

/// The same on both engines.
const STATEMENTS: [&str; 8] = [
    "DROP INDEX jira_issues_list",
    "CREATE INDEX jira_issues_latest ON jira_issues (owner_id, COALESCE(remote_updated_at, 0), id)",
    // The site comes last: people ask for an id and do not name the site.
    "DROP INDEX jira_issues_remote",
    "CREATE UNIQUE INDEX jira_issues_remote ON jira_issues (owner_id, remote_id, cloud_id)",
    "DROP INDEX confluence_pages_remote",
    "CREATE UNIQUE INDEX confluence_pages_remote ON confluence_pages (owner_id, page_id, cloud_id)",
    "DROP INDEX confluence_blog_posts_remote",
    "CREATE UNIQUE INDEX confluence_blog_posts_remote ON confluence_blog_posts (owner_id, remote_id, cloud_id)",
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for statement in STATEMENTS {
            manager.get_connection().execute_unprepared(statement).await?;
        }
        Ok(())
    }
}
