//! Sealed values as such, wherever they are: for verifying them and for sealing them anew.

use sea_orm::{ConnectionTrait, Statement, Value};

use crate::{Engine, Store, StoreError, WriteTx};

/// A column of sealed values, and the columns that say for which place a value of it is sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SealedColumn {
    pub table: &'static str,
    pub column: &'static str,
    /// The primary key.
    pub key: &'static [KeyColumn],
    pub generation: Option<&'static str>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyColumn {
    Text(&'static str),
    Integer(&'static str),
}

impl KeyColumn {
    const fn name(&self) -> &'static str {
        match self {
            Self::Text(name) | Self::Integer(name) => name,
        }
    }
}

/// One sealed value, and where it lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedRow {
    /// The primary key, as text.
    pub key: Vec<String>,
    pub generation: Option<i64>,
    pub sealed: Vec<u8>,
}

/// The values that one key has sealed: those from `from` on and before `to`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedRange {
    pub from: Vec<u8>,
    pub to: Vec<u8>,
}

/// A statement under construction. Both engines take `$1`, `$2`, …
struct Sql {
    text: String,
    values: Vec<Value>,
}

impl Sql {
    fn bind(&mut self, value: impl Into<Value>) -> String {
        self.values.push(value.into());
        format!("${}", self.values.len())
    }

    fn statement(self, db: &impl ConnectionTrait) -> Statement {
        Statement::from_sql_and_values(db.get_database_backend(), self.text, self.values)
    }

    /// What is sealed by none of the keys whose ranges these are. Put like this, the index on the beginnings of sealed
    /// values serves it.
    fn outside(&mut self, engine: Engine, column: &SealedColumn, ranges: &[SealedRange]) -> String {
        let beginning = match engine {
            Engine::Sqlite => format!("substr({}, 1, 34)", column.column),
            Engine::Postgres => format!("substring({} from 1 for 34)", column.column),
        };
        let mut conditions = vec![format!("{} IS NOT NULL", column.column)];
        for range in ranges {
            let (from, to) = (self.bind(range.from.clone()), self.bind(range.to.clone()));
            conditions.push(format!("({beginning} < {from} OR {beginning} >= {to})"));
        }
        conditions.join(" AND ")
    }

    /// `(key) operator (values)`.
    fn key(&mut self, column: &SealedColumn, operator: &str, values: &[String]) -> String {
        let names: Vec<_> = column.key.iter().map(KeyColumn::name).collect();
        let bound: Vec<_> = column
            .key
            .iter()
            .zip(values)
            .map(|(key, value)| {
                let place = self.bind(value.clone());
                match key {
                    KeyColumn::Text(_) => place,
                    KeyColumn::Integer(_) => format!("CAST({place} AS BIGINT)"),
                }
            })
            .collect();
        format!("({}) {operator} ({})", names.join(", "), bound.join(", "))
    }
}

async fn list(
    db: &impl ConnectionTrait,
    engine: Engine,
    column: &SealedColumn,
    outside: &[SealedRange],
    after: Option<&[String]>,
    limit: u64,
    lock: bool,
) -> Result<Vec<SealedRow>, StoreError> {
    let mut sql = Sql { text: String::new(), values: Vec::new() };
    let condition = sql.outside(engine, column, outside);
    let after = after.map(|after| sql.key(column, ">", after)).map(|after| format!(" AND {after}"));
    let names: Vec<_> = column.key.iter().map(KeyColumn::name).collect();
    let texts: Vec<_> =
        names.iter().enumerate().map(|(i, name)| format!("CAST({name} AS TEXT) AS key_{i}")).collect();
    // A row that is locked is being sealed anew by somebody else: it is looked at the next time.
    let lock = if lock && engine == Engine::Postgres { " FOR UPDATE SKIP LOCKED" } else { "" };
    sql.text = format!(
        "SELECT {texts}, {generation} AS generation, {sealed} AS sealed FROM {table} WHERE {condition}{after} \
         ORDER BY {order} LIMIT {limit}{lock}",
        texts = texts.join(", "),
        generation = column.generation.unwrap_or("CAST(NULL AS BIGINT)"),
        sealed = column.column,
        table = column.table,
        after = after.unwrap_or_default(),
        order = names.join(", "),
    );
    let rows = db.query_all_raw(sql.statement(db)).await?;
    let read = |row: &sea_orm::QueryResult| {
        let key = (0..names.len()).map(|i| row.try_get("", &format!("key_{i}")));
        Ok(SealedRow {
            key: key.collect::<Result<_, sea_orm::DbErr>>()?,
            generation: row.try_get("", "generation")?,
            sealed: row.try_get("", "sealed")?,
        })
    };
    rows.iter().map(read).collect()
}

async fn count(
    db: &impl ConnectionTrait,
    engine: Engine,
    column: &SealedColumn,
    outside: &[SealedRange],
) -> Result<u64, StoreError> {
    let mut sql = Sql { text: String::new(), values: Vec::new() };
    let condition = sql.outside(engine, column, outside);
    sql.text = format!("SELECT COUNT(*) AS number FROM {} WHERE {condition}", column.table);
    let row = db.query_one_raw(sql.statement(db)).await?;
    let number = row.map(|row| row.try_get::<i64>("", "number")).transpose()?.unwrap_or(0);
    Ok(u64::try_from(number).unwrap_or(0))
}

impl Store {
    /// How many values of the column lie outside of `outside`.
    pub async fn count_sealed(
        &self,
        column: &SealedColumn,
        outside: &[SealedRange],
    ) -> Result<u64, StoreError> {
        count(&self.inner.read, self.engine(), column, outside).await
    }

    /// Values of the column outside of `outside`, by their keys; those behind `after`, at most `limit`.
    pub async fn list_sealed(
        &self,
        column: &SealedColumn,
        outside: &[SealedRange],
        after: Option<&[String]>,
        limit: u64,
    ) -> Result<Vec<SealedRow>, StoreError> {
        list(&self.inner.read, self.engine(), column, outside, after, limit, false).await
    }
}

impl WriteTx {
    /// [`Store::list_sealed`], for writing them: what others have locked is left out.
    pub async fn lock_sealed(
        &mut self,
        column: &SealedColumn,
        outside: &[SealedRange],
        after: Option<&[String]>,
        limit: u64,
    ) -> Result<Vec<SealedRow>, StoreError> {
        list(&**self, self.engine(), column, outside, after, limit, true).await
    }

    /// [`Store::count_sealed`], as this transaction sees it.
    pub async fn count_sealed(
        &mut self,
        column: &SealedColumn,
        outside: &[SealedRange],
    ) -> Result<u64, StoreError> {
        count(&**self, self.engine(), column, outside).await
    }

    /// Puts `sealed` in the place of `row`'s value, provided that this one still stands there.
    pub async fn swap_sealed(
        &mut self,
        column: &SealedColumn,
        row: &SealedRow,
        sealed: Vec<u8>,
    ) -> Result<bool, StoreError> {
        let mut sql = Sql { text: String::new(), values: Vec::new() };
        let (new, old) = (sql.bind(sealed), sql.bind(row.sealed.clone()));
        let key = sql.key(column, "=", &row.key);
        sql.text = format!(
            "UPDATE {} SET {name} = {new} WHERE {key} AND {name} = {old}",
            column.table,
            name = column.column
        );
        let statement = sql.statement(&**self);
        Ok(self.execute_raw(statement).await?.rows_affected() > 0)
    }
}
