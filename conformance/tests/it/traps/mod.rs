//! The traps into which other people's clients have fallen, under the numbers that the collection of facts gives them.
//!
//! Each is walked into with the product as it is: the whole service where it has a part in it, otherwise its client.

mod answers;
mod issues;
mod lists;
mod tokens;
mod webhooks;

use std::time::Duration;

use connector_domain::ConnectionId;
use connector_store::Engine;
use connector_testkit::{Browser, Setup, TestApp};

const HOUR: Duration = Duration::from_hours(1);
const MINUTE: Duration = Duration::from_mins(1);
/// A call for which the service needs a token.
const RESOURCES: &str = "/api/atlassian/resources";

async fn start(change: impl FnOnce(&mut Setup)) -> TestApp {
    TestApp::start_with(Engine::Sqlite, change).await.expect("SQLite is never left out")
}

/// Connected, without the first sync.
async fn connected() -> (TestApp, Browser) {
    let app = start(|setup| setup.runs_jobs = false).await;
    let browser = app.browser();
    browser.connect().await;
    (app, browser)
}

async fn connection(browser: &Browser) -> (ConnectionId, String) {
    let all = browser.get("/api/connections").await.expect(200).json();
    let text = |member: &str| all["items"][0][member].as_str().expect("a text").to_owned();
    (text("id").parse().expect("an id"), text("status"))
}
