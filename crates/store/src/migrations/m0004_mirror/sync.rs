use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, big_integer_null, text, text_null};

use crate::migrations::m0001_initial::{owned_by, text_pk};

pub(super) async fn up(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    streams(manager).await?;
    pace(manager).await
}

/// What a sync knows of each stream of a connection's site.
async fn streams(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let checkpoints = by_stream("sync_checkpoints", "scope")
        // JSON: where Atlassian's list goes on; null where the stream is not in the middle of one.
        .col(text_null("cursor"))
        .col(big_integer_null("watermark"))
        .col(big_integer("updated_at"))
        .take();
    manager.create_table(checkpoints).await?;
    let proofs = by_stream("sync_proofs", "scope")
        .col(big_integer("remote_count"))
        .col(big_integer("local_count"))
        .col(big_integer("checked_at"))
        // When the two were last found equal.
        .col(big_integer_null("equal_at"))
        .col(text("state"))
        .col(text_null("detail"))
        .take();
    manager.create_table(proofs).await?;
    let bad_records = by_stream("sync_bad_records", "remote_id")
        .col(text("reason"))
        .col(big_integer("first_seen_at"))
        .col(big_integer("last_seen_at"))
        .take();
    manager.create_table(bad_records).await
}

/// A table with a row per connection, site, stream and `last`.
fn by_stream(table: &'static str, last: &'static str) -> TableCreateStatement {
    Table::create()
        .table(table)
        .col(text("connection_id"))
        .col(text("cloud_id"))
        .col(text("stream"))
        .col(text(last))
        .primary_key(Index::create().col("connection_id").col("cloud_id").col("stream").col(last))
        .foreign_key(&mut owned_by(table, "connection_id", "connections"))
        .take()
}

/// When syncs may ask, and how much.
async fn pace(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let schedules = Table::create()
        .table("sync_schedules")
        .col(text_pk("connection_id"))
        .col(big_integer_null("next_incremental_at"))
        .col(big_integer_null("next_census_at"))
        .foreign_key(&mut owned_by("sync_schedules", "connection_id", "connections"))
        .take();
    manager.create_table(schedules).await?;
    let pauses = Table::create()
        .table("rate_pauses")
        .col(text_pk("scope"))
        .col(big_integer("until"))
        .col(text("reason"))
        .take();
    manager.create_table(pauses).await?;
    let ledger = Table::create()
        .table("points_ledger")
        .col(text("client_id"))
        .col(text("cloud_id"))
        // The beginning of the hour.
        .col(big_integer("hour"))
        .col(big_integer("used"))
        .col(big_integer_null("budget"))
        .primary_key(Index::create().col("client_id").col("cloud_id").col("hour"))
        .take();
    manager.create_table(ledger).await
}
