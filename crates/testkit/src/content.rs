use crate::TestDatabase;

/// A query per table that answers its rows as text, behind the table's name.
const POSTGRES_TABLES: &str = "SELECT format('SELECT %L || t::text FROM %I AS t', tablename || ': ', tablename) \
     FROM pg_tables WHERE schemaname = 'public'";
const SQLITE_TABLES: &str = "SELECT 'SELECT ''' || m.name || ': '' || ' || group_concat('quote(\"' || c.name || '\")', \
     ' || ''|'' || ') || ' FROM \"' || m.name || '\"' FROM sqlite_master AS m, pragma_table_info(m.name) AS c \
     WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' GROUP BY m.name";

impl TestDatabase {
    /// All rows of all tables as text, each behind the name of its table: what nothing has changed is equal.
    ///
    /// # Panics
    /// When the database has no tables.
    pub async fn content(&self) -> Vec<String> {
        let tables = if self.path().is_some() { SQLITE_TABLES } else { POSTGRES_TABLES };
        let each = self.texts(tables).await;
        assert!(!each.is_empty(), "the database has no tables");
        let mut rows = self.texts(&each.join(" UNION ALL ")).await;
        rows.sort();
        rows
    }
}
