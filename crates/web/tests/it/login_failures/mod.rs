//! Logins that fail. Each failure has its own sentence: a browser takes it to the frontend, a program reads a problem.

mod callback;
mod exchange;

use connector_store::Engine;
use connector_testkit::{Answer, Browser, TestApp, parameter};
use serde_json::json;

const LOGIN: &str = "/api/oauth/atlassian/login?state=mine";

/// Who opens the callback.
#[derive(Clone, Copy, PartialEq)]
enum By {
    Person,
    Program,
}
async fn start(engine: Engine, by: By) -> Option<(TestApp, Browser)> {
    let app = TestApp::start(engine).await?;
    let browser = client(&app, by);
    Some((app, browser))
}

fn client(app: &TestApp, by: By) -> Browser {
    if by == By::Person { app.browser().for_pages() } else { app.browser() }
}

/// The sentence that a failed login ends with. `known`: whether the login is, so that the caller's state comes back.
fn sentence(answer: Answer, by: By, status: u16, known: bool) -> String {
    if by == By::Program {
        return answer.detail(status);
    }
    let landing = answer.expect(302).location();
    assert_eq!(landing.path(), "/connected");
    assert_eq!(parameter(&landing, "provider").as_deref(), Some("atlassian"));
    assert_eq!(parameter(&landing, "status").as_deref(), Some("error"));
    assert_eq!(parameter(&landing, "state").as_deref(), known.then_some("mine"));
    parameter(&landing, "message").unwrap()
}

/// Nothing was connected, and nobody is signed in.
async fn nothing_came_of_it(app: &TestApp, browser: &Browser) {
    assert_eq!(app.browser().get("/api/connections").await.json()["items"], json!([]));
    assert_eq!(browser.cookie("sid"), None);
}
