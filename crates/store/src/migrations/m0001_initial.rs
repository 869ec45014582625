//! People, connections with their sealed tokens, sessions, the first mirrored tables, sync runs and jobs.
//!
//! Times are milliseconds since the Unix epoch, ids of new things UUIDs as text, sealed values bytes.

use sea_orm::DatabaseBackend;
use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, blob, blob_null, integer, pk_auto, text, text_null,
};

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

/// Text that both engines compare alike: byte by byte, as SQLite does by default.
pub(super) fn ordered_text(manager: &SchemaManager<'_>, name: &'static str) -> ColumnDef {
    let mut column = text(name);
    if manager.get_database_backend() == DatabaseBackend::Postgres {
        column.extra("COLLATE \"C\"");
    }
    column
}

pub(super) fn big_pk(name: &'static str) -> ColumnDef {
    // SQLite gives a rowid only to `INTEGER PRIMARY KEY`, which holds 64 bits there.
    let mut column = pk_auto(name);
    column.big_integer();
    column
}

pub(super) fn text_pk(name: &'static str) -> ColumnDef {
    let mut column = text(name);
    column.primary_key();
    column
}

pub(super) fn unique(name: &str, table: &'static str, columns: &[&'static str]) -> IndexCreateStatement {
    let mut index = plain(name, table, columns);
    index.unique();
    index
}

pub(super) fn plain(name: &str, table: &'static str, columns: &[&'static str]) -> IndexCreateStatement {
    let mut index = Index::create();
    index.name(name).table(table);
    for column in columns {
        index.col(*column);
    }
    index
}

pub(super) fn owned_by(
    table: &'static str,
    column: &'static str,
    parent: &'static str,
) -> ForeignKeyCreateStatement {
    let mut key = ForeignKey::create();
    key.from(table, column).to(parent, "id").on_delete(ForeignKeyAction::Cascade);
    key
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        people(manager).await?;
        connections(manager).await?;
        browsers(manager).await?;
        jira(manager).await?;
        confluence(manager).await?;
        work(manager).await
    }
}

async fn people(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let users = Table::create()
        .table("users")
        .col(big_pk("id"))
        .col(text("email"))
        .col(text("email_key"))
        .col(text_null("display_name"))
        .col(text_null("account_id"))
        .col(text_null("jira_base_url"))
        .col(text_null("confluence_base_url"))
        .col(big_integer("created_at"))
        .col(big_integer("updated_at"))
        .take();
    manager.create_table(users).await?;
    manager.create_index(unique("users_email", "users", &["email_key"])).await?;
    manager.create_index(unique("users_account", "users", &["account_id"])).await?;
    // Tokens that were handed in with a user, not fetched from Atlassian.
    let user_tokens = Table::create()
        .table("user_tokens")
        .col(big_integer("user_id"))
        .col(text("provider"))
        .col(blob("sealed_token"))
        .col(big_integer("created_at"))
        .primary_key(Index::create().col("user_id").col("provider"))
        .foreign_key(&mut owned_by("user_tokens", "user_id", "users"))
        .take();
    manager.create_table(user_tokens).await?;
    // One known value per key: it tells a wrong key before anything else is opened or written.
    let key_checks = Table::create()
        .table("key_checks")
        .col(text_pk("key_id"))
        .col(blob("sealed_check"))
        .col(big_integer("created_at"))
        .take();
    manager.create_table(key_checks).await
}

