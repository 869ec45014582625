//! What is asked for: the seed data and the measured routes.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::{Context, bail};
use serde_json::{Value, json};

use crate::http::{Answer, Connection};
use crate::load::MakeRequest;

const LISTED_PROJECTS: usize = 500;
/// Keys that the repeated upserts take in turn.
const REPEATED_KEYS: u64 = 100;

pub struct Route {
    pub name: &'static str,
    pub path: String,
    pub request: MakeRequest,
    pub expected: fn(u16) -> bool,
}

/// What lies in the database before anything is measured.
pub struct Seed {
    /// Has the 500 projects.
    reader: String,
    list: String,
    /// Gets the projects that are written while measuring.
    writer: String,
}

pub fn get(path: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n").into_bytes()
}

fn post(path: &str, body: &Value) -> Vec<u8> {
    let body = body.to_string();
    let length = body.len();
    format!(
        "POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}

fn project(owner: &str, key: &str) -> Vec<u8> {
    // An id goes out as it came in: a number, or a string if it is none.
    let owner = owner.parse::<i64>().map_or_else(|_| json!(owner), |id| json!(id));
    let body = json!({
        "owner_id": owner,
        "key": key,
        "name": format!("Project {key} of the benchmark"),
        "lead": "Ada Lovelace",
        "url": format!("https://acme.atlassian.net/browse/{key}"),
    });
    post("/jira/projects", &body)
}

/// A project key for a number: capital letters and digits, short as Jira wants them.
fn key(prefix: char, mut number: u64) -> String {
    let mut key = vec![];
    while number > 0 || key.is_empty() {
        key.push(
            char::from_digit(u32::try_from(number % 36).unwrap_or(0), 36).unwrap_or('0').to_ascii_uppercase(),
        );
        number /= 36;
    }
    key.push(prefix);
    key.iter().rev().collect()
}

pub async fn seed(address: SocketAddr) -> anyhow::Result<Seed> {
    let mut connection = Connection::open(address).await?;
    let reader = create_user(&mut connection, "reader@example.com").await?;
    let writer = create_user(&mut connection, "writer@example.com").await?;
    for number in 0..LISTED_PROJECTS {
        let answer = connection.ask(&project(&reader, &key('L', number as u64))).await?;
        successful(&answer, "POST /jira/projects")?;
    }
    for list in
        [format!("/jira/projects/{reader}"), format!("/jira/projects/{reader}?limit={LISTED_PROJECTS}")]
    {
        let answer = connection.ask(&get(&list)).await?;
        successful(&answer, &list)?;
        let rows: Vec<Value> =
            serde_json::from_slice(&answer.body).context("the list is not a JSON array")?;
        if rows.len() == LISTED_PROJECTS {
            return Ok(Seed { reader, list, writer });
        }
    }
    bail!("GET /jira/projects/{reader} does not list the {LISTED_PROJECTS} projects that were created")
}

async fn create_user(connection: &mut Connection, email: &str) -> anyhow::Result<String> {
    let answer = connection.ask(&post("/users", &json!({ "email": email }))).await?;
    successful(&answer, "POST /users")?;
    let user: Value = serde_json::from_slice(&answer.body).context("POST /users does not answer in JSON")?;
    match &user["id"] {
        Value::String(id) => Ok(id.clone()),
        Value::Number(id) => Ok(id.to_string()),
        _ => bail!("POST /users answers no id"),
    }
}

fn successful(answer: &Answer, what: &str) -> anyhow::Result<()> {
    if !is_success(answer.status) {
        bail!("{what} answers {}: {}", answer.status, String::from_utf8_lossy(&answer.body));
    }
    Ok(())
}

fn is_success(status: u16) -> bool {
    (200..300).contains(&status)
}

fn is_ok(status: u16) -> bool {
    status == 200
}

fn is_redirect(status: u16) -> bool {
    matches!(status, 302 | 303 | 307)
}

pub const SINGLE: &str = "GET /users/{id}";
pub const LIST: &str = "GET /jira/projects/{owner}, 500 rows";
pub const NEW_KEYS: &str = "POST /jira/projects, a new key each";
pub const KNOWN_KEYS: &str = "POST /jira/projects, known keys";
pub const LOGIN: &str = "GET /api/oauth/atlassian/login";

impl Seed {
    pub fn routes(&self) -> Vec<Route> {
        let same = |request: Vec<u8>| -> MakeRequest { Arc::new(move |_| request.clone()) };
        let (writer, writer_too) = (self.writer.clone(), self.writer.clone());
        let route =
            |name, path: &str, request, expected| Route { name, path: path.to_owned(), request, expected };
        let user = self.user();
        let login = "/api/oauth/atlassian/login";
        vec![
            route(SINGLE, &user, same(get(&user)), is_ok),
            route(LIST, &self.list, same(get(&self.list)), is_ok),
            route(NEW_KEYS, "/jira/projects", Arc::new(move |n| project(&writer, &key('N', n))), is_success),
            route(
                KNOWN_KEYS,
                "/jira/projects",
                Arc::new(move |n| project(&writer_too, &key('K', n % REPEATED_KEYS))),
                is_success,
            ),
            route(LOGIN, login, same(get(login)), is_redirect),
        ]
    }

    /// The routes that read the database, in turn.
    pub fn reads(&self) -> Route {
        let (user, list) = (get(&self.user()), get(&self.list));
        let in_turn = move |n: u64| if n.is_multiple_of(2) { user.clone() } else { list.clone() };
        Route { name: "reads", path: self.list.clone(), request: Arc::new(in_turn), expected: is_ok }
    }

    pub fn user(&self) -> String {
        format!("/users/{}", self.reader)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_as_jira_wants_them() {
        assert_eq!(key('N', 0), "N0");
        assert_eq!(key('N', 36), "N10");
        assert_eq!(key('N', 35 + 36 * 35), "NZZ");
        assert!(key('N', 1_000_000_000).len() <= 10);
    }

    #[test]
    fn ids_are_sent_as_numbers_where_they_are_numbers() {
        let text = |owner| String::from_utf8(project(owner, "K1")).unwrap();
        assert!(text("7").contains(r#""owner_id":7,"#), "{}", text("7"));
        assert!(text("0198-a").contains(r#""owner_id":"0198-a","#));
    }
}
