//! Links by which a server lets one of its users connect, what a login knows of them, and ways into the audit trail.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, big_integer_null, text, text_null};

use super::m0001_initial::{owned_by, plain, text_pk};

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let links = Table::create()
            .table("connect_links")
            // SHA-256 of the secret in the link's address, in hexadecimal.
            .col(text_pk("token_hash"))
            .col(text("id"))
            .col(big_integer("user_id"))
            .col(text_null("return_url"))
            // SHA-256 of the secret in the cookie of the browser that opened it first.
            .col(text_null("browser_hash"))
            .col(big_integer("created_at"))
            .col(big_integer("expires_at"))
            .col(big_integer_null("used_at"))
            .foreign_key(&mut owned_by("connect_links", "user_id", "users"))
            .take();
        manager.create_table(links).await?;
        manager.create_index(plain("connect_links_user", "connect_links", &["user_id"])).await?;
        manager.create_index(plain("connect_links_expiry", "connect_links", &["expires_at"])).await?;
        for column in ["link_hash", "return_url"] {
            let add = Table::alter().table("login_attempts").add_column(text_null(column)).take();
            manager.alter_table(add).await?;
        }
        // A key that is for one person's rows only.
        let owner = Table::alter().table("api_keys").add_column(big_integer_null("user_id")).take();
        manager.alter_table(owner).await?;
        manager.create_index(plain("audit_events_user", "audit_events", &["user_id", "id"])).await?;
        manager.create_index(plain("audit_events_event", "audit_events", &["event", "id"])).await
    }
}
