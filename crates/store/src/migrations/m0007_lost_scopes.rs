//! What a consent lost of the one before it.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::text_null;

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let lost_scopes = text_null("lost_scopes");
        manager.alter_table(Table::alter().table("connections").add_column(lost_scopes).take()).await
    }
}
