//! How many requests callers may send.

use std::num::NonZeroU32;
use std::time::Duration;

use connector_domain::{KeyScope, Secret};
use connector_store::Engine;
use connector_testkit::{Answer, AuthMode, Browser, TestApp};
use connector_web::RateLimits;

async fn start(caller: u32, address: u32) -> TestApp {
    TestApp::start_with(Engine::Sqlite, |setup| {
        setup.auth = AuthMode::Required;
        setup.edge.rates = RateLimits { caller: NonZeroU32::new(caller), address: NonZeroU32::new(address) };
        setup.edge.proxies = vec!["127.0.0.0/8".parse().unwrap()];
    })
    .await
    .unwrap()
}

/// How many are answered before one is refused for being too many.
async fn until_refused(browser: &Browser, from: &str) -> (u32, Answer) {
    for answered in 0..1000 {
        let answer = browser.get("/api/connections").header("x-forwarded-for", from).await;
        if answer.status == 429 {
            return (answered, answer);
        }
    }
    panic!("nothing was refused");
}

#[tokio::test]
async fn a_key_and_a_session_have_each_their_own_measure() {
    let app = start(2, 0).await;
    let (one, other) = (app.server(&[KeyScope::Read]).await, app.server(&[KeyScope::Read]).await);
    let person = app.browser();
    person.connect().await;
    let (answered, refused) = until_refused(&one, "192.0.2.1").await;
    assert_eq!(answered, 10, "five seconds' worth at once");
    assert!(refused.detail(429).contains("API key"), "{}", refused.text());
    assert_eq!(refused.header("retry-after"), Some("1"));
    let elsewhere = one.get("/api/connections").header("x-forwarded-for", "192.0.2.99").await;
    elsewhere.problem(429);
    other.get("/api/connections").await.expect(200);
    person.get("/api/connections").await.expect(200);

    app.clock.advance(Duration::from_secs(1));
    assert_eq!(until_refused(&one, "192.0.2.1").await.0, 2, "a second gives two more");
    assert_eq!(until_refused(&person, "192.0.2.1").await.0, 10 - 1 + 1, "what was used has come back");
}

#[tokio::test]
async fn an_address_has_a_measure_whoever_calls_from_there() {
    let app = start(0, 3).await;
    let server = app.server(&[KeyScope::Read]).await;
    let (answered, refused) = until_refused(&server, "192.0.2.1").await;
    assert_eq!(answered, 15);
    assert!(refused.detail(429).contains("address") && refused.header("retry-after").is_some());
    let nobody = app.browser();
    let get = |path: &str, from: &str| nobody.get(path).header("x-forwarded-for", from);
    get("/no/such/route", "192.0.2.1").await.problem(429);
    for free in ["/healthz", "/readyz"] {
        get(free, "192.0.2.1").await.expect(200);
    }
    get("/api/me", "192.0.2.2").await.expect(401);
    // One client has a whole network of IPv6.
    for host in 0..15 {
        get("/api/me", &format!("2001:db8::{host:x}")).await.expect(401);
    }
    get("/api/me", "2001:db8::ffff:1").await.problem(429);
    get("/api/me", "2001:db8:0:1::1").await.expect(401);
    // This machine's own are not counted, and who is not a proxy cannot choose.
    for _ in 0..50 {
        nobody.get("/api/me").await.expect(401);
    }
}

#[tokio::test]
async fn who_guesses_keys_is_slowed_down_and_others_are_not() {
    let app = start(0, 0).await;
    let right = app.server(&[KeyScope::Read]).await;
    let wrong = app.browser().with_key(&Secret::new(format!("jcc_live_{}", "0".repeat(51))));
    let mut refused = None;
    for guess in 0..=100 {
        let answer = wrong.get("/api/connections").await;
        if answer.status == 429 {
            refused = Some((guess, answer));
            break;
        }
        answer.problem(401);
    }
    let (guesses, answer) = refused.expect("guessing goes on for ever");
    assert_eq!(guesses, 100);
    assert!(answer.header("retry-after").is_some() && answer.detail(429).contains("open nothing"));
    right.get("/api/connections").await.expect(200);
    app.clock.advance(Duration::from_secs(1));
    wrong.get("/api/connections").await.problem(401);
    wrong.get("/api/connections").await.problem(429);
}
