use anyhow::Context as _;
use clap::Subcommand;
use connector_connections::verify_keys;
use connector_domain::{SeededEntropy, SystemEntropy};
use connector_store::Store;
use connector_vault::KeyRing;

use super::print;
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
    /// Check that the configured keys are those with which this database was sealed
    Verify,
}

pub(crate) async fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Generate { id } => {
            print(KeyRing::generate(&SystemEntropy, &id)?.expose());
            Ok(())
        }
        Command::Verify => verify().await,
    }
}

/// Changes nothing.
async fn verify() -> anyhow::Result<()> {
    let config = Config::load(None)?;
    telemetry::init(config.log_level, config.log_format);
    let store = Store::open(&config.database)
        .await
        .with_context(|| format!("cannot open the database ({})", config.database))?;
    store.check_schema().await?;
    let keys = service::keys(&config, &store, &SystemEntropy).await?;
    let verified = verify_keys(&store, &keys).await?;
    if verified.is_empty() {
        print("nothing is sealed here yet");
    }
    for key_id in verified {
        print(&format!("key {key_id} is right"));
    }
    Ok(())
}

/// A wrong id is a wrong argument.
fn key_id(text: &str) -> Result<String, String> {
    match KeyRing::generate(&SeededEntropy::new(1), text) {
        Ok(_) => Ok(text.to_owned()),
        Err(fault) => Err(fault.to_string()),
    }
}
