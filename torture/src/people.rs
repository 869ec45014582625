//! People who connect their accounts, and then want tokens.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, bail};
use tokio::task::JoinSet;

use crate::http::{Answer, Request};
use crate::scene::{CALLBACK, Scene};

const PATIENCE: Duration = Duration::from_mins(1);
const LOGINS_AT_ONCE: usize = 8;
/// How often a person tries to log in.
const LOGINS: usize = 5;
/// The host of the registered callback, as a browser names it.
const HOST: &str = "localhost:3001";

/// A person with a session whose account is connected.
#[derive(Debug, Clone)]
pub struct Grant {
    /// Which of the simulator's people.
    pub person: usize,
    pub account_id: String,
    pub connection_id: String,
    pub cookie: String,
}

impl Grant {
    /// Wants a token and uses it: `GET /api/atlassian/resources`.
    pub fn use_token(&self) -> Request {
        Request::get("/api/atlassian/resources").header("cookie", &self.cookie)
    }

    /// Wants a new token whatever the stored one is worth.
    pub fn refresh(&self) -> Request {
        self.by_page(Request::post(format!("/api/connections/{}/refresh", self.connection_id)))
    }

    pub fn disconnect(&self) -> Request {
        self.by_page(Request::new("DELETE", format!("/api/connections/{}", self.connection_id)))
    }

    /// As a browser sends it from one of the program's own pages.
    fn by_page(&self, request: Request) -> Request {
        request
            .header("cookie", &self.cookie)
            .header("host", HOST)
            .header("origin", format!("http://{HOST}"))
            .header("sec-fetch-site", "same-origin")
    }
}

/// A login that has come as far as the consent: what the browser brings back.
#[derive(Debug)]
pub struct Consented {
    pub person: usize,
    /// The callback with its code and state, from the path on.
    pub callback: String,
    pub cookie: String,
}

impl Consented {
    pub fn request(&self) -> Request {
        Request::get(&self.callback).header("host", HOST).header("cookie", &self.cookie)
    }

    /// What the callback's answer says about the connection.
    pub async fn grant(&self, at: SocketAddr, answer: &Answer) -> anyhow::Result<Grant> {
        let location = answer.header("location").unwrap_or_default();
        let session = answer.cookies().into_iter().find(|cookie| cookie.starts_with("sid="));
        let Some(session) = session.filter(|_| answer.status < 400 && !location.contains("status=error"))
        else {
            bail!("a login failed: {} {location} {}", answer.status, String::from_utf8_lossy(&answer.body));
        };
        of_session(self.person, session, at).await
    }
}

/// The connection of a session.
async fn of_session(person: usize, session: &str, at: SocketAddr) -> anyhow::Result<Grant> {
    let answer = Request::get("/api/connections").header("cookie", session).send(at, PATIENCE).await?.json();
    let connection = &answer["items"][0];
    let text = |name: &str| connection[name].as_str().map(str::to_owned);
    Ok(Grant {
        person,
        account_id: text("account_id").with_context(|| format!("a connection without account: {answer}"))?,
        connection_id: text("id").context("a connection without id")?,
        cookie: session.to_owned(),
    })
}

/// Goes as far as the simulator's consent, which is given at once.
pub async fn consent(person: usize, service: SocketAddr, sandbox: SocketAddr) -> anyhow::Result<Consented> {
    let started =
        Request::get("/api/oauth/atlassian/login").header("host", HOST).send(service, PATIENCE).await?;
    let authorize = started.header("location").context("a login led nowhere")?;
    let (_, query) = authorize.split_once("/authorize").context("a login led elsewhere")?;
    let path = format!("/authorize{query}&login_hint=person-{person}%40example.com");
    let consented = Request::get(path).send(sandbox, PATIENCE).await?;
    let back = consented.header("location").with_context(|| {
        format!("no consent of person {person}: {}", String::from_utf8_lossy(&consented.body))
    })?;
    let origin = CALLBACK.split_once("/api").map_or(CALLBACK, |(origin, _)| origin);
    let callback = back.strip_prefix(origin).context("the consent led elsewhere")?.to_owned();
    Ok(Consented { person, callback, cookie: started.cookies().join("; ") })
}

/// Connects one person.
pub async fn connect(person: usize, service: SocketAddr, sandbox: SocketAddr) -> anyhow::Result<Grant> {
    let consented = consent(person, service, sandbox).await?;
    let answer = consented.request().send(service, PATIENCE).await?;
    consented.grant(service, &answer).await
}

/// [`connect`], tried again a few times: the scaled timeout of the token endpoint is short for a busy machine, and a code
/// is good for one try.
pub async fn connect_at_last(
    person: usize,
    service: SocketAddr,
    sandbox: SocketAddr,
) -> anyhow::Result<Grant> {
    for _ in 1..LOGINS {
        if let Ok(grant) = connect(person, service, sandbox).await {
            return Ok(grant);
        }
    }
    connect(person, service, sandbox).await
}

/// Connects the people 1 to `count` at the scene's processes in turn.
pub async fn connect_all(scene: &Scene, count: usize) -> anyhow::Result<Vec<Grant>> {
    let sandbox = scene.sandbox.address();
    let mut tasks = JoinSet::new();
    let mut grants = Vec::with_capacity(count);
    for person in 1..=count {
        if tasks.len() >= LOGINS_AT_ONCE
            && let Some(grant) = tasks.join_next().await
        {
            grants.push(grant??);
        }
        let service = scene.addresses[person % scene.addresses.len()];
        tasks.spawn(connect_at_last(person, service, sandbox));
    }
    while let Some(grant) = tasks.join_next().await {
        grants.push(grant??);
    }
    grants.sort_by_key(|grant| grant.person);
    Ok(grants)
}
