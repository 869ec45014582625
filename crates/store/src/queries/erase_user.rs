//! Deleting a person, with everything that is the person's.

use std::collections::BTreeMap;

use connector_domain::{CloudId, Timestamp, UserId};
use sea_orm::ConnectionTrait as _;

use crate::{Dataset, MirrorKind, Store, StoreError, WriteTx};

/// Tables with rows of one person that go with the person: the column that says whose they are.
const OWNED: [(&str, &str); 6] = [
    ("user_tokens", "user_id"),
    ("connections", "user_id"),
    ("login_attempts", "user_id"),
    ("connect_links", "user_id"),
    ("api_keys", "user_id"),
    ("jira_issue_keys", "owner_id"),
];

impl Store {
    /// The sites of which a person has rows of a kind.
    pub async fn list_mirrored_sites(
        &self,
        kind: MirrorKind,
        owner: UserId,
    ) -> Result<Vec<CloudId>, StoreError> {
        let sql = format!(
            "SELECT DISTINCT cloud_id FROM {} WHERE owner_id = $1 AND cloud_id IS NOT NULL ORDER BY cloud_id",
            kind.as_str()
        );
        let backend = self.inner.read.get_database_backend();
        let statement = sea_orm::Statement::from_sql_and_values(backend, sql, [owner.0.into()]);
        let rows = self.inner.read.query_all_raw(statement).await?;
        rows.iter().map(|row| Ok(CloudId::new(row.try_get_by_index::<String>(0)?))).collect()
    }
}

impl WriteTx {
    /// Deletes what is left of a person's rows of a kind: those that were put in by hand. Says how many.
    pub async fn erase_by_hand(&mut self, kind: MirrorKind, owner: UserId) -> Result<u64, StoreError> {
        let sql = format!("DELETE FROM {} WHERE owner_id = $1", kind.as_str());
        let deleted = self.execute_raw(self.statement(sql, [owner.0.into()])).await?.rows_affected();
        self.touch_kind(kind, owner);
        Ok(deleted)
    }

    /// Deletes a person, with the connections, links, keys and logins that are the person's; says how many rows of
    /// each table. Nothing where there is no such person. What is kept for a while is a hash of the accounts: consents
    /// from before `now` bring nobody back.
    pub async fn erase_user(
        &mut self,
        user: UserId,
        now: Timestamp,
    ) -> Result<BTreeMap<String, u64>, StoreError> {
        self.note_erased(user, now).await?;
        let mut erased = BTreeMap::new();
        for (table, column) in OWNED {
            let sql = format!("DELETE FROM {table} WHERE {column} = $1");
            let deleted = self.execute_raw(self.statement(sql, [user.0.into()])).await?.rows_affected();
            if deleted > 0 {
                erased.insert(table.to_owned(), deleted);
            }
        }
        let sql = "DELETE FROM users WHERE id = $1".to_owned();
        let deleted = self.execute_raw(self.statement(sql, [user.0.into()])).await?.rows_affected();
        if deleted > 0 {
            erased.insert("users".to_owned(), deleted);
        }
        self.touch(Dataset::User(user));
        Ok(erased)
    }
}
