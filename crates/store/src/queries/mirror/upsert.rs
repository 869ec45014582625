use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use connector_domain::{CloudId, Timestamp, UserId};
use sea_orm::{ConnectionTrait, Statement, Value};

use super::remote::{RemoteDigest, storable};
use super::{Remote, RemoteColumn, adopt, issue_keys};
use crate::engine::among;
use crate::queries::last_of_each;
use crate::{Dataset, Engine, MirrorKind, StoreError, WriteTx};

/// How many rows of a batch were new, were written over, and were left as they are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Written {
    pub inserted: u64,
    pub updated: u64,
    pub unchanged: u64,
}

impl Written {
    /// Rows that this changed in the database.
    pub fn changed(self) -> u64 {
        self.inserted + self.updated
    }
}

impl std::ops::AddAssign for Written {
    fn add_assign(&mut self, other: Self) {
        self.inserted += other.inserted;
        self.updated += other.updated;
        self.unchanged += other.unchanged;
    }
}

/// How many rows a statement has: the largest that fits, again and again. Few sizes, because each is a statement that
/// every connection prepares once and keeps.
const ROWS_PER_STATEMENT: [usize; 4] = [64, 16, 4, 1];

/// What a row of the batch meets in the database.
pub(super) struct Stored {
    content_hash: Option<String>,
    is_deleted: bool,
    is_absent: bool,
    /// The key of an issue.
    pub(super) key: Option<String>,
}

/// Whose rows, of which site.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) owner: UserId,
    pub(super) cloud_id: &'a CloudId,
}

impl Place<'_> {
    pub(super) fn values(self) -> [Value; 2] {
        [self.owner.0.into(), self.cloud_id.as_str().into()]
    }
}

impl WriteTx {
    /// Writes things of a site as Atlassian has them. What is stored alike already is not touched; an older version
    /// does not replace a newer one; what was deleted here and is there again lives again. A row that was put in by
    /// hand for the same thing becomes the mirrored one.
    ///
    /// # Errors
    /// [`StoreError::MissingReference`] where the owner does not exist.
    pub async fn upsert_remote<R: Remote>(
        &mut self,
        owner: UserId,
        cloud_id: &CloudId,
        things: &[R],
        now: Timestamp,
    ) -> Result<Written, StoreError> {
        let place = Place { owner, cloud_id };
        let mut things = last_of_each(things, Remote::remote_id);
        // Always in this order: two writers with the same rows wait for each other and never in a circle.
        things.sort_unstable_by_key(|thing| thing.remote_id());
        let stored = self.stored(R::KIND, place, things.iter().map(|thing| thing.remote_id())).await?;
        let new: Vec<_> =
            things.iter().copied().filter(|thing| !stored.contains_key(thing.remote_id())).collect();
        let adopted = adopt::adopt(self, place, &new).await?;
        let mut batch = Vec::with_capacity(things.len());
        let mut reappeared = Vec::new();
        for thing in things.iter().copied() {
            let hash = RemoteDigest::of(thing);
            match stored.get(thing.remote_id()) {
                Some(row) if !row.is_deleted && row.content_hash.as_ref() == Some(&hash) => {
                    if row.is_absent {
                        reappeared.push(thing.remote_id());
                    }
                }
                _ => batch.push((thing, hash)),
            }
        }
        self.mark_seen(R::KIND, owner, cloud_id, &reappeared).await?;
        let changed = self.write(place, &batch, now).await?;
        if R::KIND == MirrorKind::JiraIssues {
            issue_keys::record_moves(self, place, &stored, batch.iter().map(|(thing, _)| *thing), now)
                .await?;
        }
        if changed > 0 {
            self.touch_kind(R::KIND, owner);
        }
        let inserted = (new.len() as u64 - adopted).min(changed);
        Ok(Written { inserted, updated: changed - inserted, unchanged: things.len() as u64 - changed })
    }

    /// Notes that cached answers with rows of this kind are void.
    pub(in crate::queries) fn touch_kind(&mut self, kind: MirrorKind, owner: UserId) {
        match kind {
            MirrorKind::JiraProjects => self.touch(Dataset::JiraProjects(owner)),
            MirrorKind::ConfluencePages => self.touch(Dataset::ConfluencePages(owner)),
            _ => {}
        }
    }

    async fn stored(
        &self,
        kind: MirrorKind,
        place: Place<'_>,
        ids: impl Iterator<Item = &str>,
    ) -> Result<HashMap<String, Stored>, StoreError> {
        let (table, id) = (kind.as_str(), kind.id_column());
        let key = if kind == MirrorKind::JiraIssues { "key" } else { "NULL" };
        let sql = format!(
            "SELECT {id}, content_hash, deleted_at, absent_since, {key} FROM {table} \
             WHERE owner_id = $1 AND cloud_id = $2 AND {id} {}",
            among(self.engine(), 3)
        );
        let [owner, cloud_id] = place.values();
        let rows = self.query_all_raw(self.statement(sql, [owner, cloud_id, id_list(ids)])).await?;
        let stored = rows.iter().map(|row| {
            let stored = Stored {
                content_hash: row.try_get_by_index(1)?,
                is_deleted: row.try_get_by_index::<Option<i64>>(2)?.is_some(),
                is_absent: row.try_get_by_index::<Option<i64>>(3)?.is_some(),
                key: row.try_get_by_index(4)?,
            };
            Ok((row.try_get_by_index(0)?, stored))
        });
        stored.collect()
    }

