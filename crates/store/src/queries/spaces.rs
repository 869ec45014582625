use connector_domain::{CloudId, ConfluenceSpace, Timestamp, UserId};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
};

use super::{ROWS_PER_STATEMENT, last_of_each, unless_unchanged};
use crate::entities::confluence_space::{ActiveModel, Column, Entity, Model};
use crate::{Store, StoreError, WriteTx};

/// A space as Confluence has it.
#[derive(Debug, Clone)]
pub struct RemoteSpace {
    pub remote_id: String,
    pub key: String,
    pub name: String,
    pub space_type: Option<String>,
    pub status: Option<String>,
    pub url: Option<String>,
    pub homepage_id: Option<String>,
    /// Changes with the content: a row whose hash is stored already is not written.
    pub content_hash: String,
}

impl From<Model> for ConfluenceSpace {
    fn from(row: Model) -> Self {
        Self {
            id: row.id,
            owner_id: UserId(row.owner_id),
            cloud_id: CloudId::new(row.cloud_id),
            remote_id: row.remote_id,
            key: row.key,
            name: row.name,
            space_type: row.space_type,
            status: row.status,
            url: row.url,
            homepage_id: row.homepage_id,
            synced_at: Some(Timestamp::from_millis(row.synced_at)),
        }
    }
}

impl Store {
    /// The spaces of a person by key, those after (key, id) `after`, at most `limit`.
    pub async fn list_spaces(
        &self,
        owner: UserId,
        after: Option<(&str, i64)>,
        limit: Option<u64>,
    ) -> Result<Vec<ConfluenceSpace>, StoreError> {
        let mut query = Entity::find()
            .filter(Column::OwnerId.eq(owner.0))
            .order_by_asc(Column::Key)
            .order_by_asc(Column::Id)
            .limit(limit);
        if let Some((key, id)) = after {
            let place = Expr::tuple([Expr::col(Column::Key), Expr::col(Column::Id)]);
            query = query.filter(place.gt(Expr::tuple([Expr::value(key), Expr::value(id)])));
        }
        Ok(query.all(&self.inner.read).await?.into_iter().map(Into::into).collect())
    }

    pub async fn count_spaces(&self, owner: UserId) -> Result<u64, StoreError> {
        Ok(Entity::find().filter(Column::OwnerId.eq(owner.0)).count(&self.inner.read).await?)
    }
}

impl WriteTx {
    /// Writes spaces of a site as Confluence has them; says how many rows that changed.
    pub async fn upsert_remote_spaces(
        &mut self,
        owner: UserId,
        cloud_id: &CloudId,
        spaces: &[RemoteSpace],
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        let mut written = 0;
        for chunk in last_of_each(spaces, |space| &space.remote_id).chunks(ROWS_PER_STATEMENT) {
            let rows = chunk.iter().map(|space| ActiveModel {
                owner_id: Set(owner.0),
                cloud_id: Set(cloud_id.as_str().to_owned()),
                remote_id: Set(space.remote_id.clone()),
                key: Set(space.key.clone()),
                name: Set(space.name.clone()),
                space_type: Set(space.space_type.clone()),
                status: Set(space.status.clone()),
                url: Set(space.url.clone()),
                homepage_id: Set(space.homepage_id.clone()),
                content_hash: Set(space.content_hash.clone()),
                created_at: Set(now.as_millis()),
                updated_at: Set(now.as_millis()),
                synced_at: Set(now.as_millis()),
                ..Default::default()
            });
            let update = unless_unchanged(
                "confluence_spaces",
                &[Column::OwnerId, Column::CloudId, Column::RemoteId],
                &[
                    Column::Key,
                    Column::Name,
                    Column::SpaceType,
                    Column::Status,
                    Column::Url,
                    Column::HomepageId,
                    Column::ContentHash,
                    Column::UpdatedAt,
                    Column::SyncedAt,
                ],
            );
            written += Entity::insert_many(rows).on_conflict(update).exec_without_returning(&**self).await?;
        }
        Ok(written)
    }
}
