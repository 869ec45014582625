use std::future::IntoFuture;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use connector_domain::Secret;
use reqwest::header::{ACCEPT, COOKIE, HeaderValue, ORIGIN, SET_COOKIE};
use reqwest::{Client, Method, Request, RequestBuilder, Response};
use serde::Serialize;
use url::Url;

use crate::answer::Answer;
use crate::http;
use crate::jar::Jar;

/// What a browser says it wants when a person opens an address.
const PAGES: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

const FETCH_SITE: &str = "sec-fetch-site";

/// A client that keeps cookies and follows no redirect by itself. Clones are tabs: they share the cookies.
#[derive(Debug, Clone)]
pub struct Browser {
    http: Client,
    base: Url,
    jar: Arc<Mutex<Jar>>,
    wants_pages: bool,
    key: Option<Secret>,
}

impl Browser {
    /// A client of the service at `base` that asks as a program does.
    pub fn new(base: &str) -> Self {
        let base = Url::parse(base).expect("an address");
        Self { http: http::client(), base, jar: Arc::default(), wants_pages: false, key: None }
    }

    /// The same cookies, asked for as a person's browser asks: for pages.
    #[must_use]
    pub fn for_pages(&self) -> Self {
        Self { wants_pages: true, ..self.clone() }
    }

    /// A program with an API key, and without cookies.
    #[must_use]
    pub fn with_key(&self, key: &Secret) -> Self {
        Self { key: Some(key.clone()), ..self.stranger() }
    }

    /// The same service without any cookie.
    #[must_use]
    pub fn stranger(&self) -> Self {
        Self { jar: Arc::default(), ..self.clone() }
    }

    /// Another browser with a copy of the cookies as they are now.
    #[must_use]
    pub fn copy(&self) -> Self {
        let jar = self.jar().clone();
        Self { jar: Arc::new(Mutex::new(jar)), ..self.clone() }
    }

    /// The same cookies at another address of the same host.
    #[must_use]
    pub fn at(&self, base: &str) -> Self {
        Self { base: Url::parse(base).expect("an address"), ..self.clone() }
    }

    pub fn base(&self) -> &Url {
        &self.base
    }

    /// The service's host and port, for what speaks to it without this client.
    pub fn authority(&self) -> String {
        self.base.authority().to_owned()
    }

    /// The value of a cookie that the service has set.
    pub fn cookie(&self, name: &str) -> Option<String> {
        let jar = self.jar();
        jar.of(host(&self.base)).find(|(of, _)| *of == name).map(|(_, value)| value.to_owned())
    }

    /// All cookies of the service by name and value.
    pub fn cookies(&self) -> Vec<(String, String)> {
        let jar = self.jar();
        jar.of(host(&self.base)).map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }

    /// The `Cookie` header that goes to the service.
    pub fn cookie_header(&self) -> Option<String> {
        self.jar().header(host(&self.base))
    }

    pub fn set_cookie(&self, name: &str, value: &str) {
        self.jar().put(host(&self.base), name, value);
    }

    pub fn get(&self, address: &str) -> Call {
        self.call("GET", address)
    }

    pub fn post(&self, address: &str, body: &impl Serialize) -> Call {
        self.call("POST", address).json(body)
    }

    pub fn delete(&self, address: &str) -> Call {
        self.call("DELETE", address)
    }

    /// Any request; `address` is a path of the service or a whole address.
    pub fn call(&self, method: &str, address: &str) -> Call {
        let url = self.base.join(address).expect("an address");
        let method: Method = method.parse().expect("a method");
        // The client's own limit is for answers of Atlassian's; the progress of a sync may be followed for longer.
        let mut request = self.http.request(method, url.clone()).timeout(crate::within::LONGEST);
        if self.wants_pages {
            request = request.header(ACCEPT, PAGES);
        }
        if let Some(key) = &self.key {
            request = request.bearer_auth(key.expose());
        }
        let cookies = self.jar().header(host(&url));
        if let Some(cookies) = cookies {
            request = request.header(COOKIE, cookies);
        }
        Call { browser: self.clone(), request, url, says_where: true }
    }

    fn jar(&self) -> MutexGuard<'_, Jar> {
        self.jar.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn host(url: &Url) -> &str {
    url.host_str().expect("an address with a host")
}

/// A request that is sent when it is awaited.
#[derive(Debug)]
#[must_use]
pub struct Call {
    browser: Browser,
    request: RequestBuilder,
    url: Url,
    says_where: bool,
}

/// What a browser adds to a request of the service's own page: it has cookies, and so it is one.
fn say_where(request: &mut Request, base: &Url) {
    let page = base.origin().ascii_serialization();
    let headers = request.headers();
    let silent = !headers.contains_key(ORIGIN) && !headers.contains_key(FETCH_SITE);
    if headers.contains_key(COOKIE) && silent && !request.method().is_safe() {
        let headers = request.headers_mut();
        headers.insert(ORIGIN, page.parse().expect("an origin"));
        headers.insert(FETCH_SITE, HeaderValue::from_static("same-origin"));
    }
}

impl Call {
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.request = self.request.header(name, value);
        self
    }

    /// Without the word on where it comes from that browsers add.
    pub fn silent(mut self) -> Self {
        self.says_where = false;
        self
    }

    pub fn json(mut self, body: &impl Serialize) -> Self {
        self.request = self.request.json(body);
        self
    }

    /// A body as it stands, under the type that is named.
    pub fn body(mut self, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        self.request = self.request.header("content-type", content_type).body(body.into());
        self
    }

    /// For an answer that comes bit by bit for as long as something goes on: who reads it waits for each bit only so long.
    pub(crate) fn lasting(mut self) -> Self {
        self.request = self.request.timeout(Duration::from_hours(24));
        self
    }

    /// The answer's head; its body comes as it is read.
    pub(crate) async fn open(self) -> reqwest::Result<Response> {
        let mut request = self.request.build()?;
        if self.says_where {
            say_where(&mut request, &self.browser.base);
        }
        let response = self.browser.http.execute(request).await?;
        let mut jar = self.browser.jar();
        for cookie in response.headers().get_all(SET_COOKIE) {
            jar.take(host(&self.url), cookie.to_str().expect("a cookie of visible characters"));
        }
        drop(jar);
        Ok(response)
    }

    /// The answer, or why there is none.
    pub async fn outcome(self) -> reqwest::Result<Answer> {
        Answer::read(self.open().await?).await
    }
}

impl IntoFuture for Call {
    type Output = Answer;
    type IntoFuture = Pin<Box<dyn Future<Output = Answer> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let path = self.url.path().to_owned();
            self.outcome().await.unwrap_or_else(|error| panic!("{path} did not answer: {error:?}"))
        })
    }
}
