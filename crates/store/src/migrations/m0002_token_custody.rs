//! What keeps a refresh token through crashes, outages and copies of the database: when it is due, which attempt of an
//! exchange is under way, answers that came late, when a client may ask again, and which database this is.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, big_integer_null, blob, blob_null, integer, text, text_null};

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

/// What was refreshed so long before its end until now.
const AHEAD_MILLIS: i64 = 600_000;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        grants(manager).await?;
        intents(manager).await?;
        spares(manager).await?;
        clients(manager).await?;
        deployment(manager).await
    }
}

async fn add(manager: &SchemaManager<'_>, table: &'static str, column: ColumnDef) -> Result<(), DbErr> {
    manager.alter_table(Table::alter().table(table).add_column(column).take()).await
}

async fn grants(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    // When somebody last asked for a token, to within some minutes.
    add(manager, "grants", big_integer_null("used_at")).await?;
    // How many attempts have failed one after the other, and the code of the last failure.
    let mut failures = integer("failures");
    failures.default(0);
    add(manager, "grants", failures).await?;
    add(manager, "grants", text_null("last_error")).await?;
    // When Atlassian's end of the grant was believed; the sealed pair is kept for some time after.
    add(manager, "grants", big_integer_null("ended_at")).await?;
    let db = manager.get_connection();
    db.execute_unprepared(&format!(
        "UPDATE grants SET next_attempt_at = access_expires_at - {AHEAD_MILLIS} WHERE sealed_refresh_token IS NOT NULL \
         AND connection_id IN (SELECT id FROM connections WHERE status = 'active')"
    ))
    .await?;
    db.execute_unprepared(
        "UPDATE grants SET ended_at = (SELECT updated_at FROM connections WHERE id = grants.connection_id) \
         WHERE connection_id IN (SELECT id FROM connections WHERE status = 'needs_reconnect')",
    )
    .await?;
    manager.drop_index(Index::drop().name("grants_due").table("grants").to_owned()).await?;
    let due = Index::create().name("grants_due").table("grants").col("next_attempt_at").take();
    manager.create_index(due).await
}

async fn intents(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    // The attempt that is under way: since when, and in which process. NULL once its outcome is known.
    add(manager, "grant_intents", big_integer_null("sending_since")).await?;
    add(manager, "grant_intents", text_null("replica")).await?;
    // When it was first seen that the leeway is over.
    add(manager, "grant_intents", big_integer_null("late_seen_at")).await
}

async fn spares(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    // Answers that came when a newer attempt had begun: tried when nothing else is left.
    let mut connection = ForeignKey::create();
    connection
        .from("grant_spares", "connection_id")
        .to("connections", "id")
        .on_delete(ForeignKeyAction::Cascade);
    let mut id = text("id");
    id.primary_key();
    let spares = Table::create()
        .table("grant_spares")
        .col(id)
        .col(text("connection_id"))
        .col(big_integer("generation"))
        .col(big_integer("epoch"))
        .col(blob("sealed_access_token"))
        .col(blob_null("sealed_refresh_token"))
        .col(big_integer("received_at"))
        .foreign_key(&mut connection)
        .take();
    manager.create_table(spares).await?;
    let by_grant = Index::create()
        .name("grant_spares_grant")
        .table("grant_spares")
        .col("connection_id")
        .col("generation")
        .take();
    manager.create_index(by_grant).await
}

async fn clients(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    // Until when Atlassian has asked an app for no token requests, for all processes.
    let mut client_id = text("client_id");
    client_id.primary_key();
    let pauses = Table::create().table("token_pauses").col(client_id).col(big_integer("paused_until")).take();
    manager.create_table(pauses).await
}

async fn deployment(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    // One row: the id of this deployment, and what tells its database from a copy.
    let mut one = integer("one");
    one.primary_key();
    let deployment = Table::create()
        .table("deployment")
        .col(one)
        .col(text("id"))
        .col(text("place"))
        .col(big_integer("adopted_at"))
        .take();
    manager.create_table(deployment).await
}
