use clap::Subcommand;
use connector_domain::SystemEntropy;
use connector_vault::KeyRing;

use super::print;
use crate::config::Config;
use crate::service::Service;
use crate::telemetry;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make a new key and print it, ready for `CONNECTOR_ENCRYPTION_KEYS`
    Generate {
        /// The key's id: letters, digits, `-` and `_`
        #[arg(long, default_value = "k1")]
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

async fn verify() -> anyhow::Result<()> {
    let config = Config::load(None)?;
    telemetry::init(config.log_level, config.log_format);
    let service = Service::open(&config).await?;
    for (key_id, _) in service.store.list_key_checks().await? {
        print(&format!("key {key_id} is right"));
    }
    Ok(())
}
