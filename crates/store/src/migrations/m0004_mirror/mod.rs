//! What is mirrored of Jira and Confluence besides projects, spaces and pages, tombstones for all of it, and what a
//! sync knows about how far and how complete it is.

mod confluence;
mod jira;
mod sync;

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, big_integer_null, text, text_null};

use super::m0001_initial::{big_pk, owned_by, plain, unique};

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        jira::up(manager).await?;
        confluence::up(manager).await?;
        sync::up(manager).await
    }
}

/// The columns of tombstones, for a table that lacks them.
async fn add_tombstones(manager: &SchemaManager<'_>, table: &'static str) -> Result<(), DbErr> {
    for column in
        [big_integer_null("deleted_at"), text_null("deleted_reason"), big_integer_null("absent_since")]
    {
        add_column(manager, table, column).await?;
    }
    Ok(())
}

/// SQLite adds one column per statement.
async fn add_column(
    manager: &SchemaManager<'_>,
    table: &'static str,
    column: ColumnDef,
) -> Result<(), DbErr> {
    manager.alter_table(Table::alter().table(table).add_column(column).take()).await
}

/// Creates a table of mirrored rows: whose it is, where it comes from, `columns`, and what the sync knows of the row.
/// Rows are found by their owner and `parents`, which is what a census goes through at a time.
async fn mirrored(
    manager: &SchemaManager<'_>,
    table: &'static str,
    parents: Option<&'static [&'static str]>,
    columns: Vec<ColumnDef>,
) -> Result<(), DbErr> {
    let mut create = Table::create();
    create.table(table);
    create.col(big_pk("id")).col(big_integer("owner_id")).col(text("cloud_id")).col(text("remote_id"));
    for column in columns {
        create.col(column);
    }
    create
        .col(text("content_hash"))
        .col(big_integer("created_at"))
        .col(big_integer("updated_at"))
        .col(big_integer("synced_at"))
        .col(big_integer_null("deleted_at"))
        .col(text_null("deleted_reason"))
        .col(big_integer_null("absent_since"))
        .foreign_key(&mut owned_by(table, "owner_id", "users"));
    manager.create_table(create).await?;
    let name = format!("{table}_remote");
    manager.create_index(unique(&name, table, &["owner_id", "cloud_id", "remote_id"])).await?;
    if let Some(parents) = parents {
        let columns = [&["owner_id", "cloud_id"], parents].concat();
        manager.create_index(plain(&format!("{table}_parent"), table, &columns)).await?;
    }
    Ok(())
}

/// JSON: on PostgreSQL taken apart when it is written, so that reading a member of it is quick.
fn queried_json(manager: &SchemaManager<'_>, name: &'static str) -> ColumnDef {
    json(manager, name, "jsonb")
}

/// JSON that is kept letter by letter as it came.
fn kept_json(manager: &SchemaManager<'_>, name: &'static str) -> ColumnDef {
    json(manager, name, "json")
}

fn json(manager: &SchemaManager<'_>, name: &'static str, postgres: &'static str) -> ColumnDef {
    match manager.get_database_backend() {
        sea_orm::DatabaseBackend::Postgres => {
            let mut column = ColumnDef::new(name);
            column.custom(postgres);
            column
        }
        _ => text_null(name),
    }
}
