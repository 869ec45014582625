use std::collections::BTreeMap;
use std::fmt::Write as _;

use connector_domain::{CloudId, Timestamp};
use sea_orm::{ConnectionTrait as _, Statement, Value};

use super::remote::storable;
use crate::{Store, StoreError, WriteTx};

/// The body of one version of a page or a blog post. It is stored once, whoever mirrors that page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContentBody {
    /// The id of the page or the blog post.
    pub content_id: String,
    pub version: i64,
    /// Confluence's storage format.
    pub storage: String,
    pub markdown: String,
}

/// How many bodies a statement has, as [`upsert`](super::upsert) has it for rows.
const BODIES_PER_STATEMENT: [usize; 3] = [16, 4, 1];

/// Site and time are the values 1 and 2; then come, for each body, its page's id, version, storage format and Markdown.
fn put_sql(bodies: usize) -> String {
    let mut sql = "INSERT INTO content_bodies (cloud_id, stored_at, content_id, version, storage, markdown) \
                   VALUES "
        .to_owned();
    for body in 0..bodies {
        let [a, b, c, d] = [3, 4, 5, 6].map(|first| first + 4 * body);
        let _ = write!(sql, "{}($1, $2, ${a}, ${b}, ${c}, ${d})", if body == 0 { "" } else { ", " });
    }
    sql.push_str(
        " ON CONFLICT (cloud_id, content_id, version) DO UPDATE SET stored_at = excluded.stored_at, \
         storage = excluded.storage, markdown = excluded.markdown",
    );
    sql
}

impl WriteTx {
    /// Stores bodies that are not stored yet. To be written together with the rows that name them: see
    /// [`delete_orphaned_bodies`](Self::delete_orphaned_bodies).
    pub async fn put_bodies(
        &mut self,
        cloud_id: &CloudId,
        bodies: &[ContentBody],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        // One statement writes a row once: of two bodies of the same version the later one counts.
        let by_version: BTreeMap<_, _> =
            bodies.iter().map(|body| ((&body.content_id, body.version), body)).collect();
        let bodies: Vec<_> = by_version.into_values().collect();
        let mut rest = bodies.as_slice();
        for size in BODIES_PER_STATEMENT {
            while let Some((some, others)) = rest.split_at_checked(size) {
                rest = others;
                let mut values: Vec<Value> = vec![cloud_id.as_str().into(), now.as_millis().into()];
                for body in some {
                    let [content_id, storage, markdown]: [Value; 3] =
                        [&body.content_id, &body.storage, &body.markdown]
                            .map(|text| storable(text).into_owned().into());
                    values.extend([content_id, body.version.into(), storage, markdown]);
                }
                self.execute_raw(self.statement(put_sql(size), values)).await?;
            }
        }
        Ok(())
    }

    /// Deletes bodies that no page and no blog post names and that were stored before `before`; says how many.
    /// `before` leaves a time in which a row that names a body may still be on its way.
    pub async fn delete_orphaned_bodies(&mut self, before: Timestamp) -> Result<u64, StoreError> {
        let sql = "DELETE FROM content_bodies WHERE stored_at < $1 \
                   AND NOT EXISTS (SELECT 1 FROM confluence_pages AS page \
                   WHERE page.cloud_id = content_bodies.cloud_id AND page.page_id = content_bodies.content_id \
                   AND page.body_version = content_bodies.version) \
                   AND NOT EXISTS (SELECT 1 FROM confluence_blog_posts AS post \
                   WHERE post.cloud_id = content_bodies.cloud_id AND post.remote_id = content_bodies.content_id \
                   AND post.body_version = content_bodies.version)";
        let values = [before.as_millis().into()];
        Ok(self.execute_raw(self.statement(sql.to_owned(), values)).await?.rows_affected())
    }
}

impl Store {
    /// The version of each of these pages or blog posts whose body is stored; nothing for those without any.
    ///
    /// Tells a sync what it need not fetch, and nobody what is in it.
    pub async fn body_versions(
        &self,
        cloud_id: &CloudId,
        content_ids: &[&str],
    ) -> Result<Vec<(String, i64)>, StoreError> {
        let sql = format!(
            "SELECT content_id, version FROM content_bodies WHERE cloud_id = $1 AND content_id {} \
             ORDER BY content_id, version",
            crate::engine::among(self.engine(), 2)
        );
        let values = [cloud_id.as_str().into(), super::upsert::id_list(content_ids.iter().copied())];
        let backend = self.inner.read.get_database_backend();
        let query = Statement::from_sql_and_values(backend, sql, values);
        let rows = self.inner.read.query_all_raw(query).await?;
        rows.iter().map(|row| Ok((row.try_get_by_index(0)?, row.try_get_by_index(1)?))).collect()
    }
}