async fn connections(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let connections = Table::create()
        .table("connections")
        .col(text_pk("id"))
        .col(big_integer("user_id"))
        .col(text("client_id"))
        .col(text_null("account_id"))
        // The account where it is known, else the person: Atlassian keeps one grant per app and account.
        .col(text("account_key"))
        .col(text("status"))
        .col(text_null("status_reason"))
        .col(text("scopes"))
        // Counts consents and disconnects, so that an exchange begun before one cannot write after it.
        .col(big_integer("epoch"))
        .col(big_integer("connected_at"))
        .col(big_integer("updated_at"))
        .foreign_key(&mut owned_by("connections", "user_id", "users"))
        .take();
    manager.create_table(connections).await?;
    manager.create_index(unique("connections_grant", "connections", &["client_id", "account_key"])).await?;
    manager.create_index(plain("connections_user", "connections", &["user_id"])).await?;
    let grants = Table::create()
        .table("grants")
        .col(text_pk("connection_id"))
        // How many exchanges of the refresh token were stored.
        .col(big_integer("generation"))
        .col(big_integer("epoch"))
        .col(blob("sealed_access_token"))
        .col(blob_null("sealed_refresh_token"))
        .col(big_integer("access_expires_at"))
        .col(big_integer("rotated_at"))
        .col(big_integer_null("refused_at"))
        .col(big_integer_null("next_attempt_at"))
        .foreign_key(&mut owned_by("grants", "connection_id", "connections"))
        .take();
    manager.create_table(grants).await?;
    manager.create_index(plain("grants_due", "grants", &["access_expires_at"])).await?;
    // Written before a refresh token is sent: it tells when the leeway of that token began.
    let intents = Table::create()
        .table("grant_intents")
        .col(text("connection_id"))
        .col(big_integer("generation"))
        .col(big_integer("first_sent_at"))
        .col(integer("attempts"))
        .primary_key(Index::create().col("connection_id").col("generation"))
        .foreign_key(&mut owned_by("grant_intents", "connection_id", "connections"))
        .take();
    manager.create_table(intents).await?;
    let sites = Table::create()
        .table("connection_sites")
        .col(text("connection_id"))
        .col(text("cloud_id"))
        .col(text("url"))
        .col(text("name"))
        .col(text_null("avatar_url"))
        .col(text("scopes"))
        .col(big_integer("seen_at"))
        .primary_key(Index::create().col("connection_id").col("cloud_id"))
        .foreign_key(&mut owned_by("connection_sites", "connection_id", "connections"))
        .take();
    manager.create_table(sites).await
}

async fn browsers(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let attempts = Table::create()
        .table("login_attempts")
        // Hashes: who reads the database can neither finish nor hijack a login.
        .col(text_pk("state_hash"))
        .col(text("browser_hash"))
        .col(text("flow"))
        .col(text("client_id"))
        .col(text("redirect_uri"))
        .col(blob("sealed_code_verifier"))
        .col(text("scopes"))
        // The caller's own state, handed back at the end and used for nothing else.
        .col(text_null("app_state"))
        .col(big_integer_null("user_id"))
        .col(big_integer("created_at"))
        .col(big_integer("expires_at"))
        .col(big_integer_null("consumed_at"))
        .foreign_key(&mut owned_by("login_attempts", "user_id", "users"))
        .take();
    manager.create_table(attempts).await?;
    manager.create_index(plain("login_attempts_expiry", "login_attempts", &["expires_at"])).await?;
    let sessions = Table::create()
        .table("sessions")
        .col(text_pk("token_hash"))
        .col(text("id"))
        .col(big_integer("user_id"))
        .col(text_null("connection_id"))
        .col(big_integer("created_at"))
        .col(big_integer("last_seen_at"))
        .col(big_integer("expires_at"))
        .foreign_key(&mut owned_by("sessions", "user_id", "users"))
        .take();
    manager.create_table(sessions).await?;
    manager.create_index(plain("sessions_user", "sessions", &["user_id"])).await?;
    manager.create_index(plain("sessions_expiry", "sessions", &["expires_at"])).await
}

async fn jira(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let projects = Table::create()
        .table("jira_projects")
        .col(big_pk("id"))
        .col(big_integer("owner_id"))
        .col(ordered_text(manager, "key"))
        .col(text("name"))
        .col(text_null("lead"))
        .col(text_null("url"))
        // Where it comes from; both null for a row put in by hand.
        .col(text_null("cloud_id"))
        .col(text_null("remote_id"))
        .col(text_null("project_type"))
        .col(text_null("description"))
        .col(text_null("content_hash"))
        .col(big_integer("created_at"))
        .col(big_integer("updated_at"))
        .col(big_integer_null("synced_at"))
        .foreign_key(&mut owned_by("jira_projects", "owner_id", "users"))
        .take();
    manager.create_table(projects).await?;
    manager
        .create_index(unique("jira_projects_remote", "jira_projects", &["owner_id", "cloud_id", "remote_id"]))
        .await?;
    let mut by_hand = unique("jira_projects_by_hand", "jira_projects", &["owner_id", "key"]);
    by_hand.and_where(Expr::col("cloud_id").is_null());
    manager.create_index(by_hand).await?;
    manager.create_index(plain("jira_projects_list", "jira_projects", &["owner_id", "key", "id"])).await
}

