use connector_domain::{CloudId, ConfluencePage, Timestamp, UserId};
use futures::FutureExt as _;
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
};

use crate::entities::confluence_page::{ActiveModel, Column, Entity, Model};
use crate::{Dataset, Store, StoreError};

/// A page as a person puts it in, known by its owner, space and id.
#[derive(Debug, Clone)]
pub struct PageKey {
    pub owner_id: UserId,
    pub space_key: String,
    pub page_id: String,
    pub title: String,
    pub url: Option<String>,
}

impl From<Model> for ConfluencePage {
    fn from(row: Model) -> Self {
        Self {
            id: row.id,
            owner_id: UserId(row.owner_id),
            space_key: row.space_key,
            page_id: row.page_id,
            title: row.title,
            url: row.url,
            cloud_id: row.cloud_id.map(CloudId::new),
            space_id: row.space_id,
            parent_id: row.parent_id,
            parent_type: row.parent_type,
            status: row.status,
            version: row.version,
            modified_at: row.modified_at.map(Timestamp::from_millis),
            synced_at: row.synced_at.map(Timestamp::from_millis),
        }
    }
}

impl Store {
    /// The pages of a person by title, those after (title, id) `after`, at most `limit`; of one space where
    /// `space_key` names it.
    pub async fn list_pages(
        &self,
        owner: UserId,
        space_key: Option<&str>,
        after: Option<(&str, i64)>,
        limit: Option<u64>,
    ) -> Result<Vec<ConfluencePage>, StoreError> {
        let mut query = Entity::find()
            .filter(Column::OwnerId.eq(owner.0))
            .filter(Column::DeletedAt.is_null())
            .order_by_asc(Column::Title)
            .order_by_asc(Column::Id)
            .limit(limit);
        if let Some(space_key) = space_key {
            query = query.filter(Column::SpaceKey.eq(space_key));
        }
        if let Some((title, id)) = after {
            let place = Expr::tuple([Expr::col(Column::Title), Expr::col(Column::Id)]);
            query = query.filter(place.gt(Expr::tuple([Expr::value(title), Expr::value(id)])));
        }
        Ok(query.all(&self.inner.read).await?.into_iter().map(Into::into).collect())
    }

    pub async fn count_pages(&self, owner: UserId) -> Result<u64, StoreError> {
        let alive = Entity::find().filter(Column::OwnerId.eq(owner.0)).filter(Column::DeletedAt.is_null());
        Ok(alive.count(&self.inner.read).await?)
    }

    /// The page that Confluence knows by `page_id`, of this person.
    pub async fn find_page(
        &self,
        owner: UserId,
        page_id: &str,
    ) -> Result<Option<ConfluencePage>, StoreError> {
        let query = Entity::find()
            .filter(Column::OwnerId.eq(owner.0))
            .filter(Column::PageId.eq(page_id))
            .filter(Column::DeletedAt.is_null())
            .order_by_asc(Column::Id);
        Ok(query.one(&self.inner.read).await?.map(Into::into))
    }

    /// Creates the page of an owner, space and id, or updates the one that has them, mirrored or not.
    ///
    /// # Errors
    /// [`StoreError::MissingReference`] where the owner does not exist.
    pub async fn upsert_page(&self, new: PageKey, now: Timestamp) -> Result<ConfluencePage, StoreError> {
        let touched = Some(Dataset::ConfluencePages(new.owner_id));
        self.write_alone(touched, move |db| {
            async move {
                // A change of a mirrored row holds until the next sync reads it again.
                let mirrored = Entity::update_many()
                    .filter(Column::OwnerId.eq(new.owner_id.0))
                    .filter(Column::SpaceKey.eq(&new.space_key))
                    .filter(Column::PageId.eq(&new.page_id))
                    .filter(Column::CloudId.is_not_null())
                    .filter(Column::DeletedAt.is_null())
                    .col_expr(Column::Title, Expr::value(new.title.as_str()))
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
                    space_key: Set(new.space_key),
                    page_id: Set(new.page_id),
                    title: Set(new.title),
                    url: Set(new.url),
                    created_at: Set(now.as_millis()),
                    updated_at: Set(now.as_millis()),
                    ..Default::default()
                };
                let update = OnConflict::columns([Column::OwnerId, Column::SpaceKey, Column::PageId])
                    .target_and_where(Expr::col(Column::CloudId).is_null())
                    .update_columns([Column::Title, Column::Url, Column::UpdatedAt])
                    .to_owned();
                Ok(Entity::insert(row).on_conflict(update).exec_with_returning(&db).await?.into())
            }
            .boxed()
        })
        .await
    }
}
