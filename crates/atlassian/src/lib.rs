//! Client of Atlassian Cloud's HTTP APIs for apps that act for people: OAuth 2.0 (3LO) with PKCE, Jira v3 and
//! Confluence v2 through the gateway.
//!
//! It keeps nothing: no tokens, no database, no environment. Every call takes the token to make it with and says
//! in its error what mends it ([`ApiError`], [`TokenError`]). Calls that only read are repeated after errors that
//! pass by themselves ([`Retry`]). Lists come page by page, so that a reader can keep its place; a record that
//! cannot be read is set aside, not the page ([`Page`]).
//!
//! ```no_run
//! use connector_atlassian::confluence::PageQuery;
//! use connector_atlassian::{App, Atlassian, Endpoints, pkce, union_by_site};
//! use connector_domain::{AuthorizationCode, ClientSecret, SystemEntropy};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let atlassian = Atlassian::new(Atlassian::http_client()?, Endpoints::default());
//! let app = App { client_id: "my-app".into(), client_secret: Some(ClientSecret::new("my-secret")) };
//!
//! // Send the person here, and keep `state` and `verifier` until they come back.
//! let (verifier, challenge) = pkce::generate(&SystemEntropy);
//! let scopes = "offline_access read:page:confluence".parse()?;
//! let callback = "https://app.example/callback";
//! let consent = atlassian.authorize_url(&app.client_id, callback, &scopes, "random state", &challenge);
//! println!("open {consent}");
//!
//! // They came back with a code.
//! let code = AuthorizationCode::new("from the callback");
//! let grant = atlassian.exchange_code(&app, &code, callback, &verifier).await?;
//! let sites = union_by_site(atlassian.accessible_resources(&grant.access_token).await?);
//! for site in &sites {
//!     let mut pages = atlassian.confluence(&site.cloud_id).all_pages(PageQuery::default());
//!     while let Some(page) = pages.next(&grant.access_token).await? {
//!         for item in &page.items {
//!             println!("{} {:?}", item.title, item.link(&site.url));
//!         }
//!     }
//! }
//! # Ok(())
//! # }
//! ```

#[macro_use]
mod words;

mod admission;
mod authorize;
mod call;
mod client;
pub mod confluence;
pub mod delivery;
mod endpoints;
mod error;
mod error_reader;
mod http;
pub mod jira;
mod lenient;
mod link;
mod me;
mod page;
pub mod pkce;
mod rate;
mod resources;
mod retry;
mod scrub;
mod time;
mod token;
mod token_error;

pub use admission::{Admission, AdmitAll, Admitted, CallClass, HourlyPoints, Observed, Permit, Priority};
pub use client::Atlassian;
pub use confluence::Confluence;
pub use endpoints::Endpoints;
pub use error::ApiError;
pub use jira::Jira;
pub use me::Me;
pub use page::{BadRecord, ListGuard, Listing, Page, Pager};
pub use pkce::CodeChallenge;
pub use rate::{Quota, QuotaPolicy, RateLimits};
pub use resources::{AccessibleResource, union_by_site};
pub use retry::{Pause, Retry, SystemPause};
pub use time::{AtlassianTime, InvalidTime};
pub use token::{App, TokenGrant};
pub use token_error::TokenError;
