//! The test application: databases on demand, a sandbox, clients with cookies.
//!
//! [`TestApp`] is the whole service over a [`TestDatabase`] and a [`Sandbox`], all of it reached by real HTTP.
//! [`Browser`] keeps cookies and plays the person who consents. Nothing here sleeps: clocks are moved, syncs are
//! followed by their events, and requests can be held up ([`Sandbox::hold`]).

mod answer;
mod app;
mod browser;
mod consent;
mod content;
mod database;
mod follow;
mod http;
mod jar;
mod log_capture;
mod pause;
mod redis;
mod sandbox;
mod setup;
mod sql;
mod tap;
mod within;

pub use answer::{Answer, parameter};
pub use app::TestApp;
pub use browser::{Browser, Call};
pub use connector_leaks::LeakScanner;
pub use connector_sandbox::SandboxOptions;
pub use connector_web::AuthMode;
pub use consent::ConsentForm;
pub use database::TestDatabase;
pub use follow::Events;
pub use log_capture::LogCapture;
pub use redis::TestRedis;
pub use sandbox::{Exchanges, Sandbox};
pub use setup::Setup;
pub use tap::{Exchange, Hold};
pub use within::{within, within_or};
