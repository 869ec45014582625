use connector_domain::{CloudId, ConfluenceSpace, Timestamp, UserId};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::entities::confluence_space::{Column, Entity, Model};
use crate::{Store, StoreError};

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

    pub async fn count_spaces(&self, owner: UserId) -> Result<u64, StoreError> {
        let alive = Entity::find().filter(Column::OwnerId.eq(owner.0)).filter(Column::DeletedAt.is_null());
        Ok(alive.count(&self.inner.read).await?)
    }
}
