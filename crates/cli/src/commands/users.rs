use anyhow::Context as _;
use connector_domain::Actor;
use serde_json::json;

use super::find_user::find_user;
use super::print;
use crate::config::Config;
use crate::service::Service;
use crate::telemetry;

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Delete a user: tokens, sessions, keys, mirrored rows; says what went
    Delete {
        /// The user's id or e-mail address
        user: String,
        /// Print what went as JSON
        #[arg(long)]
        json: bool,
    },
}

pub(crate) async fn run(command: Command) -> anyhow::Result<()> {
    let Command::Delete { user, json: as_json } = command;
    let config = Config::load(None)?;
    telemetry::init(config.log_level, config.log_format);
    let service = Service::open(&config).await?;
    // On SQLite a running service keeps answers in its memory; it must do this itself, by its API.
    let _lock = service.store.service_lock()?;
    let id = find_user(&service.store, Some(&user)).await?;
    let erased = service.syncs.erase_user(id, Actor::Operator).await?;
    let erased = erased.with_context(|| format!("there is no user `{user}`"))?;
    if as_json {
        print(&json!({"user_id": id, "rows": erased.values().sum::<u64>(), "erased": erased}).to_string());
    } else {
        print(&format!("deleted the user {id}, with {} rows:", erased.values().sum::<u64>()));
        for (table, rows) in &erased {
            print(&format!("  {table}: {rows}"));
        }
    }
    Ok(service.store.close().await?)
}
