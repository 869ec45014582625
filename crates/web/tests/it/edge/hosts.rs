//! By which names the service answers.

use connector_store::Engine;
use connector_testkit::TestApp;

use super::{operations, raw};

const FOREIGN: [&str; 8] = [
    "evil.example",
    "127.0.0.1.evil.example",
    "localhost.evil.example:3001",
    "evil.example@127.0.0.1",
    "127.0.0.1@evil.example",
    "connector.example.",
    "connector.example:8080",
    "203.0.113.7",
];

#[tokio::test]
async fn no_operation_answers_under_a_foreign_name() {
    let app = TestApp::start(Engine::Sqlite).await.unwrap();
    for operation in operations(&app).await {
        let probe = matches!(operation.path.as_str(), "/healthz" | "/readyz" | "/metrics");
        for host in FOREIGN {
            let answer = app.browser().call(&operation.method, &operation.path).header("host", host).await;
            if probe {
                answer.expect(200);
            } else {
                assert!(answer.detail(421).contains("CONNECTOR_PUBLIC_URL"), "{} {host}", operation.path);
            }
        }
    }
    for page in ["/console", "/connected", "/docs/", "/openapi.json", "/assets/console.js", "/nothing"] {
        app.browser().get(page).header("host", "evil.example").await.problem(421);
    }
    assert_eq!(app.database.count("login_attempts").await, 0);
}

#[tokio::test]
async fn a_foreign_name_is_in_no_answer() {
    let app = TestApp::start(Engine::Sqlite).await.unwrap();
    for path in ["/users?limit=1", "/api/oauth/atlassian/login", "/docs", "/"] {
        let call = app.browser().get(path).header("x-forwarded-host", "evil.example");
        let answer =
            call.header("x-forwarded-proto", "gopher").header("forwarded", "host=evil.example").await;
        let told = format!("{:?} {:?} {}", answer.header("location"), answer.header("link"), answer.text());
        assert!(answer.status < 400 && !told.contains("evil.example"), "{path}: {told}");
    }
}

#[tokio::test]
async fn the_public_name_alone_where_the_service_is_not_of_this_machine() {
    let app = TestApp::start_with(Engine::Sqlite, |setup| {
        setup.public_url = Some("https://connector.example".parse().unwrap());
        setup.edge.by_loopback = false;
        setup.edge.hosts = vec!["connector:3001".to_owned()];
    })
    .await
    .unwrap();
    let by = async |host: &str| app.browser().get("/users").header("host", host).await.status;
    assert_eq!((by("connector.example").await, by("CONNECTOR.example:443").await), (200, 200));
    assert_eq!(by("connector:3001").await, 200, "named by the operator");
    assert_eq!((by("127.0.0.1").await, by("localhost:3001").await, by("connector").await), (421, 421, 421));
    app.browser().get("/healthz").await.expect(200);
}

#[tokio::test]
async fn requests_that_name_two_hosts_or_none_are_for_nobody() {
    let app = TestApp::start(Engine::Sqlite).await.unwrap();
    let ours = app.browser().authority();
    let end = "connection: close\r\n\r\n";
    for head in [
        format!("GET /users HTTP/1.1\r\nhost: {ours}\r\nhost: evil.example\r\n"),
        format!("GET http://evil.example/users HTTP/1.1\r\nhost: {ours}\r\n"),
        format!("GET http://{ours}/users HTTP/1.1\r\nhost: evil.example\r\n"),
        "GET /users HTTP/1.0\r\n".to_owned(),
        "GET /users HTTP/1.1\r\nhost: \r\n".to_owned(),
    ] {
        let answer = raw(&app, &format!("{head}{end}")).await;
        assert!(
            answer.starts_with("HTTP/1.1 421 ") || answer.starts_with("HTTP/1.0 421 "),
            "{head}: {answer}"
        );
    }
    let whole = raw(&app, &format!("GET http://{ours}/users HTTP/1.1\r\nhost: {ours}\r\n{end}")).await;
    assert!(whole.starts_with("HTTP/1.1 200 "), "{whole}");
}

#[tokio::test]
async fn a_proxy_s_word_counts_where_it_is_configured() {
    let public = || Some("https://connector.example".parse().unwrap());
    let app = TestApp::start_with(Engine::Sqlite, |setup| {
        setup.public_url = public();
        setup.edge.by_loopback = false;
        setup.edge.proxies = vec!["127.0.0.1/32".parse().unwrap()];
    })
    .await
    .unwrap();
    let get = |forwarded: &'static str| {
        app.browser().get("/users").header("host", "backend:1").header("x-forwarded-host", forwarded)
    };
    get("connector.example").await.expect(200);
    get("evil.example").await.problem(421);
    get("connector.example, evil.example").await.problem(421);
    let app = TestApp::start_with(Engine::Sqlite, |setup| {
        setup.public_url = public();
        setup.edge.by_loopback = false;
    })
    .await
    .unwrap();
    let call = app.browser().get("/users").header("x-forwarded-host", "connector.example");
    call.await.problem(421);
}
