use anyhow::{Context as _, bail};
use clap::Subcommand;
use connector_connections::{open_everything, verify_keys};
use connector_domain::{SeededEntropy, SystemEntropy};
use connector_store::Store;
use connector_vault::KeyRing;
use serde_json::json;

use super::{keys_rotate, print};
use crate::config::Config;
use crate::{service, telemetry};

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make a new key and print it, ready for `CONNECTOR_ENCRYPTION_KEYS`
    Generate {
        /// The key's id: letters, digits, `-` and `_`
        #[arg(long, default_value = "k1", value_parser = key_id)]
        id: String,
    },
    /// Seal everything anew with the first key of `CONNECTOR_ENCRYPTION_KEYS`, while the service runs
    Rotate(keys_rotate::Arguments),
    /// Check that the configured keys are those with which this database was sealed, and open every sealed value
    Verify {
        /// Print the result as JSON
        #[arg(long)]
        json: bool,
    },
}

pub(crate) async fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Generate { id } => {
            print(KeyRing::generate(&SystemEntropy, &id)?.expose());
            Ok(())
        }
        Command::Rotate(arguments) => keys_rotate::run(arguments).await,
        Command::Verify { json } => verify(json).await,
    }
}

/// Changes nothing.
async fn verify(as_json: bool) -> anyhow::Result<()> {
    let config = Config::load(None)?;
    telemetry::init(config.log_level, config.log_format);
    let store = Store::open(&config.database)
        .await
        .with_context(|| format!("cannot open the database ({})", config.database))?;
    store.check_schema().await?;
    let keys = service::keys(&config, &store, &SystemEntropy).await?;
    let verified = verify_keys(&store, &keys).await?;
    let columns = open_everything(&store, &keys).await?;
    let failures: Vec<_> =
        columns.iter().flat_map(|column| &column.failures).map(ToString::to_string).collect();
    let opened: u64 = columns.iter().map(|column| column.opened).sum();
    let others: u64 = columns.iter().map(|column| column.under_other_keys).sum();
    if as_json {
        let list: Vec<_> = columns
            .iter()
            .map(|column| {
                json!({
                    "table": column.table, "column": column.column, "opened": column.opened,
                    "under_other_keys": column.under_other_keys, "failed": column.failures.len(),
                })
            })
            .collect();
        let result = json!({
            "keys": verified, "sealing_key": keys.sealing_key_id(), "opened": opened, "under_other_keys": others,
            "columns": list, "failures": failures,
        });
        print(&result.to_string());
    } else {
        if verified.is_empty() {
            print("nothing is sealed here yet");
        }
        for key_id in verified {
            print(&format!("key {key_id} is right"));
        }
        if opened > 0 {
            print(&format!(
                "{opened} sealed values open; {others} of them are under other keys than the first"
            ));
        }
        for failure in &failures {
            eprintln!("{failure}");
        }
    }
    match failures.len() {
        0 => Ok(()),
        1 => bail!("1 sealed value cannot be opened"),
        many => bail!("{many} sealed values cannot be opened"),
    }
}

/// A wrong id is a wrong argument.
fn key_id(text: &str) -> Result<String, String> {
    match KeyRing::generate(&SeededEntropy::new(1), text) {
        Ok(_) => Ok(text.to_owned()),
        Err(fault) => Err(fault.to_string()),
    }
}
