use connector_domain::{Scopes, Timestamp, UserId};
use futures::FutureExt as _;
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter};

use crate::entities::login_attempt;
use crate::{Durability, Store, StoreError};

/// Which route a login began at, which decides where it ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoginFlow {
    Atlassian,
    Jira,
    Confluence,
}

impl LoginFlow {
    pub const ALL: [Self; 3] = [Self::Atlassian, Self::Jira, Self::Confluence];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Atlassian => "atlassian",
            Self::Jira => "jira",
            Self::Confluence => "confluence",
        }
    }
}

/// A login that has begun and waits for its callback.
#[derive(Debug, Clone)]
pub struct LoginAttempt {
    /// SHA-256 of the `state` that was sent to Atlassian, in hexadecimal.
    pub state_hash: String,
    /// SHA-256 of the secret in the cookie of the browser that began it.
    pub browser_hash: String,
    pub flow: LoginFlow,
    pub client_id: String,
    pub redirect_uri: String,
    pub sealed_code_verifier: Vec<u8>,
    pub scopes: Scopes,
    pub app_state: Option<String>,
    /// Who was signed in when it began.
    pub user_id: Option<UserId>,
    /// The link by which it began.
    pub link_hash: Option<String>,
    /// Where the browser goes at the end, in place of the usual address.
    pub return_url: Option<String>,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
    pub consumed_at: Option<Timestamp>,
}

impl Store {
    pub async fn create_login_attempt(&self, attempt: &LoginAttempt) -> Result<(), StoreError> {
        let row = login_attempt::ActiveModel {
            state_hash: Set(attempt.state_hash.clone()),
            browser_hash: Set(attempt.browser_hash.clone()),
            flow: Set(attempt.flow.as_str().to_owned()),
            client_id: Set(attempt.client_id.clone()),
            redirect_uri: Set(attempt.redirect_uri.clone()),
            sealed_code_verifier: Set(attempt.sealed_code_verifier.clone()),
            scopes: Set(attempt.scopes.to_string()),
            app_state: Set(attempt.app_state.clone()),
            user_id: Set(attempt.user_id.map(|id| id.0)),
            created_at: Set(attempt.created_at.as_millis()),
            expires_at: Set(attempt.expires_at.as_millis()),
            consumed_at: Set(None),
            outcome: Set(None),
            link_hash: Set(attempt.link_hash.clone()),
            return_url: Set(attempt.return_url.clone()),
        };
        self.write_alone(None, move |db| {
            async move {
                login_attempt::Entity::insert(row).exec_without_returning(&db).await?;
                Ok(())
            }
            .boxed()
        })
        .await
    }

    /// Uses the attempt up and reads it, in one statement: of any number of callbacks, one gets it. `None` where it
    /// does not exist, is used or has expired.
    pub async fn consume_login_attempt(
        &self,
        state_hash: &str,
        now: Timestamp,
    ) -> Result<Option<LoginAttempt>, StoreError> {
        let tx = self.begin_write(Durability::Full).await?;
        let rows = login_attempt::Entity::update_many()
            .filter(login_attempt::Column::StateHash.eq(state_hash))
            .filter(login_attempt::Column::ConsumedAt.is_null())
            .filter(login_attempt::Column::ExpiresAt.gt(now.as_millis()))
            .col_expr(login_attempt::Column::ConsumedAt, Expr::value(now.as_millis()))
            .exec_with_returning(&*tx)
            .await?;
        tx.commit().await?;
        rows.into_iter().next().map(TryInto::try_into).transpose()
    }

    /// The attempt as it is: to tell a used one from an expired one.
    pub async fn find_login_attempt(&self, state_hash: &str) -> Result<Option<LoginAttempt>, StoreError> {
        let row = login_attempt::Entity::find_by_id(state_hash).one(&self.inner.read).await?;
        row.map(TryInto::try_into).transpose()
    }

    /// Deletes the attempts that expired before `before`; says how many.
    pub async fn delete_login_attempts(&self, before: Timestamp) -> Result<u64, StoreError> {
        let tx = self.begin_write(Durability::Normal).await?;
        let deleted = login_attempt::Entity::delete_many()
            .filter(login_attempt::Column::ExpiresAt.lt(before.as_millis()))
            .exec(&*tx)
            .await?;
        tx.commit().await?;
        Ok(deleted.rows_affected)
    }
}

impl TryFrom<login_attempt::Model> for LoginAttempt {
    type Error = StoreError;

    fn try_from(row: login_attempt::Model) -> Result<Self, StoreError> {
        let flow = LoginFlow::ALL.into_iter().find(|flow| flow.as_str() == row.flow).ok_or_else(|| {
            StoreError::Corrupt {
                table: "login_attempts",
                row: row.state_hash.clone(),
                what: format!("has the flow `{}`", row.flow),
            }
        })?;
        Ok(Self {
            state_hash: row.state_hash,
            browser_hash: row.browser_hash,
            flow,
            client_id: row.client_id,
            redirect_uri: row.redirect_uri,
            sealed_code_verifier: row.sealed_code_verifier,
            scopes: row.scopes.split_whitespace().collect(),
            app_state: row.app_state,
            user_id: row.user_id.map(UserId),
            link_hash: row.link_hash,
            return_url: row.return_url,
            created_at: Timestamp::from_millis(row.created_at),
            expires_at: Timestamp::from_millis(row.expires_at),
            consumed_at: row.consumed_at.map(Timestamp::from_millis),
        })
    }
}
