//! Logins under bad timing.

use connector_store::Engine;
use connector_testkit::{TestApp, parameter};
use futures::future::join_all;
use rstest::rstest;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

const LOGIN: &str = "/api/oauth/atlassian/login";

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_equal_callbacks_at_once_one_exchanges_the_code(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some(app) = TestApp::start(engine).await else { return };
    let browser = app.browser();
    let callback = browser.accept(LOGIN).await;
    let answers = join_all((0..16).map(|_| browser.get(callback.as_str()).into_future())).await;
    let (done, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 302);
    assert_eq!(done.len(), 1);
    for answer in refused {
        assert!(answer.detail(400).contains("finished already"));
    }
    let exchanges = app.sandbox.code_exchanges().await;
    assert_eq!((exchanges.ok, exchanges.error), (1, 0));
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_processes_one_exchanges_the_code() {
    let Some(app) = TestApp::start(Engine::Postgres).await else { return };
    let other = app.another(|_| {}).await;
    let browser = app.browser();
    let callback = browser.accept(LOGIN).await;
    let query = callback.query().unwrap();
    let at = |app: &TestApp| browser.get(&format!("{}{}?{query}", app.url, callback.path())).into_future();
    let answers = join_all((0..16).map(|n| at(if n % 2 == 0 { &app } else { &other }))).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 302).count(), 1);
    assert_eq!(app.sandbox.code_exchanges().await.ok, 1);
}

#[rstest]
#[tokio::test]
async fn a_login_begun_before_a_restart_is_finished_after_it(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some(app) = TestApp::start(engine).await else { return };
    let browser = app.browser();
    let callback = browser.accept(LOGIN).await;
    app.stop_jobs().await.unwrap();
    let after = app.another(|_| {}).await;
    let path = format!("{}{}?{}", after.url, callback.path(), callback.query().unwrap());
    // It is the attempt that knows which callback address the code was asked for with.
    let landing = browser.get(&path).await.expect(302).location();
    assert_eq!(parameter(&landing, "status").as_deref(), Some("success"));
    assert_eq!(browser.at(&after.url).get("/api/me").await.json()["kind"], "person");
}

#[rstest]
#[tokio::test]
async fn a_browser_that_goes_away_during_the_exchange_does_not_lose_the_grant(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some(app) = TestApp::start(engine).await else { return };
    let browser = app.browser();
    let callback = browser.accept(LOGIN).await;
    let exchange = app.sandbox.hold("/oauth/token");
    let first_sync = app.sandbox.hold("/project/search");

    let mut connection = TcpStream::connect(browser.authority()).await.unwrap();
    let request = format!(
        "GET {}?{} HTTP/1.1\r\nHost: {}\r\nCookie: {}\r\n\r\n",
        callback.path(),
        callback.query().unwrap(),
        browser.authority(),
        browser.cookie_header().unwrap(),
    );
    connection.write_all(request.as_bytes()).await.unwrap();
    exchange.reached().await;
    drop(connection);
    // The service has had turns enough to see that nobody waits any more.
    for _ in 0..3 {
        browser.get("/healthz").await.expect(200);
    }
    exchange.release();

    // The sync of a login begins once the tokens are stored.
    first_sync.reached().await;
    first_sync.release();
    let connections = browser.get("/api/connections").await.json();
    assert_eq!(connections["items"][0]["status"], "active");
    assert_eq!(browser.latest_sync().await["status"], "succeeded");
}