    /// Says how many rows that changed.
    async fn write<R: Remote>(
        &self,
        place: Place<'_>,
        batch: &[(&R, String)],
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        let (mut rest, mut changed) = (batch, 0);
        for size in ROWS_PER_STATEMENT {
            while let Some((rows, others)) = rest.split_at_checked(size) {
                rest = others;
                let shared = [place.values().to_vec(), vec![now.as_millis().into(); 3]].concat();
                let mut values = Vec::with_capacity(shared.len() + size * (R::COLUMNS.len() + 7));
                if self.engine() == Engine::Postgres {
                    values.extend(shared[..3].iter().cloned());
                }
                for (thing, hash) in rows {
                    if self.engine() == Engine::Sqlite {
                        values.extend(shared.iter().cloned());
                    }
                    values.push(storable(thing.remote_id()).into_owned().into());
                    values.extend(thing.values());
                    values.push(hash.as_str().into());
                }
                let sql = kept_upsert_sql(self.engine(), R::KIND, R::COLUMNS, size);
                let statement = self.statement(sql.as_str().to_owned(), values);
                changed += self.execute_raw(statement).await?.rows_affected();
            }
        }
        Ok(changed)
    }

    pub(crate) fn statement(&self, sql: String, values: impl IntoIterator<Item = Value>) -> Statement {
        Statement::from_sql_and_values(self.get_database_backend(), sql, values)
    }
}

/// The ids as one value, which [`among`] takes.
pub(in crate::queries) fn id_list<'a>(ids: impl Iterator<Item = &'a str>) -> Value {
    let ids: Vec<_> = ids.map(storable).collect();
    serde_json::Value::from(ids.iter().map(AsRef::as_ref).collect::<Vec<&str>>()).to_string().into()
}

/// The text of statements, by engine, kind and number of rows.
type Statements = HashMap<(Engine, MirrorKind, usize), Arc<String>>;

/// [`upsert_sql`] of what came before too: the text of many rows takes longer to make than to send.
fn kept_upsert_sql(
    engine: Engine,
    kind: MirrorKind,
    columns: &'static [RemoteColumn],
    rows: usize,
) -> Arc<String> {
    static KEPT: LazyLock<Mutex<Statements>> = LazyLock::new(Mutex::default);
    let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    let sql = kept.entry((engine, kind, rows));
    Arc::clone(sql.or_insert_with(|| Arc::new(upsert_sql(engine, kind, columns, rows))))
}

/// On PostgreSQL owner, site and time are the values 1 to 3; then come, for each row, the id, the columns and the hash. On
/// SQLite each row has all of its values, the time three times: parameters with numbers are names to it, and it looks for
/// each of them among all the others.
fn upsert_sql(engine: Engine, kind: MirrorKind, columns: &[RemoteColumn], rows: usize) -> String {
    let (table, id) = (kind.as_str(), kind.id_column());
    let names = columns.iter().map(|column| column.name);
    let mut sql = format!("INSERT INTO {table} (owner_id, cloud_id, created_at, updated_at, synced_at, {id}");
    for name in names.clone() {
        let _ = write!(sql, ", {name}");
    }
    sql.push_str(", content_hash) VALUES ");
    let mut next = 4;
    for row in 0..rows {
        sql.push_str(if row == 0 { "" } else { ", " });
        if engine == Engine::Sqlite {
            let _ = write!(sql, "(?{})", ", ?".repeat(columns.len() + 6));
            continue;
        }
        let _ = write!(sql, "($1, $2, $3, $3, $3, ${next}");
        for column in columns {
            next += 1;
            let _ = write!(sql, ", ${next}{}", if column.is_json { "::json" } else { "" });
        }
        next += 1;
        let _ = write!(sql, ", ${next})");
        next += 1;
    }
    let _ = write!(
        sql,
        " ON CONFLICT (owner_id, cloud_id, {id}) DO UPDATE SET content_hash = excluded.content_hash"
    );
    for name in names.chain(["updated_at", "synced_at"]) {
        let _ = write!(sql, ", {name} = excluded.{name}");
    }
    sql.push_str(", deleted_at = NULL, deleted_reason = NULL, absent_since = NULL");
    let _ = write!(
        sql,
        " WHERE ({table}.content_hash IS DISTINCT FROM excluded.content_hash OR {table}.deleted_at IS NOT NULL)"
    );
    if let Some(age) = kind.age_column() {
        let _ = write!(
            sql,
            " AND ({table}.{age} IS NULL OR excluded.{age} IS NULL OR excluded.{age} >= {table}.{age})"
        );
    }
    sql
}
