use connector_domain::{CloudId, JiraProject, Timestamp, UserId};
use futures::FutureExt as _;
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
};

use crate::entities::jira_project::{ActiveModel, Column, Entity, Model};
use crate::{Dataset, Store, StoreError};

/// A project as a person puts it in, known by its owner and key.
#[derive(Debug, Clone)]
pub struct ProjectKey {
    pub owner_id: UserId,
    pub key: String,
    pub name: String,
    pub lead: Option<String>,
    pub url: Option<String>,
}

impl From<Model> for JiraProject {
    fn from(row: Model) -> Self {
        Self {
            id: row.id,
            owner_id: UserId(row.owner_id),
            key: row.key,
            name: row.name,
            lead: row.lead,
            url: row.url,
            cloud_id: row.cloud_id.map(CloudId::new),
            remote_id: row.remote_id,
            project_type: row.project_type,
            description: row.description,
            synced_at: row.synced_at.map(Timestamp::from_millis),
        }
    }
}

impl Store {
    /// The projects of a person by key, those after (key, id) `after`, at most `limit`.
    pub async fn list_projects(
        &self,
        owner: UserId,
        after: Option<(&str, i64)>,
        limit: Option<u64>,
    ) -> Result<Vec<JiraProject>, StoreError> {
        let mut query = Entity::find()
            .filter(Column::OwnerId.eq(owner.0))
            .filter(Column::DeletedAt.is_null())
            .order_by_asc(Column::Key)
            .order_by_asc(Column::Id)
            .limit(limit);
        if let Some((key, id)) = after {
            let place = Expr::tuple([Expr::col(Column::Key), Expr::col(Column::Id)]);
            query = query.filter(place.gt(Expr::tuple([Expr::value(key), Expr::value(id)])));
        }
        Ok(query.all(&self.inner.read).await?.into_iter().map(Into::into).collect())
    }

    pub async fn count_projects(&self, owner: UserId) -> Result<u64, StoreError> {
        let alive = Entity::find().filter(Column::OwnerId.eq(owner.0)).filter(Column::DeletedAt.is_null());
        Ok(alive.count(&self.inner.read).await?)
    }

    /// Creates the project of an owner and key, or updates the one that has them, mirrored or not.
    ///
    /// # Errors
    /// [`StoreError::MissingReference`] where the owner does not exist.
    pub async fn upsert_project(&self, new: ProjectKey, now: Timestamp) -> Result<JiraProject, StoreError> {
        let touched = Some(Dataset::JiraProjects(new.owner_id));
        self.write_alone(touched, move |db| {
            async move {
                // A change of a mirrored row holds until the next sync reads it again.
                let mirrored = Entity::update_many()
                    .filter(Column::OwnerId.eq(new.owner_id.0))
                    .filter(Column::Key.eq(&new.key))
                    .filter(Column::CloudId.is_not_null())
                    .filter(Column::DeletedAt.is_null())
                    .col_expr(Column::Name, Expr::value(new.name.as_str()))
                    .col_expr(Column::Lead, Expr::value(new.lead.clone()))
                    .col_expr(Column::Url, Expr::value(new.url.clone()))
                    .col_expr(Column::ContentHash, Expr::value(Option::<String>::None))
                    .col_expr(Column::UpdatedAt, Expr::value(now.as_millis()))
                    .exec_with_returning(&db)
                    .await?;
                if let Some(row) = mirrored.into_iter().next() {
                    return Ok(row.into());
                }
                let row = ActiveModel {
                    owner_id: Set(new.owner_id.0),
                    key: Set(new.key),
                    name: Set(new.name),
                    lead: Set(new.lead),
                    url: Set(new.url),
                    created_at: Set(now.as_millis()),
                    updated_at: Set(now.as_millis()),
                    ..Default::default()
                };
                let update = OnConflict::columns([Column::OwnerId, Column::Key])
                    .target_and_where(Expr::col(Column::CloudId).is_null())
                    .update_columns([Column::Name, Column::Lead, Column::Url, Column::UpdatedAt])
                    .to_owned();
                Ok(Entity::insert(row).on_conflict(update).exec_with_returning(&db).await?.into())
            }
            .boxed()
        })
        .await
    }
}
