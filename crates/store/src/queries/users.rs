use connector_domain::{AccountId, Email, Timestamp, User, UserId};
use sea_orm::sea_query::{Expr, ExprTrait as _, OnConflict};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::erased_accounts::was_erased;
use super::parsed;
use crate::entities::{user, user_token};
use crate::{Dataset, Durability, Store, StoreError, WriteTx};

/// A person to be created.
#[derive(Debug, Clone)]
pub struct NewUser {
    pub email: Email,
    pub display_name: Option<String>,
    pub jira_base_url: Option<String>,
    pub confluence_base_url: Option<String>,
}

/// A token that came with a new user, sealed for its row.
#[derive(Debug, Clone)]
pub struct SealedUserToken {
    /// `jira` or `confluence`.
    pub provider: &'static str,
    pub sealed: Vec<u8>,
}

impl TryFrom<user::Model> for User {
    type Error = StoreError;

    fn try_from(row: user::Model) -> Result<Self, StoreError> {
        Ok(Self {
            id: UserId(row.id),
            email: parsed("users", &row.id.to_string(), &row.email)?,
            display_name: row.display_name,
            account_id: row.account_id.map(AccountId::new),
            jira_base_url: row.jira_base_url,
            confluence_base_url: row.confluence_base_url,
        })
    }
}

fn new_row(new: &NewUser, now: Timestamp) -> user::ActiveModel {
    user::ActiveModel {
        email: Set(new.email.as_str().to_owned()),
        email_key: Set(new.email.key()),
        display_name: Set(new.display_name.clone()),
        jira_base_url: Set(new.jira_base_url.clone()),
        confluence_base_url: Set(new.confluence_base_url.clone()),
        created_at: Set(now.as_millis()),
        updated_at: Set(now.as_millis()),
        ..Default::default()
    }
}

impl Store {
    pub async fn find_user(&self, id: UserId) -> Result<Option<User>, StoreError> {
        let row = user::Entity::find_by_id(id.0).one(&self.inner.read).await?;
        row.map(TryInto::try_into).transpose()
    }

    pub async fn find_user_by_email(&self, email: &Email) -> Result<Option<User>, StoreError> {
        let by_email = user::Entity::find().filter(user::Column::EmailKey.eq(email.key()));
        by_email.one(&self.inner.read).await?.map(TryInto::try_into).transpose()
    }

    pub async fn find_user_by_account(&self, account_id: &AccountId) -> Result<Option<User>, StoreError> {
        let by_account = user::Entity::find().filter(user::Column::AccountId.eq(account_id.as_str()));
        by_account.one(&self.inner.read).await?.map(TryInto::try_into).transpose()
    }

    /// The person with the lowest id.
    pub async fn first_user(&self) -> Result<Option<User>, StoreError> {
        let row = user::Entity::find().order_by_asc(user::Column::Id).one(&self.inner.read).await?;
        row.map(TryInto::try_into).transpose()
    }

    /// People by id, those after `after`, at most `limit`.
    pub async fn list_users(
        &self,
        after: Option<UserId>,
        limit: Option<u64>,
    ) -> Result<Vec<User>, StoreError> {
        let mut query = user::Entity::find().order_by_asc(user::Column::Id).limit(limit);
        if let Some(after) = after {
            query = query.filter(user::Column::Id.gt(after.0));
        }
        query.all(&self.inner.read).await?.into_iter().map(TryInto::try_into).collect()
    }

    /// Creates the person, or finds the one who has this e-mail address; of any number of equal calls at once, one
    /// creates. `tokens` are made for the new row and only kept with it. Says whether the person is new.
    pub async fn create_user(
        &self,
        new: &NewUser,
        now: Timestamp,
        tokens: impl FnOnce(UserId) -> Vec<SealedUserToken>,
    ) -> Result<(User, bool), StoreError> {
        if let Some(user) = self.find_user_by_email(&new.email).await? {
            return Ok((user, false));
        }
        let mut tx = self.begin_write(Durability::Full).await?;
        let (user, created) = insert_or_find(&mut tx, new, now).await?;
        let tokens = if created { tokens(user.id) } else { Vec::new() };
        if !tokens.is_empty() {
            let rows = tokens.into_iter().map(|token| user_token::ActiveModel {
                user_id: Set(user.id.0),
                provider: Set(token.provider.to_owned()),
                sealed_token: Set(token.sealed),
                created_at: Set(now.as_millis()),
            });
            user_token::Entity::insert_many(rows).exec_without_returning(&*tx).await?;
        }
        tx.commit().await?;
        Ok((user, created))
    }

