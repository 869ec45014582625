use anyhow::Context as _;
use connector_domain::{Email, UserId};
use connector_store::Store;

/// The person that `--user` names, by id or e-mail address; the first one where it names nobody.
pub(super) async fn find_user(store: &Store, user: Option<&str>) -> anyhow::Result<UserId> {
    let Some(text) = user else {
        let first = store.first_user().await?;
        return Ok(first.context("there is no user yet: connect an Atlassian account first")?.id);
    };
    let found = match text.parse::<i64>() {
        Ok(id) => store.find_user(UserId(id)).await?,
        Err(_) => {
            let email: Email = text
                .parse()
                .map_err(|_| anyhow::anyhow!("`{text}` is neither a user's id nor an e-mail address"))?;
            store.find_user_by_email(&email).await?
        }
    };
    Ok(found.with_context(|| format!("there is no user `{text}`"))?.id)
}
