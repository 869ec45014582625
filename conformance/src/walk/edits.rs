//! Data that is awkward: archived, deleted, hidden, moved, renamed, in the trash, in all scripts.

use anyhow::{Context as _, ensure};
use connector_testkit::Browser;
use serde_json::{Value, json};

use super::crawl::Known;
use crate::openapi::Api;

const TEXT: &str = "Überfällig: 積み荷 „A & B“ <b>не</b> שלום 🚚\u{200d}❄️ \"quoted\" \\ back";

/// A site in the control interface of the sandbox.
#[derive(Debug)]
struct Control<'b> {
    browser: &'b Browser,
    site: &'static str,
}

impl Control<'_> {
    async fn call(&self, method: &str, path: &str, body: &Value) -> anyhow::Result<Value> {
        let answer =
            self.browser.call(method, &format!("/__sandbox/sites/{}{path}", self.site)).json(body).await;
        let done = (200..300).contains(&answer.status);
        ensure!(done, "{method} {path} {body} answered {} {}", answer.status, answer.text());
        Ok(serde_json::from_slice(answer.bytes()).unwrap_or_default())
    }

    /// Makes a thing and answers its id.
    async fn make(&self, kind: &str, thing: Value) -> anyhow::Result<String> {
        let made = self.call("POST", kind, &thing).await?;
        Ok(made["id"].as_str().with_context(|| format!("no id in {made}"))?.to_owned())
    }

    async fn change(&self, path: &str, change: Value) -> anyhow::Result<()> {
        self.call("PATCH", path, &change).await.map(drop)
    }

    async fn delete(&self, path: &str) -> anyhow::Result<()> {
        self.call("DELETE", path, &Value::Null).await.map(drop)
    }
}

/// Edits the two sites that have both products, and lets time pass, for some lists leave the last minute out.
pub async fn make_awkward(browser: &Browser) -> anyhow::Result<()> {
    for site in ["acme", "borealis"] {
        let control = Control { browser, site };
        projects(&control).await?;
        issues(&control).await?;
        spaces_and_pages(&control).await?;
    }
    drop(browser.call("POST", "/__sandbox/clock").json(&json!({ "advance_seconds": 300 })).await.expect(200));
    Ok(())
}

async fn projects(control: &Control<'_>) -> anyhow::Result<()> {
    let make =
        |key: &str| control.make("/projects", json!({ "key": key, "name": TEXT, "description": TEXT }));
    make("AWK").await?;
    for (key, change) in [("OLDP", json!({ "archived": true })), ("SECR", json!({ "private": true }))] {
        let id = make(key).await?;
        control.change(&format!("/projects/{id}"), change).await?;
    }
    let trashed = make("TRSH").await?;
    control.delete(&format!("/projects/{trashed}")).await?;
    let purged = make("PURG").await?;
    control.delete(&format!("/projects/{purged}?purge=true")).await?;
    let renamed = make("FORMER").await?;
    control
        .make("/issues", json!({ "project": "FORMER", "summary": "Of a project with another key" }))
        .await?;
    control.change(&format!("/projects/{renamed}"), json!({ "key": "LATTER" })).await
}

async fn issues(control: &Control<'_>) -> anyhow::Result<()> {
    let make = |summary: &str| {
        control.make("/issues", json!({ "project": "AWK", "summary": summary, "description": TEXT }))
    };
    let full = make(TEXT).await?;
    let path = format!("/issues/{full}");
    for status in ["In Progress", "Done"] {
        control.change(&path, json!({ "status": status })).await?;
    }
    control
        .change(&path, json!({ "assignee": "", "priority": "Low", "summary": "x", "issuetype": "Bug" }))
        .await?;
    let comment = control.make(&format!("{path}/comments"), json!({ "body": TEXT })).await?;
    control.change(&format!("{path}/comments/{comment}"), json!({ "body": "edited" })).await?;
    let worklog =
        control.make(&format!("{path}/worklogs"), json!({ "seconds": 5400, "comment": TEXT })).await?;
    control.change(&format!("{path}/worklogs/{worklog}"), json!({ "seconds": 60 })).await?;
    let gone = control.make(&format!("{path}/worklogs"), json!({ "seconds": 300 })).await?;
    control.delete(&format!("{path}/worklogs/{gone}")).await?;
    let bare =
        control.make("/issues", json!({ "project": "AWK", "summary": "Nothing but a summary" })).await?;
    control.change(&format!("/issues/{bare}"), json!({ "project": "LATTER" })).await?;
    let deleted = make("Gone").await?;
    control.delete(&format!("/issues/{deleted}")).await
}

