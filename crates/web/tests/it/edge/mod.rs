//! What stands before every handler: who may ask from where, by which name, and how much.

mod cors;
mod cross_site;
mod effects;
mod headers;
mod hosts;
mod rates;
mod sizes;
mod slow;

use connector_testkit::{TestApp, within};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// An operation of the OpenAPI document, with an id of nothing in place of each parameter.
struct Operation {
    method: String,
    path: String,
}

impl Operation {
    fn is_safe(&self) -> bool {
        self.method == "GET"
    }

    /// Leads a browser through a login, which is what it is for.
    fn is_login(&self) -> bool {
        self.path.ends_with("/login") || self.path.contains("/callback")
    }
}

async fn operations(app: &TestApp) -> Vec<Operation> {
    let document: Value = app.browser().get("/openapi.json").await.json();
    let mut operations = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in item.as_object().unwrap().keys() {
            let path = path
                .replace("{user_id}", "1")
                .replace("{owner_id}", "1")
                .replace("{provider}", "jira")
                .replace("{id}", "00000000-0000-7000-8000-000000000000")
                .split('/')
                .map(|part| if part.starts_with('{') { "NONE-1" } else { part })
                .collect::<Vec<_>>()
                .join("/");
            operations.push(Operation { method: method.to_uppercase(), path });
        }
    }
    operations
}

/// All rows but those of tables in which it is noted that somebody asked.
async fn content_but(app: &TestApp, notes: &[&str]) -> Vec<String> {
    let mut content = app.database.content().await;
    content.retain(|row| notes.iter().all(|note| !row.starts_with(&format!("{note}: "))));
    content
}

/// A connection on which a test sends what no client would.
struct Wire(TcpStream);

impl Wire {
    async fn open(app: &TestApp) -> Self {
        Self(TcpStream::connect(app.browser().authority()).await.unwrap())
    }

    async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.0.write_all(bytes.as_ref()).await.unwrap();
    }

    /// What comes until the other end closes.
    async fn until_closed(mut self) -> String {
        let mut came = Vec::new();
        // An end that closes with bytes unread resets the connection; what came before counts.
        let _ = within("the end of a connection", self.0.read_to_end(&mut came)).await;
        String::from_utf8_lossy(&came).into_owned()
    }
}

/// One request as it stands, and everything that comes back.
async fn raw(app: &TestApp, request: &str) -> String {
    let mut wire = Wire::open(app).await;
    wire.send(request).await;
    wire.until_closed().await
}
