//! A person who connects an account of the simulator, and asks for syncs.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use serde_json::{Value, json};

use crate::http::{Answer, Connection, request};

const LOGIN: &str = "/api/oauth/atlassian/login";
/// The callback that the simulator knows, and the host of it, as a browser names the program wherever it listens.
pub const CALLBACK: &str = "http://localhost:3001/api/oauth/callback/atlassian";
const HOST: &str = "localhost:3001";
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// A sync that comes no further for so long has stopped.
const STALLED: Duration = Duration::from_mins(3);

pub struct Person {
    connection: Connection,
    cookies: String,
}

/// A sync that has ended well.
pub struct Run {
    pub rows: u64,
    /// From the moment in which it was asked for.
    pub took: Duration,
}

impl Person {
    /// Logs in at the program; the simulator consents at once. With that the first sync begins.
    pub async fn connect(service: SocketAddr, simulator: SocketAddr) -> anyhow::Result<Self> {
        let mut person = Self { connection: Connection::open(service).await?, cookies: String::new() };
        let login = person.ask("GET", LOGIN, None).await?;
        let authorize = login.location.context("the login leads nowhere")?;
        person.cookies = login.cookies.join("; ");
        let consent = request("GET", path(&authorize)?, &[("host", "localhost")], b"");
        let consent = Connection::open(simulator).await?.ask(&consent).await?;
        let callback = consent.location.context("the simulator does not consent")?;
        let back = person.ask("GET", path(&callback)?, None).await?;
        person.cookies = back.cookies.join("; ");
        let fails = back.location.as_ref().is_none_or(|location| location.contains("status=error"));
        ensure!(!fails, "the login failed: {} {:?}", back.status, back.location);
        Ok(person)
    }

    /// Waits for the end of the latest sync, which was asked for at this moment.
    pub async fn until_synced(&mut self, asked: Instant) -> anyhow::Result<Run> {
        let (mut last, mut moved) = (Value::Null, Instant::now());
        loop {
            let run = self.json("GET", "/api/syncs?limit=1", None).await?["items"][0].take();
            if run["streams"] != last {
                (last, moved) = (run["streams"].clone(), Instant::now());
            }
            if moved.elapsed() > STALLED {
                bail!("the sync comes no further: {run}");
            }
            match run["status"].as_str() {
                Some("succeeded") => {
                    let streams = run["streams"].as_array().into_iter().flatten();
                    let rows = streams.filter_map(|stream| stream["written"].as_u64()).sum();
                    return Ok(Run { rows, took: asked.elapsed() });
                }
                Some("queued" | "running" | "waiting") => tokio::time::sleep(LOOK_EVERY).await,
                _ => bail!("the sync did not succeed: {run}"),
            }
        }
    }

    /// Reads what has changed.
    pub async fn sync(&mut self) -> anyhow::Result<Run> {
        let asked = Instant::now();
        self.json("POST", "/api/syncs", Some(json!({ "mode": "incremental" }))).await?;
        self.until_synced(asked).await
    }

    /// Keys of so many mirrored issues.
    pub async fn issues(&mut self, count: usize) -> anyhow::Result<Vec<String>> {
        let page = self.json("GET", &format!("/api/jira/issues?limit={count}"), None).await?;
        let keys = page["items"].as_array().into_iter().flatten().filter_map(|issue| issue["key"].as_str());
        Ok(keys.map(str::to_owned).collect())
    }

    async fn json(&mut self, method: &str, path: &str, body: Option<Value>) -> anyhow::Result<Value> {
        let answer = self.ask(method, path, body).await?;
        let text = String::from_utf8_lossy(&answer.body);
        ensure!(answer.status < 300, "{method} {path} answers {}: {text}", answer.status);
        serde_json::from_str(&text).with_context(|| format!("{method} {path} does not answer in JSON"))
    }

    /// As a browser asks from one of the program's own pages.
    async fn ask(&mut self, method: &str, path: &str, body: Option<Value>) -> anyhow::Result<Answer> {
        let (origin, body) = (format!("http://{HOST}"), body.map(|body| body.to_string()));
        let mut headers = vec![("host", HOST), ("cookie", &self.cookies)];
        if body.is_some() {
            headers.extend([("content-type", "application/json"), ("origin", &origin)]);
            headers.push(("sec-fetch-site", "same-origin"));
        }
        let request = request(method, path, &headers, body.unwrap_or_default().as_bytes());
        Ok(self.connection.ask(&request).await?)
    }
}

/// The path and the query of an address.
fn path(address: &str) -> anyhow::Result<&str> {
    let start = address.find("://").map(|scheme| scheme + 3).context("an address without a scheme")?;
    Ok(address[start..].find('/').map_or("/", |slash| &address[start + slash..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_keeps_its_query() {
        assert_eq!(path("http://localhost:3001/a/b?c=http://d/e").unwrap(), "/a/b?c=http://d/e");
        assert_eq!(path("http://localhost").unwrap(), "/");
        assert!(path("/a").is_err());
    }
}
