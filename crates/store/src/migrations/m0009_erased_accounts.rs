//! Whose person was deleted lately, so that what was consented to before brings nobody back.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::big_integer;

use super::m0001_initial::{plain, text_pk};

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let erased = Table::create()
            .table("erased_accounts")
            // SHA-256 of provider and account id, or of the e-mail address, in hexadecimal.
            .col(text_pk("identity_hash"))
            .col(big_integer("erased_at"))
            .take();
        manager.create_table(erased).await?;
        manager.create_index(plain("erased_accounts_time", "erased_accounts", &["erased_at"])).await
    }
}
