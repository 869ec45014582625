use anyhow::Context as _;
use comfy_table::Table;
use comfy_table::presets::NOTHING;
use connector_domain::{Timestamp, UserId};
use connector_store::{AuditFilter, AuditLine, Store};
use serde_json::{Value, json};

use super::print;
use crate::config::Config;
use crate::telemetry;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Only events of this name, such as `login_failed`
    #[arg(long, value_name = "NAME")]
    event: Option<String>,
    /// Only what this kind of actor did: person, server, system or operator
    #[arg(long, value_name = "KIND")]
    actor: Option<String>,
    /// Only what concerns this user's rows
    #[arg(long, value_name = "ID")]
    user: Option<i64>,
    /// At this moment (RFC 3339) or later
    #[arg(long, value_name = "TIME", value_parser = time)]
    since: Option<Timestamp>,
    /// Before this moment (RFC 3339)
    #[arg(long, value_name = "TIME", value_parser = time)]
    until: Option<Timestamp>,
    /// The most lines to print, the latest first
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u64).range(1..=100_000))]
    limit: u64,
    /// Print them as JSON
    #[arg(long)]
    json: bool,
}

fn time(text: &str) -> Result<Timestamp, String> {
    serde_json::from_value(Value::from(text))
        .map_err(|_| "is not a time: write it as 2026-01-31T12:00:00Z".to_owned())
}

/// Works beside a running service too.
pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let config = Config::load(None)?;
    telemetry::init(config.log_level, config.log_format);
    let store = Store::open(&config.database)
        .await
        .with_context(|| format!("cannot open the database ({})", config.database))?;
    store.check_schema().await?;
    let filter = AuditFilter {
        event: arguments.event,
        actor_kind: arguments.actor,
        actor_id: None,
        user_id: arguments.user.map(UserId),
        since: arguments.since,
        until: arguments.until,
    };
    let lines = store.search_audit(&filter, None, arguments.limit).await?;
    if arguments.json {
        print(&lines.iter().map(describe).collect::<Value>().to_string());
    } else if lines.is_empty() {
        print("nothing of that kind has happened");
    } else {
        let mut table = Table::new();
        table.load_style(NOTHING).set_header(["TIME", "EVENT", "ACTOR", "USER", "DETAILS"]);
        for line in &lines {
            let actor = match &line.actor_id {
                Some(id) => format!("{} {id}", line.actor_kind),
                None => line.actor_kind.clone(),
            };
            let user = line.user_id.map(|id| id.to_string()).unwrap_or_default();
            table.add_row([line.at.to_string(), line.event.clone(), actor, user, line.details.to_string()]);
        }
        print(&table.trim_fmt());
    }
    Ok(store.close().await?)
}

fn describe(line: &AuditLine) -> Value {
    json!({
        "id": line.id, "at": line.at, "event": line.event, "actor_kind": line.actor_kind, "actor_id": line.actor_id,
        "connection_id": line.connection_id, "user_id": line.user_id, "cause": line.cause, "details": line.details,
    })
}
