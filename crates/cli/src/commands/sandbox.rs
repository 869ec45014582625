use std::net::SocketAddr;

use anyhow::Context as _;
use connector_sandbox::SandboxOptions;

use super::print;
use super::serve::{bind, stop_signal};

/// Plays all of Atlassian's hosts over deterministic data: consent page, token endpoint, Jira, Confluence
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Address to listen on
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:4001")]
    listen: SocketAddr,
    #[command(flatten)]
    options: SandboxOptions,
}

pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let listener = bind(arguments.listen, "--listen").await?;
    let stop = stop_signal().cancelled_owned();
    print(&format!(
        "The Atlassian simulator listens on http://{}. Point ATLASSIAN_AUTH_URL and ATLASSIAN_API_URL there; the app is \
         {} with the secret {}.",
        listener.local_addr()?,
        connector_sandbox::CLIENT_ID,
        connector_sandbox::CLIENT_SECRET,
    ));
    connector_sandbox::serve(listener, arguments.options, stop).await.context("the simulator failed")
}
