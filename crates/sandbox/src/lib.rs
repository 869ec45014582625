//! Atlassian simulator: OAuth 2.0 (3LO), Jira Cloud REST v3 and Confluence Cloud v2 over deterministic data.
//!
//! One server plays all of Atlassian's hosts:
//!
//! | host | here |
//! |---|---|
//! | `https://auth.atlassian.com` | `/authorize`, `/oauth/token` |
//! | `https://api.atlassian.com` | `/oauth/token/accessible-resources`, `/me`, `/ex/jira/{cloudId}`, `/ex/confluence/{cloudId}` |
//! | `https://{site}.atlassian.net` | `/sites/{site}` (basic authentication with an API token) |
//!
//! The simulator shares no code with the client that talks to Atlassian. Both read the same public documents,
//! so a misreading by one shows as a disagreement between the two.
//!
//! ```no_run
//! # async fn example() -> std::io::Result<()> {
//! use connector_sandbox::{SandboxOptions, serve};
//!
//! let listener = tokio::net::TcpListener::bind("127.0.0.1:4001").await?;
//! let options = SandboxOptions { auto_consent: true, control: true, ..SandboxOptions::default() };
//! serve(listener, options, std::future::pending()).await
//! # }
//! ```
//!
//! # What is in it
//!
//! Three sites. `acme` is the default one and takes its size from the options; `borealis` is small and has
//! archived and deleted things; `fjord` has Jira but no Confluence. People who can consent: Ada
//! (`ada@example.com`, on all sites), Ben (`ben@example.com`, `acme`, with less to see) and Chiara
//! (`chiara@example.com`, `borealis`). Their API token is `sandbox-token`.
//!
//! # How it is built
//!
//! `world` holds the data, `oauth` the authorization server, `gateway` the way in to a site (bearer through
//! `/ex/…`, basic through `/sites/…`), `jira` and `confluence` the products with one file per resource,
//! `webhooks` the deliveries to apps, `browse` the pages that links lead people to, `switches` what differs
//! between reports, `control` the handles for tests. Rows that queries look at lie in memory; bodies are computed when they
//! are asked for, so a hundred thousand issues cost little.

mod app;
mod browse;
mod clock;
mod confluence;
mod control;
mod document;
mod entropy;
mod gateway;
mod hosts;
mod html;
mod jira;
mod oauth;
mod options;
mod params;
mod query;
mod serve;
mod switches;
mod webhooks;
mod world;

pub use app::Sandbox;
pub use options::{Dataset, SandboxOptions};
pub use serve::serve;
pub use switches::{AppSharing, DeadGrant, ExpiredToken, GrantReach, Siblings};

/// Client id of the one registered app.
pub const CLIENT_ID: &str = "sandbox-client";
/// Client secret of the one registered app.
pub const CLIENT_SECRET: &str = "sandbox-secret";
/// Cloud id of the default site, `acme`.
pub const DEFAULT_CLOUD_ID: &str = "11111111-1111-4111-8111-111111111111";
/// API token of every person who can log in.
pub const API_TOKEN: &str = "sandbox-token";
