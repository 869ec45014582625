use std::time::Duration;

use anyhow::{Context as _, bail};
use comfy_table::Table;
use comfy_table::presets::NOTHING;
use connector_connections::{NewApiKey, create_api_key, revoke_api_key};
use connector_domain::{
    Actor, ApiKey, ApiKeyId, Clock as _, KeyScope, SystemClock, SystemEntropy, Timestamp,
};
use connector_store::Store;
use serde_json::{Value, json};

use super::find_user::find_user;
use super::print;
use crate::config::Config;
use crate::telemetry;

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Make a key and print it; it is shown this once
    Create(Create),
    /// List the keys, also those that have ended; never their texts
    List {
        /// Print them as JSON
        #[arg(long)]
        json: bool,
    },
    /// End a key: from now on it opens nothing
    Revoke {
        /// The key's id, as `list` shows it
        id: String,
    },
}

#[derive(Debug, clap::Args)]
pub(crate) struct Create {
    /// What people call it
    #[arg(long)]
    name: String,
    /// `read`, `manage` (also changes users, connections, syncs) or `admin` (also makes keys); may be repeated
    #[arg(long = "scope", value_name = "SCOPE", default_value = "read")]
    scopes: Vec<KeyScope>,
    /// Open the rows of one user alone: an id or an e-mail address
    #[arg(long, value_name = "ID_OR_EMAIL")]
    user: Option<String>,
    /// When it ends by itself
    #[arg(long, value_name = "DAYS", default_value_t = 90, value_parser = clap::value_parser!(u16).range(1..=365))]
    expires_in_days: u16,
    /// Print the key with what is known of it, as JSON
    #[arg(long)]
    json: bool,
}

/// Works beside a running service too.
pub(crate) async fn run(command: Command) -> anyhow::Result<()> {
    let config = Config::load(None)?;
    telemetry::init(config.log_level, config.log_format);
    let store = Store::open(&config.database)
        .await
        .with_context(|| format!("cannot open the database ({})", config.database))?;
    store.migrate().await?;
    let now = SystemClock.now();
    match command {
        Command::Create(arguments) => create(&store, now, arguments).await?,
        Command::List { json } => list(&store, now, json).await?,
        Command::Revoke { id } => revoke(&store, now, &id).await?,
    }
    Ok(store.close().await?)
}

async fn create(store: &Store, now: Timestamp, arguments: Create) -> anyhow::Result<()> {
    let name = arguments.name.trim();
    if name.is_empty() || name.chars().count() > 100 {
        bail!("--name must have 1 to 100 characters");
    }
    let lifetime = Duration::from_hours(24 * u64::from(arguments.expires_in_days));
    if arguments.user.is_some() && arguments.scopes.contains(&KeyScope::Admin) {
        bail!("--scope admin concerns everybody: it cannot be had with --user");
    }
    let user_id = match &arguments.user {
        Some(user) => Some(find_user(store, Some(user)).await?),
        None => None,
    };
    let scopes = arguments.scopes.into_iter().collect();
    let new = NewApiKey { name: name.to_owned(), scopes, user_id, lifetime };
    let (key, text) = create_api_key(store, &SystemEntropy, now, Actor::Operator, new).await?;
    if arguments.json {
        let mut about = describe(&key, now);
        about["key"] = text.expose().into();
        print(&about.to_string());
    } else {
        eprintln!(
            "Made the key {} ({}), good until {}. It is shown this once:",
            key.id, key.scopes, key.expires_at
        );
        print(text.expose());
    }
    Ok(())
}

async fn list(store: &Store, now: Timestamp, as_json: bool) -> anyhow::Result<()> {
    let keys = store.list_api_keys().await?;
    if as_json {
        print(&keys.iter().map(|key| describe(key, now)).collect::<Value>().to_string());
        return Ok(());
    }
    if keys.is_empty() {
        print("there are no API keys: make one with `connector api-keys create --name NAME`");
        return Ok(());
    }
    let mut table = Table::new();
    table.load_style(NOTHING).set_header(["ID", "NAME", "SCOPES", "STATE", "EXPIRES", "LAST USED"]);
    for key in &keys {
        let last_used = key.last_used_at.map_or_else(|| "never".to_owned(), |at| at.to_string());
        table.add_row([
            key.id.to_string(),
            key.name.clone(),
            key.scopes.to_string(),
            state(key, now).to_owned(),
            key.expires_at.to_string(),
            last_used,
        ]);
    }
    print(&table.trim_fmt());
    Ok(())
}

async fn revoke(store: &Store, now: Timestamp, id: &str) -> anyhow::Result<()> {
    let id = ApiKeyId::new(id);
    match revoke_api_key(store, &SystemEntropy, now, Actor::Operator, &id).await? {
        Some(key) => print(&format!("revoked: {} ({})", key.id, key.name)),
        None => bail!("there is no API key `{id}`: `connector api-keys list` shows those there are"),
    }
    Ok(())
}

fn describe(key: &ApiKey, now: Timestamp) -> Value {
    json!({
        "id": key.id, "name": key.name, "state": state(key, now), "user_id": key.user_id,
        "scopes": key.scopes.iter().map(KeyScope::as_str).collect::<Vec<_>>(),
        "created_at": key.created_at, "expires_at": key.expires_at,
        "last_used_at": key.last_used_at, "revoked_at": key.revoked_at,
    })
}

fn state(key: &ApiKey, now: Timestamp) -> &'static str {
    match key.revoked_at {
        Some(_) => "revoked",
        None if key.is_alive(now) => "alive",
        None => "expired",
    }
}