async fn confluence(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let spaces = Table::create()
        .table("confluence_spaces")
        .col(big_pk("id"))
        .col(big_integer("owner_id"))
        .col(text("cloud_id"))
        .col(text("remote_id"))
        .col(ordered_text(manager, "key"))
        .col(text("name"))
        .col(text_null("space_type"))
        .col(text_null("status"))
        .col(text_null("url"))
        .col(text_null("homepage_id"))
        .col(text("content_hash"))
        .col(big_integer("created_at"))
        .col(big_integer("updated_at"))
        .col(big_integer("synced_at"))
        .foreign_key(&mut owned_by("confluence_spaces", "owner_id", "users"))
        .take();
    manager.create_table(spaces).await?;
    manager
        .create_index(unique(
            "confluence_spaces_remote",
            "confluence_spaces",
            &["owner_id", "cloud_id", "remote_id"],
        ))
        .await?;
    manager
        .create_index(plain("confluence_spaces_list", "confluence_spaces", &["owner_id", "key", "id"]))
        .await?;
    let pages = Table::create()
        .table("confluence_pages")
        .col(big_pk("id"))
        .col(big_integer("owner_id"))
        .col(ordered_text(manager, "space_key"))
        .col(text("page_id"))
        .col(ordered_text(manager, "title"))
        .col(text_null("url"))
        // Null for a row put in by hand.
        .col(text_null("cloud_id"))
        .col(text_null("space_id"))
        .col(text_null("parent_id"))
        .col(text_null("parent_type"))
        .col(text_null("status"))
        .col(big_integer_null("version"))
        .col(big_integer_null("modified_at"))
        .col(text_null("content_hash"))
        .col(big_integer("created_at"))
        .col(big_integer("updated_at"))
        .col(big_integer_null("synced_at"))
        .foreign_key(&mut owned_by("confluence_pages", "owner_id", "users"))
        .take();
    manager.create_table(pages).await?;
    manager
        .create_index(unique(
            "confluence_pages_remote",
            "confluence_pages",
            &["owner_id", "cloud_id", "page_id"],
        ))
        .await?;
    let mut by_hand =
        unique("confluence_pages_by_hand", "confluence_pages", &["owner_id", "space_key", "page_id"]);
    by_hand.and_where(Expr::col("cloud_id").is_null());
    manager.create_index(by_hand).await?;
    manager
        .create_index(plain("confluence_pages_list", "confluence_pages", &["owner_id", "title", "id"]))
        .await
}

async fn work(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let runs = Table::create()
        .table("sync_runs")
        .col(text_pk("id"))
        .col(text("connection_id"))
        .col(text("mode"))
        .col(text("status"))
        .col(big_integer("created_at"))
        .col(big_integer_null("started_at"))
        .col(big_integer_null("finished_at"))
        .col(integer("attempt"))
        // JSON: how far each stream is.
        .col(text("streams"))
        .col(big_integer_null("waiting_until"))
        .col(text_null("waiting_reason"))
        .col(text_null("error"))
        .foreign_key(&mut owned_by("sync_runs", "connection_id", "connections"))
        .take();
    manager.create_table(runs).await?;
    manager
        .create_index(plain("sync_runs_connection", "sync_runs", &["connection_id", "created_at"]))
        .await?;
    let jobs = Table::create()
        .table("jobs")
        .col(text_pk("id"))
        .col(text("kind"))
        // Of one kind, only one job per key waits or runs; a job that is done is no row any more.
        .col(text("dedupe_key"))
        .col(text("payload"))
        .col(big_integer("run_at"))
        .col(integer("attempt"))
        .col(text_null("lease_owner"))
        .col(big_integer_null("lease_until"))
        .col(text_null("last_error"))
        .col(big_integer("created_at"))
        .take();
    manager.create_table(jobs).await?;
    manager.create_index(unique("jobs_live", "jobs", &["kind", "dedupe_key"])).await?;
    manager.create_index(plain("jobs_due", "jobs", &["run_at"])).await
}
