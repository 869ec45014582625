use std::sync::Arc;

use axum::middleware;
use axum::serve::ListenerExt as _;
use connector_sandbox::SandboxOptions;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};
use url::Url;

use crate::browser::Browser;
use crate::tap::{self, Exchange, Hold, Tap};

/// A sandbox of its own, and the handles to make things go wrong in it. It stops when this is dropped.
#[derive(Debug)]
pub struct Sandbox {
    pub url: String,
    control: Browser,
    tap: Arc<Tap>,
    _stop: DropGuard,
}

/// What the token endpoint has done for one type of grant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exchanges {
    pub ok: u64,
    pub error: u64,
}

impl Sandbox {
    /// A sandbox on a free port, with `control` on.
    pub async fn start(options: SandboxOptions) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let options = SandboxOptions { control: true, ..options };
        let (tap, stop) = (Arc::new(Tap::default()), CancellationToken::new());
        let router = connector_sandbox::Sandbox::new(options, url.clone())
            .router()
            .layer(middleware::from_fn_with_state(Arc::clone(&tap), tap::pass));
        let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
        let served = axum::serve(listener, router).with_graceful_shutdown(stop.clone().cancelled_owned());
        tokio::spawn(served.into_future());
        Self { control: Browser::new(&url), url, tap, _stop: stop.drop_guard() }
    }

    pub fn address(&self) -> Url {
        Url::parse(&self.url).expect("an address")
    }

    async fn control(&self, method: &str, path: &str, body: &Value) -> Value {
        let answer = self.control.call(method, &format!("/__sandbox{path}")).json(body).await;
        assert!((200..300).contains(&answer.status), "{path}: {} {}", answer.status, answer.text());
        if answer.bytes().is_empty() { Value::Null } else { answer.json() }
    }

    /// The next `times` requests to a path go wrong: `{"status": 500}`, `{"drop": "after"}`, ….
    pub async fn fault(&self, path: &str, times: u64, action: Value) {
        self.control("POST", "/faults", &json!({"match": {"path": path}, "times": times, "action": action}))
            .await;
    }

    /// Every request to a path goes wrong until the faults are cleared.
    pub async fn lasting_fault(&self, path: &str, action: Value) {
        self.control("POST", "/faults", &json!({"match": {"path": path}, "action": action})).await;
    }

    pub async fn clear_faults(&self) {
        self.control("DELETE", "/faults", &Value::Null).await;
    }

    pub async fn clear_stats(&self) {
        self.control("DELETE", "/stats", &Value::Null).await;
    }

    /// Moves the sandbox's clock, not the service's.
    pub async fn advance(&self, seconds: u64) {
        self.control("POST", "/clock", &json!({ "advance_seconds": seconds })).await;
    }

    /// Changes how the sandbox behaves where Atlassian was seen to behave differently.
    pub async fn switch(&self, change: &Value) {
        self.control("PATCH", "/switches", change).await;
    }

    pub async fn expire_access_tokens(&self) {
        self.control("POST", "/tokens/expire", &Value::Null).await;
    }

    pub async fn revoke_grants(&self) {
        self.control("POST", "/grants/revoke", &Value::Null).await;
    }

    /// Everything that a site holds.
    pub async fn truth(&self, site: &str) -> Value {
        self.control("GET", &format!("/sites/{site}/truth"), &Value::Null).await
    }

    /// Makes a thing on a site as a person would.
    pub async fn create(&self, site: &str, kind: &str, thing: &Value) -> Value {
        self.control("POST", &format!("/sites/{site}/{kind}"), thing).await
    }

    /// Changes a thing of a site as a person would: `kind` is `pages`, `projects`, ….
    pub async fn edit(&self, site: &str, kind: &str, id: &str, change: &Value) {
        self.control("PATCH", &format!("/sites/{site}/{kind}/{id}"), change).await;
    }

    /// How often codes were exchanged.
    pub async fn code_exchanges(&self) -> Exchanges {
        self.count_exchanges("authorization_code").await
    }

    /// How often refresh tokens were exchanged.
    pub async fn refreshes(&self) -> Exchanges {
        self.count_exchanges("refresh_token").await
    }

    async fn count_exchanges(&self, grant_type: &str) -> Exchanges {
        let stats = self.control("GET", "/stats", &Value::Null).await;
        let count = |outcome: &str| stats["tokens"][grant_type][outcome].as_u64().expect("a count");
        Exchanges { ok: count("ok"), error: count("error") }
    }

    /// How many requests have come to routes that end like this.
    pub async fn requests(&self, route: &str) -> u64 {
        let stats = self.control("GET", "/stats", &Value::Null).await;
        let requests = stats["requests"].as_array().expect("requests");
        let to_route =
            requests.iter().filter(|request| request["route"].as_str().is_some_and(|of| of.ends_with(route)));
        to_route.filter_map(|request| request["count"].as_u64()).sum()
    }

    /// What became of 429s: `{"refusals":N,"early":N,"by_site":{CLOUD_ID:REQUESTS}}`. Early is a request that came before
    /// the time that a refusal had named.
    pub async fn limits(&self) -> Value {
        self.control("GET", "/stats", &Value::Null).await["limits"].clone()
    }

    /// The points that were spent in the sandbox's present hour.
    pub async fn points_this_hour(&self) -> u64 {
        self.control("GET", "/stats", &Value::Null).await["points_this_hour"].as_u64().expect("a number")
    }

    /// How many requests were answered by 429.
    pub async fn refused_for_limits(&self) -> u64 {
        let stats = self.control("GET", "/stats", &Value::Null).await;
        let requests = stats["requests"].as_array().expect("requests").iter();
        requests
            .filter(|request| request["status"] == 429)
            .filter_map(|request| request["count"].as_u64())
            .sum()
    }

    /// Everything that has passed the token endpoint.
    pub fn exchanges(&self) -> Vec<Exchange> {
        self.tap.exchanges()
    }

    /// The addresses to which consents have sent browsers back.
    pub fn returns(&self) -> Vec<Url> {
        self.tap.returns()
    }

    /// Holds up the next request to a path that ends like this.
    pub fn hold(&self, path: &str) -> Hold {
        self.tap.hold(path)
    }
}
