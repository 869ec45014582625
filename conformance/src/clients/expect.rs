//! What clients are to find: the truth of the sandbox.

use std::collections::HashSet;

use anyhow::Context as _;
use connector_testkit::{Browser, Sandbox};
use serde_json::{Value, json};

use super::run::basic_header;

pub const SITE: &str = "acme";
const TITLE: &str = "Read by others: Größe & <b>Übermaß</b>, 積み荷 🚚";
const BODY: &str = "<p>Words that other programs read.</p>";

/// What comes of a step.
#[derive(Debug, Clone, Copy)]
pub enum Expected {
    /// Keys of all projects.
    Projects,
    /// Keys of all issues.
    Issues,
    /// The chosen issue.
    Issue,
    /// The account id of the caller.
    Who,
    /// Keys of all spaces.
    Spaces,
    /// Titles of all pages that are listed: current and archived ones.
    Pages,
    /// Titles of the current pages of all spaces.
    CurrentPages,
    /// Titles of the pages that a search finds: current ones in spaces that are not archived.
    Found,
    /// So many of them, or all.
    SomeFound(usize),
    /// The text of the chosen page.
    Body,
    Yes,
    Number(u64),
}

/// The data, as the control interface of the sandbox tells it.
#[derive(Debug)]
pub struct Truth {
    projects: Vec<String>,
    issues: Vec<String>,
    spaces: Vec<String>,
    pages: Vec<String>,
    current_pages: Vec<String>,
    found: Vec<String>,
    who: String,
    pub issue: String,
    pub page: String,
}

impl Truth {
    pub async fn of(sandbox: &Sandbox, browser: &Browser) -> anyhow::Result<Self> {
        let control = format!("/__sandbox/sites/{SITE}");
        let projects = sandbox.truth(SITE).await["projects"].clone();
        let project = &projects[0]["key"];
        let issue = browser.post(
            &format!("{control}/issues"),
            &json!({ "project": project, "summary": TITLE, "description": TITLE }),
        );
        let issue = issue.await.expect(201).json();
        let spaces = sandbox.truth(SITE).await["spaces"].clone();
        let current = |space: &&Value| space["status"] == "current";
        let space = spaces.as_array().into_iter().flatten().find(current).context("no space")?;
        let page = browser.post(
            &format!("{control}/pages"),
            &json!({ "space": space["key"], "title": TITLE, "body": BODY }),
        );
        let page = page.await.expect(201).json();
        let who =
            browser.get(&format!("/sites/{SITE}/rest/api/3/myself")).header("authorization", &basic_header());
        let who = who.await.expect(200).json();
        let text =
            |value: &Value| value.as_str().map(str::to_owned).with_context(|| format!("{value} is no text"));

        let truth = sandbox.truth(SITE).await;
        let archived: HashSet<&str> = truth["spaces"]
            .as_array()
            .into_iter()
            .flatten()
            .filter(|space| !current(space))
            .filter_map(|space| space["id"].as_str())
            .collect();
        let is_current = |page: &Value| page["status"] == "current";
        let is_found = |page: &Value| {
            is_current(page) && !page["space_id"].as_str().is_some_and(|id| archived.contains(id))
        };
        Ok(Self {
            projects: list(&truth["projects"], "key", |_| true),
            issues: list(&truth["issues"], "key", |_| true),
            spaces: list(&truth["spaces"], "key", |_| true),
            pages: list(&truth["pages"], "title", |_| true),
            current_pages: list(&truth["pages"], "title", is_current),
            found: list(&truth["pages"], "title", is_found),
            who: text(&who["accountId"])?,
            issue: text(&issue["key"])?,
            page: text(&page["id"])?,
        })
    }
}

/// One member of all that fit, sorted.
fn list(things: &Value, member: &str, fits: impl Fn(&Value) -> bool) -> Vec<String> {
    let things = things.as_array().into_iter().flatten().filter(|thing| fits(thing));
    let mut list: Vec<String> =
        things.filter_map(|thing| thing[member].as_str()).map(str::to_owned).collect();
    list.sort();
    list
}

impl Expected {
    /// What is wrong with a value, if anything is.
    pub fn differs(self, value: &Value, truth: &Truth) -> Option<String> {
        let all = |expected: &[String]| differ(expected, value);
        let same = |expected: Value| (*value != expected).then(|| format!("{value} instead of {expected}"));
        match self {
            Self::Projects => all(&truth.projects),
            Self::Issues => all(&truth.issues),
            Self::Spaces => all(&truth.spaces),
            Self::Pages => all(&truth.pages),
            Self::CurrentPages => all(&truth.current_pages),
            Self::Found => all(&truth.found),
            Self::SomeFound(most) => {
                let found = value.as_array().into_iter().flatten().filter_map(Value::as_str);
                let count =
                    found.clone().filter(|title| truth.found.iter().any(|known| known == title)).count();
                let wanted = most.min(truth.found.len());
                (count != wanted || found.count() != wanted)
                    .then(|| format!("{count} known titles instead of {wanted}"))
            }
            Self::Issue => same(json!({ "key": truth.issue, "title": TITLE })),
            Self::Who => same(json!(truth.who)),
            Self::Body => same(json!(BODY)),
            Self::Yes => same(json!(true)),
            Self::Number(number) => same(json!(number)),
        }
    }
}

/// Compares lists whatever their order; what comes twice is wrong.
fn differ(expected: &[String], value: &Value) -> Option<String> {
    let Some(found) = value.as_array() else { return Some(format!("{value} is no list")) };
    let mut found: Vec<&str> = found.iter().filter_map(Value::as_str).collect();
    found.sort_unstable();
    if found == expected {
        return None;
    }
    let missing = expected.iter().filter(|one| !found.contains(&one.as_str())).count();
    let unknown: Vec<&&str> =
        found.iter().filter(|one| !expected.iter().any(|known| known == *one)).take(3).collect();
    Some(format!(
        "{} instead of {}: {missing} are missing, unknown: {unknown:?}",
        found.len(),
        expected.len()
    ))
}
