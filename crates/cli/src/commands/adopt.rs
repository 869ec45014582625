use anyhow::{Context as _, bail};
use connector_connections::{Custody, custody_of};
use connector_store::Store;

use super::print;
use crate::config::Config;
use crate::service::Service;
use crate::telemetry;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Yes: no other deployment uses the tokens of this database any more
    #[arg(long)]
    yes: bool,
}

/// Without `--yes` it only says what it finds.
pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let config = Config::load(None)?;
    telemetry::init(config.log_level, config.log_format);
    let store = Store::open(&config.database)
        .await
        .with_context(|| format!("cannot open the database ({})", config.database))?;
    store.check_schema().await?;
    let why = match custody_of(&store).await? {
        None => {
            print("nobody has adopted this database: the service does at its first start");
            return Ok(());
        }
        Some((Custody::Ours, _)) => {
            print("this database is this deployment's already");
            return Ok(());
        }
        Some((Custody::Foreign(why), _)) => why,
    };
    if !arguments.yes {
        bail!(
            "{why}. Adopt it only if no other deployment uses its tokens any more: each would take the other's away. Then run \
             `connector adopt --yes`"
        );
    }
    store.close().await?;
    Service::open(&config).await?.connections.adopt().await?;
    print("adopted: a running service uses the tokens of this database from now on");
    Ok(())
}
