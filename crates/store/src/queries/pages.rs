use connector_domain::{CloudId, ConfluencePage, Timestamp, UserId};
use futures::FutureExt as _;
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
};

use super::{ROWS_PER_STATEMENT, last_of_each, unless_unchanged};
use crate::entities::confluence_page::{ActiveModel, Column, Entity, Model};
use crate::{Dataset, Store, StoreError, WriteTx};

/// A page as a person puts it in, known by its owner, space and id.
#[derive(Debug, Clone)]
pub struct PageKey {
    pub owner_id: UserId,
    pub space_key: String,
    pub page_id: String,
    pub title: String,
    pub url: Option<String>,
}

/// A page as Confluence has it.
#[derive(Debug, Clone)]
pub struct RemotePage {
    pub page_id: String,
    pub space_id: String,
    pub space_key: String,
    pub title: String,
    pub url: Option<String>,
    pub parent_id: Option<String>,
    pub parent_type: Option<String>,
    pub status: String,
    pub version: Option<i64>,
    pub modified_at: Option<Timestamp>,
    /// Changes with the content: a row whose hash is stored already is not written.
    pub content_hash: String,
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
        Ok(Entity::find().filter(Column::OwnerId.eq(owner.0)).count(&self.inner.read).await?)
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

impl WriteTx {
    /// Writes pages of a site as Confluence has them; says how many rows that changed. A row that was put in by hand
    /// for the same page becomes the mirrored one.
    pub async fn upsert_remote_pages(
        &mut self,
        owner: UserId,
        cloud_id: &CloudId,
        pages: &[RemotePage],
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        self.adopt_pages(owner, cloud_id, pages).await?;
        let mut written = 0;
        for chunk in last_of_each(pages, |page| &page.page_id).chunks(ROWS_PER_STATEMENT) {
            let rows = chunk.iter().map(|page| ActiveModel {
                owner_id: Set(owner.0),
                cloud_id: Set(Some(cloud_id.as_str().to_owned())),
                space_key: Set(page.space_key.clone()),
                space_id: Set(Some(page.space_id.clone())),
                page_id: Set(page.page_id.clone()),
                title: Set(page.title.clone()),
                url: Set(page.url.clone()),
                parent_id: Set(page.parent_id.clone()),
                parent_type: Set(page.parent_type.clone()),
                status: Set(Some(page.status.clone())),
                version: Set(page.version),
                modified_at: Set(page.modified_at.map(Timestamp::as_millis)),
                content_hash: Set(Some(page.content_hash.clone())),
                created_at: Set(now.as_millis()),
                updated_at: Set(now.as_millis()),
                synced_at: Set(Some(now.as_millis())),
                ..Default::default()
            });
            let update = unless_unchanged(
                "confluence_pages",
                &[Column::OwnerId, Column::CloudId, Column::PageId],
                &[
                    Column::SpaceKey,
                    Column::SpaceId,
                    Column::Title,
                    Column::Url,
                    Column::ParentId,
                    Column::ParentType,
                    Column::Status,
                    Column::Version,
                    Column::ModifiedAt,
                    Column::ContentHash,
                    Column::UpdatedAt,
                    Column::SyncedAt,
                ],
            );
            written += Entity::insert_many(rows).on_conflict(update).exec_without_returning(&**self).await?;
        }
        if written > 0 {
            self.touch(Dataset::ConfluencePages(owner));
        }
        Ok(written)
    }

    async fn adopt_pages(
        &mut self,
        owner: UserId,
        cloud_id: &CloudId,
        pages: &[RemotePage],
    ) -> Result<(), StoreError> {
        let by_hand = Entity::find()
            .filter(Column::OwnerId.eq(owner.0))
            .filter(Column::CloudId.is_null())
            .filter(Column::PageId.is_in(pages.iter().map(|page| page.page_id.as_str())))
            .all(&**self)
            .await?;
        for row in by_hand {
            let mirrored = Entity::find()
                .filter(Column::OwnerId.eq(owner.0))
                .filter(Column::CloudId.eq(cloud_id.as_str()))
                .filter(Column::PageId.eq(&row.page_id))
                .count(&**self)
                .await?;
            let same =
                pages.iter().any(|page| page.page_id == row.page_id && page.space_key == row.space_key);
            if same && mirrored == 0 {
                Entity::update_many()
                    .filter(Column::Id.eq(row.id))
                    .col_expr(Column::CloudId, Expr::value(cloud_id.as_str()))
                    .exec(&**self)
                    .await?;
                self.touch(Dataset::ConfluencePages(owner));
            }
        }
        Ok(())
    }
}
