use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "login_attempts")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub state_hash: String,
    pub browser_hash: String,
    pub flow: String,
    pub client_id: String,
    pub redirect_uri: String,
    pub sealed_code_verifier: Vec<u8>,
    pub scopes: String,
    pub app_state: Option<String>,
    pub user_id: Option<i64>,
    pub created_at: i64,
    pub expires_at: i64,
    pub consumed_at: Option<i64>,
    pub outcome: Option<String>,
    pub link_hash: Option<String>,
    pub return_url: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
