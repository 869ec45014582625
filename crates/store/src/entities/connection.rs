use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "connections")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub user_id: i64,
    pub client_id: String,
    pub account_id: Option<String>,
    pub account_key: String,
    pub status: String,
    pub status_reason: Option<String>,
    pub scopes: String,
    pub epoch: i64,
    pub connected_at: i64,
    pub updated_at: i64,
    pub chosen_sites: Option<String>,
    pub chosen_streams: Option<String>,
    pub lost_scopes: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    #[sea_orm(has_one = "super::grant::Entity")]
    Grant,
}

impl Related<super::grant::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Grant.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}
