use anyhow::Context as _;
use connector_store::Store;
use serde_json::json;

use super::print;
use crate::config::Config;
use crate::telemetry;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let config = Config::load(None)?;
    telemetry::init(config.log_level, config.log_format);
    let store = Store::open(&config.database)
        .await
        .with_context(|| format!("cannot open the database ({})", config.database))?;
    let report = store.migrate().await?;
    store.close().await?;
    if arguments.json {
        print(&json!({ "applied": report.applied, "total": report.total }).to_string());
    } else if report.applied.is_empty() {
        print(&format!("{} is up to date ({} migrations)", config.database, report.total));
    } else {
        for migration in &report.applied {
            print(&format!("applied {migration}"));
        }
        print(&format!("{} is up to date now ({} migrations)", config.database, report.total));
    }
    Ok(())
}