async fn spaces_and_pages(control: &Control<'_>) -> anyhow::Result<()> {
    let space = |key: &str| control.make("/spaces", json!({ "key": key, "name": TEXT, "description": TEXT }));
    space("AWK").await?;
    let archived = space("OLDS").await?;
    control.change(&format!("/spaces/{archived}"), json!({ "archived": true })).await?;
    let hidden = space("SECR").await?;
    control.change(&format!("/spaces/{hidden}"), json!({ "restricted": true })).await?;
    let page = |title: &str| {
        let body = "<p>A <strong>bold</strong> word &amp; <em>more</em></p><ul><li>one</li></ul>";
        control.make("/pages", json!({ "space": "AWK", "title": title, "body": body }))
    };
    let parent = page(&format!("{TEXT}!")).await?;
    let child = control.make("/pages", json!({ "space": "AWK", "title": "Below", "parent": parent })).await?;
    control.change(&format!("/pages/{child}"), json!({ "title": "Below, renamed", "body": "" })).await?;
    let archived = page("Archived").await?;
    control.change(&format!("/pages/{archived}"), json!({ "status": "archived" })).await?;
    let moved = page("Moved").await?;
    control.change(&format!("/pages/{moved}"), json!({ "space": "SECR" })).await?;
    let trashed = page("In the trash").await?;
    control.delete(&format!("/pages/{trashed}")).await?;
    let purged = page("Purged").await?;
    control.delete(&format!("/pages/{purged}")).await?;
    control.delete(&format!("/pages/{purged}?purge=true")).await
}

/// Takes away from a mirror what it has: deletes, moves, archives, trashes.
pub async fn make_outdated(browser: &Browser, site: &'static str) -> anyhow::Result<()> {
    let control = Control { browser, site };
    let truth = browser.get(&format!("/__sandbox/sites/{site}/truth")).await.expect(200).json();
    let last = |kind: &str, from_end: usize| {
        let things = truth[kind].as_array().and_then(|things| things.iter().nth_back(from_end));
        let id = things.and_then(|thing| thing["id"].as_str());
        id.map(str::to_owned).with_context(|| format!("not enough {kind}"))
    };
    control.delete(&format!("/issues/{}", last("issues", 0)?)).await?;
    let moved = truth["issues"].as_array().and_then(|issues| issues.first()).context("no issue")?;
    let elsewhere =
        truth["projects"].as_array().into_iter().flatten().filter_map(|project| project["key"].as_str());
    let is_elsewhere =
        |key: &&str| !moved["key"].as_str().unwrap_or_default().starts_with(&format!("{key}-"));
    let target = elsewhere.filter(|key| *key != "SEC").find(is_elsewhere).context("no other project")?;
    let moved = moved["id"].as_str().context("no id")?;
    control.change(&format!("/issues/{moved}"), json!({ "project": target })).await?;
    for (kind, from_end, change) in [
        ("projects", 0, json!({ "archived": true })),
        ("spaces", 0, json!({ "archived": true })),
        ("pages", 3, json!({ "status": "archived" })),
        ("pages", 4, json!({ "space": "ENG" })),
    ] {
        control.change(&format!("/{kind}/{}", last(kind, from_end)?), change).await?;
    }
    control.delete(&format!("/projects/{}", last("projects", 1)?)).await?;
    let (trashed, purged) = (last("pages", 0)?, last("pages", 1)?);
    control.delete(&format!("/pages/{trashed}")).await?;
    control.delete(&format!("/pages/{purged}")).await?;
    control.delete(&format!("/pages/{purged}?purge=true")).await
}

/// What a walk could not know by itself: the names of what no list shows any more, and former keys.
pub async fn tell(browser: &Browser, site: &str, known: &mut Known) -> anyhow::Result<()> {
    let truth = browser.get(&format!("/__sandbox/sites/{site}/truth")).await.expect(200).json();
    let lists = [
        ("projects", Api::Jira, "/project"),
        ("retired_projects", Api::Jira, "/project"),
        ("issues", Api::Jira, "/issue"),
        ("spaces", Api::Confluence, "/spaces"),
        ("pages", Api::Confluence, "/pages"),
        ("trashed_pages", Api::Confluence, "/pages"),
        ("pages", Api::ConfluenceOld, "/content"),
    ];
    for (name, api, list) in lists {
        for thing in truth[name].as_array().with_context(|| format!("the truth has no {name}"))? {
            known.add(api, list, thing["id"].as_str().unwrap_or_default());
        }
    }
    for thing in truth["spaces"].as_array().into_iter().flatten() {
        known.add(Api::ConfluenceOld, "/space", thing["key"].as_str().unwrap_or_default());
    }
    for (list, name) in [
        ("/issue", "AWK-1"),
        ("/issue", "AWK-2"),
        ("/issue", "FORMER-1"),
        ("/issue", "AWK-99"),
        ("/project", "FORMER"),
    ] {
        known.add(Api::Jira, list, name);
    }
    Ok(())
}
