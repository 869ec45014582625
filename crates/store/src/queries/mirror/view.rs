use std::fmt::Write as _;

use connector_domain::{CloudId, Json, Timestamp, UserId};
use sea_orm::{ConnectionTrait as _, QueryResult, Statement, TryGetable, Value};

use crate::{Engine, MirrorKind, Store, StoreError};

/// What an answer shows of the rows of a kind: a struct whose fields are read from columns one after another. Only
/// those columns are asked for.
pub trait View: Sized + Send {
    const KIND: MirrorKind;
    const COLUMNS: &'static [ViewColumn];

    /// Reads the columns in their order.
    fn read(row: &mut RowReader<'_>) -> Result<Self, StoreError>;
}

/// A column of a [`View`], by the name that `docs/schema.md` gives it.
///
/// `remote_id` is Atlassian's id for all kinds, and null for rows that were put in by hand.
#[derive(Debug, Clone, Copy)]
pub struct ViewColumn {
    name: &'static str,
    is_json: bool,
}

impl ViewColumn {
    pub const fn of<T: ViewValue>(name: &'static str) -> Self {
        Self { name, is_json: T::IS_JSON }
    }

    fn sql(self, engine: Engine, kind: MirrorKind) -> String {
        let name = match (kind, self.name) {
            (MirrorKind::ConfluencePages, "remote_id") => "CASE WHEN cloud_id IS NOT NULL THEN page_id END",
            (_, name) => name,
        };
        if self.is_json && engine == Engine::Postgres { format!("{name}::text") } else { name.to_owned() }
    }
}

/// Gives the columns of a row one after another.
#[derive(Debug)]
pub struct RowReader<'r> {
    row: &'r QueryResult,
    next: usize,
}

impl RowReader<'_> {
    /// The next column.
    pub fn column<T: ViewValue>(&mut self) -> Result<T, StoreError> {
        let at = self.next;
        self.next += 1;
        T::read(self, at)
    }

    fn get<T: TryGetable>(&self, at: usize) -> Result<T, StoreError> {
        Ok(self.row.try_get_by_index(at)?)
    }
}

/// A value that a column can hold.
pub trait ViewValue: Sized {
    const IS_JSON: bool = false;
    #[doc(hidden)]
    fn read(row: &RowReader<'_>, at: usize) -> Result<Self, StoreError>;
}

macro_rules! plain_values {
    ($($type:ty),*) => {$(
        impl ViewValue for $type {
            fn read(row: &RowReader<'_>, at: usize) -> Result<Self, StoreError> {
                row.get(at)
            }
        }
    )*};
}

plain_values!(String, Option<String>, i64, Option<i64>, bool);

impl ViewValue for Timestamp {
    fn read(row: &RowReader<'_>, at: usize) -> Result<Self, StoreError> {
        Ok(Self::from_millis(row.get(at)?))
    }
}

impl ViewValue for Option<Timestamp> {
    fn read(row: &RowReader<'_>, at: usize) -> Result<Self, StoreError> {
        Ok(row.get::<Option<i64>>(at)?.map(Timestamp::from_millis))
    }
}

impl ViewValue for Option<Json> {
    const IS_JSON: bool = true;

    fn read(row: &RowReader<'_>, at: usize) -> Result<Self, StoreError> {
        let text: Option<String> = row.get(at)?;
        let json = text.map(Json::parse).transpose();
        json.map_err(|error| StoreError::Corrupt {
            table: "of the mirror",
            row: String::new(),
            what: error.to_string(),
        })
    }
}

/// Which rows are meant: those that live, those that are gone, or both.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Deleted {
    #[default]
    Exclude,
    Include,
    Only,
}

/// A row of a list, and the place after which the list goes on.
#[derive(Debug)]
pub struct Listed<V, P> {
    pub row: V,
    pub place: P,
}

/// A query for the rows of an owner.
pub(super) struct Select<'s> {
    store: &'s Store,
    sql: String,
    values: Vec<Value>,
}

impl<'s> Select<'s> {
    /// The columns of the view, and `more` after them.
    pub(super) fn new<V: View>(store: &'s Store, owner: UserId, more: &str) -> Self {
        let mut sql = "SELECT ".to_owned();
        for column in V::COLUMNS {
            let _ = write!(sql, "{}, ", column.sql(store.engine(), V::KIND));
        }
        let _ = write!(sql, "{more} FROM {} WHERE owner_id = $1", V::KIND.as_str());
        Self { store, sql, values: vec![owner.0.into()] }
    }

    /// Asks for `condition` besides, in which each `?` is the value.
    pub(super) fn and(mut self, condition: &str, value: impl Into<Value>) -> Self {
        self.values.push(value.into());
        let condition = condition.replace('?', &format!("${}", self.values.len()));
        let _ = write!(self.sql, " AND {condition}");
        self
    }

    pub(super) fn and_if<T: Into<Value>>(self, condition: &str, value: Option<T>) -> Self {
        match value {
            Some(value) => self.and(condition, value),
            None => self,
        }
    }

    pub(super) fn of_site(self, cloud_id: Option<&CloudId>) -> Self {
        self.and_if("cloud_id = ?", cloud_id.map(CloudId::as_str))
    }

    pub(super) fn deleted(mut self, deleted: Deleted) -> Self {
        self.sql.push_str(match deleted {
            Deleted::Exclude => " AND deleted_at IS NULL",
            Deleted::Include => "",
            Deleted::Only => " AND deleted_at IS NOT NULL",
        });
        self
    }

    /// Only rows behind the place: `columns` compared as one with the values.
    pub(super) fn behind(mut self, columns: &str, sign: char, place: Option<[Value; 2]>) -> Self {
        if let Some([first, second]) = place {
            let n = self.values.len();
            let _ = write!(self.sql, " AND ({columns}) {sign} (${}, ${})", n + 1, n + 2);
            self.values.extend([first, second]);
        }
        self
    }

    pub(super) async fn rows(
        mut self,
        order: &str,
        limit: Option<u64>,
    ) -> Result<Vec<QueryResult>, StoreError> {
        let _ = write!(self.sql, " ORDER BY {order}");
        if let Some(limit) = limit {
            self.values.push(i64::try_from(limit).unwrap_or(i64::MAX).into());
            let _ = write!(self.sql, " LIMIT ${}", self.values.len());
        }
        let backend = self.store.inner.read.get_database_backend();
        let query = Statement::from_sql_and_values(backend, self.sql, self.values);
        Ok(self.store.inner.read.query_all_raw(query).await?)
    }

    /// The first row.
    pub(super) async fn one<V: View>(self, order: &str) -> Result<Option<V>, StoreError> {
        self.rows(order, Some(1))
            .await?
            .first()
            .map(|row| V::read(&mut RowReader { row, next: 0 }))
            .transpose()
    }

    /// The rows, each with a place of its last two columns.
    pub(super) async fn listed<V: View, P: ViewValue>(
        self,
        order: &str,
        limit: Option<u64>,
    ) -> Result<Vec<Listed<V, (P, i64)>>, StoreError> {
        let rows = self.rows(order, limit).await?;
        let listed = rows.iter().map(|row| {
            let mut reader = RowReader { row, next: 0 };
            Ok(Listed { row: V::read(&mut reader)?, place: (reader.column()?, reader.column()?) })
        });
        listed.collect()
    }
}
