//! The audit trail, what a connection is to synchronize, sites that went away, how a login ended, and rotations of the
//! encryption keys.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, big_integer_null, text, text_null};

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        trail(manager).await?;
        choices(manager).await?;
        logins(manager).await?;
        rotations(manager).await
    }
}

async fn trail(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    // No foreign keys: the trail tells of what is there no more.
    let events = Table::create()
        .table("audit_events")
        .col(text("id").primary_key())
        .col(big_integer("at"))
        .col(text("actor_kind"))
        .col(text_null("actor_id"))
        .col(text("event"))
        .col(text_null("connection_id"))
        .col(big_integer_null("user_id"))
        .col(text_null("cause"))
        // JSON: an object whose members depend on the event.
        .col(text("details"))
        .take();
    manager.create_table(events).await?;
    let of_connection = Index::create()
        .name("audit_events_connection")
        .table("audit_events")
        .col("connection_id")
        .col("id")
        .take();
    manager.create_index(of_connection).await?;
    let by_time = Index::create().name("audit_events_at").table("audit_events").col("at").take();
    manager.create_index(by_time).await
}

async fn choices(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    // JSON lists; null for everything there is.
    for column in ["chosen_sites", "chosen_streams"] {
        manager.alter_table(Table::alter().table("connections").add_column(text_null(column)).take()).await?;
    }
    let gone_at = big_integer_null("gone_at");
    manager.alter_table(Table::alter().table("connection_sites").add_column(gone_at).take()).await
}

async fn logins(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    // JSON: how the login ended, for the browser that shows it a second time.
    let outcome = text_null("outcome");
    manager.alter_table(Table::alter().table("login_attempts").add_column(outcome).take()).await
}

async fn rotations(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let rotations = Table::create()
        .table("key_rotations")
        .col(text("id").primary_key())
        // The key that seals everything once it is done.
        .col(text("key_id"))
        .col(text("status"))
        .col(big_integer("rows_total"))
        .col(big_integer("rows_done"))
        .col(big_integer("created_at"))
        .col(big_integer_null("finished_at"))
        .col(text_null("error"))
        .take();
    manager.create_table(rotations).await?;
    // A sealed value begins with the id of its key (34 bytes at most), so that the values of a key are a range.
    let beginning = match manager.get_database_backend() {
        sea_orm::DatabaseBackend::Postgres => "substring({} from 1 for 34)",
        _ => "substr({}, 1, 34)",
    };
    for (table, column) in [
        ("grants", "sealed_access_token"),
        ("grants", "sealed_refresh_token"),
        ("user_tokens", "sealed_token"),
    ] {
        let expression = beginning.replace("{}", column);
        let index = format!("CREATE INDEX {table}_{column}_key ON {table} ({expression})");
        manager.get_connection().execute_unprepared(&index).await?;
    }
    Ok(())
}
