//! Accounts whose person was deleted. A consent from before, which waits somewhere for its turn, must not bring the
//! person back; one from after makes a new person.

use connector_domain::{AccountId, Email, Timestamp, UserId};
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QuerySelect,
};
use sha2::{Digest as _, Sha256};

use crate::entities::erased_account::{ActiveModel, Column, Entity};
use crate::entities::{connection, user};
use crate::{Durability, Store, StoreError, WriteTx};

/// By what a person is known again, as it is kept once the person is gone.
fn hash(of: &str, text: &str) -> String {
    use std::fmt::Write as _;
    let digest = Sha256::new().chain_update(of).chain_update([0]).chain_update(text).finalize();
    digest.iter().fold(String::with_capacity(64), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

fn hash_of_account(account: &str) -> String {
    hash("atlassian", account)
}

fn hash_of_email(key: &str) -> String {
    hash("email", key)
}

/// Whether the person of this account, or of this address, was deleted after `consented_at`.
pub(super) async fn was_erased(
    db: &impl ConnectionTrait,
    account: Option<&AccountId>,
    email: Option<&Email>,
    consented_at: Timestamp,
) -> Result<bool, StoreError> {
    let account = account.map(|account| hash_of_account(account.as_str()));
    let email = email.map(|email| hash_of_email(&email.key()));
    let since = Entity::find()
        .filter(Column::IdentityHash.is_in(account.into_iter().chain(email)))
        .filter(Column::ErasedAt.gt(consented_at.as_millis()));
    Ok(since.count(db).await? > 0)
}

impl Store {
    /// Whether the person of this account, or of this address, was deleted after `consented_at`.
    pub async fn was_erased(
        &self,
        account: &AccountId,
        email: Option<&Email>,
        consented_at: Timestamp,
    ) -> Result<bool, StoreError> {
        was_erased(&self.inner.read, Some(account), email, consented_at).await
    }

    /// Forgets who was deleted before `before`; says how many rows went.
    pub async fn delete_erased_accounts(&self, before: Timestamp) -> Result<u64, StoreError> {
        let tx = self.begin_write(Durability::Normal).await?;
        let old = Entity::delete_many().filter(Column::ErasedAt.lt(before.as_millis())).exec(&*tx).await?;
        tx.commit().await?;
        Ok(old.rows_affected)
    }
}

impl WriteTx {
    /// Notes by what a person that is about to be deleted would be known again.
    pub(super) async fn note_erased(&mut self, id: UserId, at: Timestamp) -> Result<(), StoreError> {
        let Some(person) = user::Entity::find_by_id(id.0).one(&**self).await? else { return Ok(()) };
        let accounts = connection::Entity::find()
            .select_only()
            .column(connection::Column::AccountId)
            .filter(connection::Column::UserId.eq(id.0))
            .filter(connection::Column::AccountId.is_not_null());
        let mut accounts: Vec<String> = accounts.into_tuple().all(&**self).await?;
        accounts.extend(person.account_id);
        let mut hashes: Vec<_> = accounts.iter().map(|account| hash_of_account(account)).collect();
        hashes.push(hash_of_email(&person.email_key));
        hashes.sort_unstable();
        // PostgreSQL refuses a statement that writes a row twice.
        hashes.dedup();
        let rows = hashes
            .into_iter()
            .map(|hash| ActiveModel { identity_hash: Set(hash), erased_at: Set(at.as_millis()) });
        let latest = OnConflict::column(Column::IdentityHash)
            .update_column(Column::ErasedAt)
            .action_and_where(Expr::cust("erased_accounts.erased_at < excluded.erased_at"))
            .to_owned();
        Entity::insert_many(rows).on_conflict(latest).exec_without_returning(&**self).await?;
        Ok(())
    }
}
