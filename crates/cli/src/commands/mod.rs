//! One file per subcommand.

mod adopt;
mod api_keys;
mod audit;
mod completeness;
mod demo;
mod doctor;
mod find_user;
mod keys;
mod keys_rotate;
mod migrate;
mod openapi;
mod sandbox;
mod serve;
mod sync;
mod users;

use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the service: HTTP API, console, background workers
    Serve(serve::Arguments),
    /// Run the service and the Atlassian simulator together, configured for each other
    Demo(demo::Arguments),
    /// Run the Atlassian simulator alone
    Sandbox(sandbox::Arguments),
    /// Sync one person's projects and pages now, and show how far it is
    Sync(sync::Arguments),
    /// Show how complete one person's mirror is: each list as compared with Atlassian's
    Completeness(completeness::Arguments),
    /// Bring the database up to date and say what was done
    Migrate(migrate::Arguments),
    /// Make and check the keys with which tokens are sealed
    #[command(subcommand)]
    Keys(keys::Command),
    /// Make, list and revoke the API keys of programs that call this service
    #[command(subcommand)]
    ApiKeys(api_keys::Command),
    /// Show who did what: logins, connects, keys and their use, refusals, deletions
    Audit(audit::Arguments),
    /// Delete users with everything that is theirs
    #[command(subcommand)]
    Users(users::Command),
    /// Check configuration, app, scopes, database, keys and reachability; say what is wrong and what mends it
    Doctor(doctor::Arguments),
    /// Take over a database that was copied, restored or moved, so that its tokens are used here
    Adopt(adopt::Arguments),
    /// Print the OpenAPI document of the HTTP API
    Openapi,
}

impl Command {
    pub(crate) async fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Serve(arguments) => serve::run(arguments).await,
            Self::Demo(arguments) => demo::run(arguments).await,
            Self::Sandbox(arguments) => sandbox::run(arguments).await,
            Self::Sync(arguments) => sync::run(arguments).await,
            Self::Completeness(arguments) => completeness::run(arguments).await,
            Self::Migrate(arguments) => migrate::run(arguments).await,
            Self::Keys(command) => keys::run(command).await,
            Self::ApiKeys(command) => api_keys::run(command).await,
            Self::Audit(arguments) => audit::run(arguments).await,
            Self::Users(command) => users::run(command).await,
            Self::Doctor(arguments) => doctor::run(arguments).await,
            Self::Adopt(arguments) => adopt::run(arguments).await,
            Self::Openapi => openapi::run(),
        }
    }
}

/// Prints a result. Logs and progress go to standard error.
#[expect(clippy::print_stdout, reason = "the one place that writes results")]
pub(crate) fn print(text: &str) {
    println!("{text}");
}
