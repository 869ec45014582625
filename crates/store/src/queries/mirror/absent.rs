use std::collections::HashMap;
use std::fmt::Write as _;
use std::str::FromStr;

use connector_domain::{CloudId, Timestamp, UserId};
use sea_orm::{ConnectionTrait as _, Statement, Value};

use super::upsert::{Place, id_list};
use crate::engine::among;
use crate::{MirrorKind, Store, StoreError, WriteTx};

/// Why something that was mirrored is not there any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AbsenceReason {
    Deleted,
    Archived,
    Trashed,
    /// It may live on, but this person may not see it.
    AccessLost,
    Unknown,
}

impl AbsenceReason {
    pub const ALL: [Self; 5] =
        [Self::Deleted, Self::Archived, Self::Trashed, Self::AccessLost, Self::Unknown];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Deleted => "deleted",
            Self::Archived => "archived",
            Self::Trashed => "trashed",
            Self::AccessLost => "access_lost",
            Self::Unknown => "unknown",
        }
    }
}

/// Text that names no reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is no reason why something is absent")]
pub struct UnknownReason;

impl FromStr for AbsenceReason {
    type Err = UnknownReason;

    fn from_str(text: &str) -> Result<Self, UnknownReason> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == text).ok_or(UnknownReason)
    }
}

/// A mirrored thing that lives, as a census compares it with what Atlassian lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MirroredId {
    pub remote_id: String,
    /// The stored version, or the stored time of the last update in ms; `None` where the kind has neither.
    pub age: Option<i64>,
    /// When a census missed it first, and no later one has seen it.
    pub absent_since: Option<Timestamp>,
}

impl WriteTx {
    /// Makes tombstones of the things with these ids; says how many lived until now.
    pub async fn mark_absent(
        &mut self,
        kind: MirrorKind,
        owner: UserId,
        cloud_id: &CloudId,
        ids: &[&str],
        reason: AbsenceReason,
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        let which = format!("{} {}", kind.id_column(), among(self.engine(), 5));
        self.bury(kind, Place { owner, cloud_id }, &which, id_list(ids.iter().copied()), reason, now).await
    }

    /// Makes tombstones of all things of a scope: the comments of an issue that was deleted, the pages of a space. See
    /// [`Store::remote_ids`] for what the scope of a kind is. Says how many lived until now.
    pub async fn mark_scope_absent(
        &mut self,
        kind: MirrorKind,
        owner: UserId,
        cloud_id: &CloudId,
        scope: &str,
        reason: AbsenceReason,
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        let Some(column) = kind.scope_column() else { return Ok(0) };
        self.bury(kind, Place { owner, cloud_id }, &format!("{column} = $5"), scope.into(), reason, now).await
    }

    /// Makes tombstones of what belongs to the things of `parent` that became tombstones just `now`: the comments of
    /// issues that went with their project. Says how many lived until now.
    pub async fn mark_below_absent(
        &mut self,
        parent: MirrorKind,
        kind: MirrorKind,
        owner: UserId,
        cloud_id: &CloudId,
        reason: AbsenceReason,
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        let Some(column) = kind.scope_column() else { return Ok(0) };
        let which = format!(
            "{column} IN (SELECT {} FROM {} WHERE owner_id = $1 AND cloud_id = $2 AND deleted_at = $5)",
            parent.id_column(),
            parent.as_str()
        );
        self.bury(kind, Place { owner, cloud_id }, &which, now.as_millis().into(), reason, now).await
    }

    async fn bury(
        &mut self,
        kind: MirrorKind,
        place: Place<'_>,
        which: &str,
        value: Value,
        reason: AbsenceReason,
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        let sql = format!(
            "UPDATE {} SET deleted_at = $3, deleted_reason = $4, updated_at = $3 \
             WHERE owner_id = $1 AND cloud_id = $2 AND {which} AND deleted_at IS NULL",
            kind.as_str()
        );
        let [owner, cloud_id] = place.values();
        let values = [owner, cloud_id, now.as_millis().into(), reason.as_str().into(), value];
        let buried = self.execute_raw(self.statement(sql, values)).await?.rows_affected();
        if buried > 0 {
            self.touch_kind(kind, place.owner);
        }
        Ok(buried)
    }

