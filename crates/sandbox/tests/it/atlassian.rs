//! A sandbox on a free port and a client that does what an app does.

use std::sync::Once;

use connector_sandbox::{API_TOKEN, CLIENT_ID, CLIENT_SECRET, DEFAULT_CLOUD_ID, SandboxOptions, serve};
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode, Url, redirect::Policy};
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::oneshot};

pub const CALLBACK: &str = "http://localhost:3001/api/oauth/callback/atlassian";
pub const ALL_SCOPES: &str = "read:jira-work read:jira-user read:space:confluence read:page:confluence \
                              read:comment:confluence read:attachment:confluence search:confluence \
                              read:confluence-user read:me offline_access";

/// A running sandbox. It stops when this is dropped.
pub struct Atlassian {
    pub url: String,
    http: Client,
    _stop: oneshot::Sender<()>,
}

/// A pair of tokens.
pub struct Tokens {
    pub access: String,
    pub refresh: Option<String>,
}

impl Atlassian {
    pub async fn start(options: SandboxOptions) -> Self {
        static PROVIDER: Once = Once::new();
        PROVIDER.call_once(|| {
            rustls::crypto::ring::default_provider()
                .install_default()
                .expect("the provider is installed once");
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let (stop, stopped) = oneshot::channel();
        tokio::spawn(serve(listener, SandboxOptions { control: true, ..options }, async {
            stopped.await.ok();
        }));
        #[expect(clippy::disallowed_methods, reason = "the client of these tests")]
        let http = Client::builder().redirect(Policy::none()).no_proxy().build().expect("a client");
        Self { url, http, _stop: stop }
    }

    /// A sandbox that consents by itself, and tokens of the default person for the default site.
    pub async fn connected() -> (Self, Tokens) {
        Self::connected_with(SandboxOptions::default()).await
    }

    pub async fn connected_with(options: SandboxOptions) -> (Self, Tokens) {
        let atlassian = Self::start(SandboxOptions { auto_consent: true, ..options }).await;
        let tokens = atlassian.log_in(ALL_SCOPES).await;
        (atlassian, tokens)
    }

    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let url = if path.starts_with("http") { String::from(path) } else { format!("{}{path}", self.url) };
        self.http.request(method, url)
    }

    pub fn get(&self, path: &str) -> RequestBuilder {
        self.request(Method::GET, path)
    }

    pub fn post(&self, path: &str, body: &Value) -> RequestBuilder {
        self.request(Method::POST, path).json(body)
    }

    /// Carries a control request out.
    pub async fn control(&self, method: Method, path: &str, body: Value) -> Value {
        let answer =
            self.request(method, &format!("/__sandbox{path}")).json(&body).send().await.expect("an answer");
        assert!(answer.status().is_success(), "{path}: {}", answer.status());
        let text = answer.text().await.expect("a body");
        if text.is_empty() { Value::Null } else { serde_json::from_str(&text).expect("JSON") }
    }

    pub async fn advance(&self, seconds: i64) {
        self.control(Method::POST, "/clock", json!({ "advance_seconds": seconds })).await;
    }

    /// An authorization request with its usual parameters, changed by some more; an empty value leaves one out.
    pub fn authorize_url(&self, changes: &[(&str, &str)]) -> Url {
        let mut parameters = vec![
            ("audience", "api.atlassian.com"),
            ("client_id", CLIENT_ID),
            ("scope", ALL_SCOPES),
            ("redirect_uri", CALLBACK),
            ("state", "a state/with+special&characters=é"),
            ("response_type", "code"),
            ("prompt", "consent"),
        ];
        for change in changes {
            parameters.retain(|(name, _)| name != &change.0);
            parameters.push(*change);
        }
        parameters.retain(|(_, value)| !value.is_empty());
        Url::parse_with_params(&format!("{}/authorize", self.url), parameters).expect("a URL")
    }

    /// Follows the authorization of an automatic consent to its code.
    pub async fn code(&self, changes: &[(&str, &str)]) -> String {
        let answer = self.get(self.authorize_url(changes).as_str()).send().await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::FOUND);
        callback_parameter(&answer, "code").expect("a code")
    }

    pub async fn log_in(&self, scopes: &str) -> Tokens {
        let code = self.code(&[("scope", scopes)]).await;
        tokens(self.exchange(&code, &[]).await).await
    }

    /// Sends a code to the token endpoint, with some members changed.
    pub async fn exchange(&self, code: &str, changes: &[(&str, &str)]) -> Response {
        let body = json!({ "grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK });
        self.token_request(body, changes).await
    }

    pub async fn refresh(&self, token: &str) -> Response {
        self.token_request(json!({ "grant_type": "refresh_token", "refresh_token": token }), &[]).await
    }

    pub async fn token_request(&self, mut body: Value, changes: &[(&str, &str)]) -> Response {
        body["client_id"] = json!(CLIENT_ID);
        body["client_secret"] = json!(CLIENT_SECRET);
        for (name, value) in changes {
            body[*name] = if value.is_empty() { Value::Null } else { json!(value) };
        }
        self.post("/oauth/token", &body).send().await.expect("an answer")
    }

    pub async fn jira(&self, tokens: &Tokens, path: &str) -> Response {
        let path = format!("/ex/jira/{DEFAULT_CLOUD_ID}/rest/api/3{path}");
        self.get(&path).bearer_auth(&tokens.access).send().await.expect("an answer")
    }

    pub async fn confluence(&self, tokens: &Tokens, path: &str) -> Response {
        let path = format!("/ex/confluence/{DEFAULT_CLOUD_ID}{path}");
        self.get(&path).bearer_auth(&tokens.access).send().await.expect("an answer")
    }

    /// Asks the default site itself, with the API token of a person.
    pub async fn site(&self, person: &str, path: &str) -> Response {
        let request = self.get(&format!("/sites/acme{path}"));
        request.basic_auth(person, Some(API_TOKEN)).send().await.expect("an answer")
    }
}

/// The tokens of a successful answer.
pub async fn tokens(answer: Response) -> Tokens {
    assert_eq!(answer.status(), StatusCode::OK);
    let body = json_of(answer).await;
    let text = |name: &str| body[name].as_str().map(String::from);
    Tokens { access: text("access_token").expect("an access token"), refresh: text("refresh_token") }
}

pub async fn json_of(answer: Response) -> Value {
    answer.json().await.expect("JSON")
}

/// Status and body of an answer.
pub async fn read(answer: Response) -> (u16, Value) {
    (answer.status().as_u16(), json_of(answer).await)
}

/// A parameter that a redirect to the app carries.
pub fn callback_parameter(answer: &Response, name: &str) -> Option<String> {
    let location = answer.headers().get("location")?.to_str().ok()?;
    assert!(location.starts_with(CALLBACK), "redirected to {location}");
    let url = Url::parse(location).expect("a URL");
    url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}
