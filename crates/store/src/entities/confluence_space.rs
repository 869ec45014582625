use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "confluence_spaces")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    pub owner_id: i64,
    pub cloud_id: String,
    pub remote_id: String,
    pub key: String,
    pub name: String,
    pub space_type: Option<String>,
    pub status: Option<String>,
    pub url: Option<String>,
    pub homepage_id: Option<String>,
    pub content_hash: String,
    pub created_at: i64,
    pub updated_at: i64,
    pub synced_at: i64,
    pub deleted_at: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