    /// Notes that a census has missed these; a time that was noted before stays. Says how many it had not missed
    /// before.
    pub async fn mark_missing(
        &mut self,
        kind: MirrorKind,
        owner: UserId,
        cloud_id: &CloudId,
        ids: &[&str],
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        let sql = format!(
            "UPDATE {} SET absent_since = $4 WHERE owner_id = $1 AND cloud_id = $2 AND {} {} \
             AND deleted_at IS NULL AND absent_since IS NULL",
            kind.as_str(),
            kind.id_column(),
            among(self.engine(), 3)
        );
        let [owner, cloud_id] = Place { owner, cloud_id }.values();
        let values = [owner, cloud_id, id_list(ids.iter().copied()), now.as_millis().into()];
        Ok(self.execute_raw(self.statement(sql, values)).await?.rows_affected())
    }

    /// Takes back what [`mark_missing`](Self::mark_missing) noted of these; says of how many.
    pub async fn mark_seen(
        &mut self,
        kind: MirrorKind,
        owner: UserId,
        cloud_id: &CloudId,
        ids: &[&str],
    ) -> Result<u64, StoreError> {
        if ids.is_empty() {
            return Ok(0);
        }
        let sql = format!(
            "UPDATE {} SET absent_since = NULL WHERE owner_id = $1 AND cloud_id = $2 AND {} {} \
             AND deleted_at IS NULL AND absent_since IS NOT NULL",
            kind.as_str(),
            kind.id_column(),
            among(self.engine(), 3)
        );
        let [owner, cloud_id] = Place { owner, cloud_id }.values();
        let values = [owner, cloud_id, id_list(ids.iter().copied())];
        Ok(self.execute_raw(self.statement(sql, values)).await?.rows_affected())
    }
}

impl Store {
    /// The mirrored things of a site that live, by their ids. `scope` names what they belong to: the project of
    /// issues, the issue of comments, worklogs and changelogs, the space of pages and blog posts, the page or blog post
    /// of comments, labels and attachments. `None`: all of the site.
    pub async fn remote_ids(
        &self,
        kind: MirrorKind,
        owner: UserId,
        cloud_id: &CloudId,
        scope: Option<&str>,
    ) -> Result<Vec<MirroredId>, StoreError> {
        self.ids(kind, Place { owner, cloud_id }, scope, None, None).await
    }

    /// The same, some at a time: those whose ids come behind `after`, `limit` at most.
    pub async fn remote_ids_after(
        &self,
        kind: MirrorKind,
        owner: UserId,
        cloud_id: &CloudId,
        scope: Option<&str>,
        after: Option<&str>,
        limit: u64,
    ) -> Result<Vec<MirroredId>, StoreError> {
        self.ids(kind, Place { owner, cloud_id }, scope, after, Some(limit)).await
    }

    async fn ids(
        &self,
        kind: MirrorKind,
        place: Place<'_>,
        scope: Option<&str>,
        after: Option<&str>,
        limit: Option<u64>,
    ) -> Result<Vec<MirroredId>, StoreError> {
        let id = kind.id_column();
        let what = format!("{id}, {}, absent_since", kind.age_column().unwrap_or("CAST(NULL AS bigint)"));
        let limit = limit.map(|limit| format!(" LIMIT {limit}")).unwrap_or_default();
        let query = self.alive(kind, &what, place, scope, after, &format!(" ORDER BY {id}{limit}"));
        let rows = self.inner.read.query_all_raw(query).await?;
        let ids = rows.iter().map(|row| {
            Ok(MirroredId {
                remote_id: row.try_get_by_index(0)?,
                age: row.try_get_by_index(1)?,
                absent_since: row.try_get_by_index::<Option<i64>>(2)?.map(Timestamp::from_millis),
            })
        });
        ids.collect()
    }

