//! How often in succession a job has failed: to wait is not to fail.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::integer;

#[derive(DeriveMigrationName)]
pub(super) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let failures = integer("failures").default(0).take();
        manager.alter_table(Table::alter().table("jobs").add_column(failures).take()).await
    }
}
