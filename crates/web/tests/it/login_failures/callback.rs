//! What Atlassian, or somebody else, sends the browser back with.

use std::time::Duration;

use connector_store::Engine;
use connector_testkit::parameter;
use rstest::rstest;

use super::By::{self, Person, Program};
use super::{LOGIN, nothing_came_of_it, sentence, start};

const CALLBACK: &str = "/api/oauth/callback/atlassian";

#[rstest]
#[tokio::test]
async fn denial(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[values(Person, Program)] by: By,
) {
    let Some((app, browser)) = start(engine, by).await else { return };
    let form = browser.consent_form(&browser.begin(LOGIN).await).await;
    let callback = browser.decide(&form, "deny").await;
    let told = sentence(browser.get(callback.as_str()).await, by, 403, true);
    assert_eq!(told, "You did not give the app access to your Atlassian account. Nothing was connected.");
    nothing_came_of_it(&app, &browser).await;
    let again = sentence(browser.get(callback.as_str()).await, by, 400, true);
    assert!(again.contains("finished already"), "{again}");
}

#[rstest]
#[case("code=c", 400, false, "without the `state`")]
#[case("code=c&state=wrong", 400, false, "not known here")]
#[case("error=access_denied", 400, false, "without the `state`")]
#[case("state={state}", 400, true, "without an authorization code")]
#[case("code=c&state={state}", 400, true, "does not accept the authorization code")]
#[case("code=c&state={state}&iss=https://evil.example", 400, true, "does not come from Atlassian")]
#[case("error=temporarily_unavailable&state={state}", 400, true, "(temporarily_unavailable)")]
#[case("error=%3Cb%3Emade-up&state={state}", 400, true, "(unknown error)")]
#[tokio::test]
async fn a_callback_that_is_not_as_it_should_be(
    #[case] query: &str,
    #[case] status: u16,
    #[case] known: bool,
    #[case] says: &str,
    #[values(Person, Program)] by: By,
) {
    let (app, browser) = start(Engine::Sqlite, by).await.unwrap();
    let state = parameter(&browser.begin(LOGIN).await, "state").unwrap();
    let answer = browser.get(&format!("{CALLBACK}?{}", query.replace("{state}", &state))).await;
    let told = sentence(answer, by, status, known);
    assert!(told.contains(says), "{told}");
    nothing_came_of_it(&app, &browser).await;
}

#[rstest]
#[tokio::test]
async fn a_callback_that_is_shown_again(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[values(Person, Program)] by: By,
) {
    let Some((app, browser)) = start(engine, by).await else { return };
    let before = browser.copy();
    // The cookie of the login is copied after it was set.
    let callback = browser.accept(LOGIN).await;
    let with_cookie = browser.copy();
    browser.get(callback.as_str()).await.expect(302);
    for replayed_in in [&browser, &with_cookie, &before] {
        let told = sentence(replayed_in.get(callback.as_str()).await, by, 400, true);
        assert!(told.contains("finished already"), "{told}");
    }
    assert_eq!(app.sandbox.code_exchanges().await.ok, 1);
    assert_eq!(browser.get("/api/me").await.json()["kind"], "person", "the session is not touched");
}

#[rstest]
#[tokio::test]
async fn an_attempt_that_is_too_old(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[values(Person, Program)] by: By,
) {
    let Some((app, browser)) = start(engine, by).await else { return };
    let (late, in_time) = (browser.accept(LOGIN).await, browser.accept(LOGIN).await);
    app.clock.advance(Duration::from_secs(599));
    browser.get(in_time.as_str()).await.expect(302);
    app.clock.advance(Duration::from_secs(1));
    let told = sentence(browser.get(late.as_str()).await, by, 400, true);
    assert!(told.contains("more than 10 minutes"), "{told}");
    assert_eq!(app.sandbox.code_exchanges().await.ok, 1);
}

#[rstest]
#[tokio::test]
async fn another_browser_than_the_one_it_began_in(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
    #[values(Person, Program)] by: By,
) {
    let Some((app, browser)) = start(engine, by).await else { return };
    let callback = browser.accept(LOGIN).await;
    let other = browser.stranger();
    // A login of its own does not help.
    other.begin(LOGIN).await;
    let told = sentence(other.get(callback.as_str()).await, by, 400, true);
    assert!(told.contains("started in another browser"), "{told}");
    nothing_came_of_it(&app, &other).await;
    assert_eq!(app.sandbox.code_exchanges().await.ok, 0, "the code was not sent");
    // Whoever has seen the address has used the attempt up, not taken it over.
    let told = sentence(browser.get(callback.as_str()).await, by, 400, true);
    assert!(told.contains("finished already"), "{told}");
}