    /// The ids of the things of a kind that live, by what they belong to: those of all that is in `parents`.
    pub async fn remote_ids_below(
        &self,
        kind: MirrorKind,
        owner: UserId,
        cloud_id: &CloudId,
        parents: &[&str],
    ) -> Result<HashMap<String, Vec<String>>, StoreError> {
        let mut below: HashMap<String, Vec<String>> = HashMap::new();
        let Some(parent) = kind.scope_column() else { return Ok(below) };
        let sql = format!(
            "SELECT {parent}, {} FROM {} WHERE owner_id = $1 AND cloud_id = $2 AND deleted_at IS NULL \
             AND {parent} {}",
            kind.id_column(),
            kind.as_str(),
            among(self.engine(), 3)
        );
        let [owner, cloud_id] = Place { owner, cloud_id }.values();
        let values = [owner, cloud_id, id_list(parents.iter().copied())];
        let backend = self.inner.read.get_database_backend();
        let rows =
            self.inner.read.query_all_raw(Statement::from_sql_and_values(backend, sql, values)).await?;
        for row in rows {
            below.entry(row.try_get_by_index(0)?).or_default().push(row.try_get_by_index(1)?);
        }
        Ok(below)
    }

    /// What each of these belongs to, by its id; those that are not mirrored are left out.
    pub async fn scopes_of(
        &self,
        kind: MirrorKind,
        owner: UserId,
        cloud_id: &CloudId,
        ids: &[&str],
    ) -> Result<HashMap<String, String>, StoreError> {
        let Some(column) = kind.scope_column() else { return Ok(HashMap::new()) };
        let id = kind.id_column();
        let sql = format!(
            "SELECT {id}, {column} FROM {} WHERE owner_id = $1 AND cloud_id = $2 AND {id} {}",
            kind.as_str(),
            among(self.engine(), 3)
        );
        let [owner, cloud_id] = Place { owner, cloud_id }.values();
        let values = [owner, cloud_id, id_list(ids.iter().copied())];
        let backend = self.inner.read.get_database_backend();
        let rows =
            self.inner.read.query_all_raw(Statement::from_sql_and_values(backend, sql, values)).await?;
        rows.iter().map(|row| Ok((row.try_get_by_index(0)?, row.try_get_by_index(1)?))).collect()
    }

    /// How many [`remote_ids`](Self::remote_ids) would give.
    pub async fn count_remote(
        &self,
        kind: MirrorKind,
        owner: UserId,
        cloud_id: &CloudId,
        scope: Option<&str>,
    ) -> Result<u64, StoreError> {
        let query = self.alive(kind, "COUNT(*)", Place { owner, cloud_id }, scope, None, "");
        let row = self.inner.read.query_one_raw(query).await?;
        let count: i64 = row.map_or(Ok(0), |row| row.try_get_by_index(0))?;
        Ok(count.unsigned_abs())
    }

    fn alive(
        &self,
        kind: MirrorKind,
        what: &str,
        place: Place<'_>,
        scope: Option<&str>,
        after: Option<&str>,
        end: &str,
    ) -> Statement {
        let mut sql = format!(
            "SELECT {what} FROM {} WHERE owner_id = $1 AND cloud_id = $2 AND deleted_at IS NULL",
            kind.as_str()
        );
        let mut values = place.values().to_vec();
        if let (Some(scope), Some(column)) = (scope, kind.scope_column()) {
            values.push(scope.into());
            let _ = write!(sql, " AND {column} = ${}", values.len());
        }
        if let Some(after) = after {
            values.push(after.into());
            let _ = write!(sql, " AND {} > ${}", kind.id_column(), values.len());
        }
        sql.push_str(end);
        Statement::from_sql_and_values(self.inner.read.get_database_backend(), sql, values)
    }
}