    /// The sealed token that came with a user, where there is one.
    pub async fn find_user_token(&self, id: UserId, provider: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let row = user_token::Entity::find_by_id((id.0, provider.to_owned())).one(&self.inner.read).await?;
        Ok(row.map(|row| row.sealed_token))
    }

    /// Notes which Atlassian account is this person's, where none is known yet. Says whether it is now this one.
    pub async fn bind_account(
        &self,
        id: UserId,
        account_id: &AccountId,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut tx = self.begin_write(Durability::Full).await?;
        let bound = user::Entity::update_many()
            .filter(user::Column::Id.eq(id.0))
            .filter(user::Column::AccountId.is_null().or(user::Column::AccountId.eq(account_id.as_str())))
            .col_expr(user::Column::AccountId, Expr::value(account_id.as_str()))
            .col_expr(user::Column::UpdatedAt, Expr::value(now.as_millis()))
            .exec(&*tx)
            .await?;
        tx.touch(Dataset::User(id));
        tx.commit().await?;
        Ok(bound.rows_affected > 0)
    }

    /// The person behind an Atlassian account: known by the account, else by the e-mail address, else new. `None` where
    /// the account's person was deleted after `consented_at`: that consent is nobody's.
    ///
    /// # Errors
    /// [`StoreError::Duplicate`] where the address belongs to a person with another account.
    pub async fn person_of_account(
        &self,
        account_id: &AccountId,
        new: &NewUser,
        consented_at: Timestamp,
        now: Timestamp,
    ) -> Result<Option<User>, StoreError> {
        let by_account = || user::Entity::find().filter(user::Column::AccountId.eq(account_id.as_str()));
        if let Some(row) = by_account().one(&self.inner.read).await? {
            let gone = was_erased(&self.inner.read, Some(account_id), None, consented_at).await?;
            return if gone { Ok(None) } else { Ok(Some(row.try_into()?)) };
        }
        let mut tx = self.begin_write(Durability::Full).await?;
        // Another login of the same account may have come first.
        if let Some(row) = by_account().one(&*tx).await? {
            return Ok(Some(row.try_into()?));
        }
        let (user, _) = insert_or_find(&mut tx, new, now).await?;
        // Asked now: whoever was deleting the person has been waited for.
        if was_erased(&*tx, Some(account_id), Some(&new.email), consented_at).await? {
            return Ok(None);
        }
        match &user.account_id {
            None => {}
            // Another login of the same account came first after all: this one waited for its row.
            Some(known) if known == account_id => return Ok(Some(user)),
            Some(_) => {
                return Err(StoreError::Duplicate(sea_orm::DbErr::Custom(
                    "the e-mail address is in use".to_owned(),
                )));
            }
        }
        let row = user::ActiveModel {
            id: Set(user.id.0),
            account_id: Set(Some(account_id.as_str().to_owned())),
            display_name: Set(user.display_name.or_else(|| new.display_name.clone())),
            updated_at: Set(now.as_millis()),
            ..Default::default()
        };
        let row = user::Entity::update(row).exec(&*tx).await?;
        tx.touch(Dataset::User(user.id));
        tx.commit().await?;
        Ok(Some(row.try_into()?))
    }
}

async fn insert_or_find(tx: &mut WriteTx, new: &NewUser, now: Timestamp) -> Result<(User, bool), StoreError> {
    let inserted = user::Entity::insert(new_row(new, now))
        .on_conflict(OnConflict::column(user::Column::EmailKey).do_nothing().to_owned())
        .exec_without_returning(&**tx)
        .await?;
    // Locked: what the caller decides by the row must still be so when it writes.
    let by_email = user::Entity::find().filter(user::Column::EmailKey.eq(new.email.key())).lock_exclusive();
    let row = by_email.one(&**tx).await?;
    let row = row.ok_or_else(|| StoreError::Corrupt {
        table: "users",
        row: "new".to_owned(),
        what: "is gone right after it was inserted".to_owned(),
    })?;
    tx.touch(Dataset::User(UserId(row.id)));
    Ok((row.try_into()?, inserted > 0))
}
