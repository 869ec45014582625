//! Programs of other people, made for the real Atlassian, against the sandbox.
//!
//! Each is installed into a folder of its own that is gone afterwards, and driven by a small program of ours (in
//! `clients/`) that tells step by step what it was answered. The drivers hand the hosts that clients have built in
//! (`api.atlassian.com`, `acme.atlassian.net`) to the sandbox and change nothing else.

mod expect;
pub(crate) mod install;
mod run;

use std::time::Duration;

use connector_sandbox::SandboxOptions;
use connector_testkit::{Browser, Sandbox};

use self::expect::{Expected, Truth};
use self::install::{Installed, Workshop};
use self::run::{NotRun, Told};
use crate::walk::consent::CALLBACK;

/// One client may take this long.
const LONGEST: Duration = Duration::from_mins(2);

/// A client and what its driver is to tell.
#[derive(Debug)]
pub struct Client {
    pub name: &'static str,
    pub driver: &'static str,
    pub kind: Kind,
    /// The way in, the step, and what comes of it.
    pub steps: &'static [(&'static str, &'static str, Expected)],
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Node,
    /// With a Python environment of its own: the two need different releases of the same library.
    Python(&'static str),
}

const CLIENTS: &[Client] = &[
    Client {
        name: "jira.js",
        driver: "jira.mjs",
        kind: Kind::Node,
        steps: &[
            ("site", "projects", Expected::Projects),
            ("site", "search", Expected::Issues),
            ("site", "search by POST", Expected::Issues),
            ("site", "issue", Expected::Issue),
            ("site", "who", Expected::Who),
            ("gateway", "log in", Expected::Yes),
            ("gateway", "projects", Expected::Projects),
            ("gateway", "search", Expected::Issues),
            ("gateway", "search by POST", Expected::Issues),
            ("gateway", "issue", Expected::Issue),
            ("gateway", "who", Expected::Who),
        ],
    },
    Client {
        name: "confluence.js",
        driver: "confluence.mjs",
        kind: Kind::Node,
        steps: &[
            ("site", "spaces", Expected::Spaces),
            ("site", "pages", Expected::Pages),
            ("site", "body", Expected::Body),
            ("site", "search", Expected::Found),
            ("site", "who", Expected::Who),
            ("gateway", "log in", Expected::Yes),
            ("gateway", "spaces", Expected::Spaces),
            ("gateway", "pages", Expected::Pages),
            ("gateway", "body", Expected::Body),
            ("gateway", "search", Expected::Found),
            ("gateway", "who", Expected::Who),
        ],
    },
    Client {
        name: "atlassian-python-api",
        driver: "atlassian_python_api.py",
        kind: Kind::Python(install::ATLASSIAN_PYTHON_API),
        steps: &[
            ("site", "projects", Expected::Projects),
            ("site", "search", Expected::Issues),
            ("site", "search by version 3", Expected::Issues),
            ("site", "issue", Expected::Issue),
            ("site", "who", Expected::Who),
            ("site", "spaces", Expected::Spaces),
            ("site", "pages", Expected::Pages),
            ("site", "body", Expected::Body),
            ("site", "spaces of version 1", Expected::Spaces),
            ("site", "pages of version 1", Expected::CurrentPages),
            ("site", "body of version 1", Expected::Body),
            ("gateway", "projects", Expected::Projects),
            ("gateway", "search", Expected::Issues),
            ("gateway", "search by version 3", Expected::Issues),
            ("gateway", "issue", Expected::Issue),
            ("gateway", "who", Expected::Who),
            ("gateway", "spaces", Expected::Spaces),
            ("gateway", "pages", Expected::Pages),
            ("gateway", "body", Expected::Body),
        ],
    },
    Client {
        name: "mcp-atlassian",
        driver: "mcp_atlassian_tools.py",
        kind: Kind::Python(install::MCP_ATLASSIAN),
        steps: &[
            ("site", "projects", Expected::Projects),
            ("site", "search", Expected::Issues),
            ("site", "issue", Expected::Issue),
            ("site", "first page of a search", Expected::SomeFound(50)),
            ("site", "body", Expected::Body),
            ("site", "who", Expected::Who),
            ("site", "who in Confluence", Expected::Who),
            ("site", "spaces", Expected::Spaces),
            ("gateway", "projects", Expected::Projects),
            ("gateway", "search", Expected::Issues),
            ("gateway", "issue", Expected::Issue),
            ("gateway", "first page of a search", Expected::SomeFound(50)),
            ("gateway", "body", Expected::Body),
            ("gateway", "who", Expected::Who),
            ("gateway", "who in Confluence", Expected::Who),
            // Removed from the gateway in August 2026, which this release of the client does not know yet.
            ("gateway", "spaces of version 1", Expected::Number(410)),
        ],
    },
];

/// What the clients were tried against: sizes at which every list has several pages.
fn options() -> SandboxOptions {
    SandboxOptions {
        projects: Some(8),
        issues: Some(130),
        spaces: Some(6),
        pages: Some(90),
        redirect_uri: vec![CALLBACK.to_owned()],
        ..SandboxOptions::default()
    }
}

/// Installs and runs all clients. Answers what is wrong, line by line; a client that cannot be installed here is only
/// named, unless none may be left out.
pub async fn run(all_needed: bool) -> anyhow::Result<Vec<String>> {
    let workshop = Workshop::new()?;
    let sandbox = Sandbox::start(options()).await;
    let browser = Browser::new(&sandbox.url);
    let truth = Truth::of(&sandbox, &browser).await?;
    let installed = workshop.install(CLIENTS).await;
    let mut running = Vec::new();
    for (client, installed) in CLIENTS.iter().zip(installed) {
        let (setting, folder) = (run::Setting::new(&browser, &truth).await?, workshop.path().to_owned());
        running.push((
            client,
            tokio::spawn(async move { run::try_out(client, installed, &folder, setting).await }),
        ));
    }
    let mut failures = Vec::new();
    for (client, running) in running {
        failures.extend(report(client, running.await?, &truth, all_needed));
    }
    Ok(failures)
}

#[expect(clippy::print_stdout, reason = "the report is this program's result")]
fn report(
    client: &Client,
    outcome: Result<Vec<Told>, NotRun>,
    truth: &Truth,
    all_needed: bool,
) -> Vec<String> {
    let name = client.name;
    let told = match outcome {
        Ok(told) => told,
        Err(NotRun::NotInstalled(why)) if !all_needed => {
            println!("{name}: left out, it could not be installed here: {why}");
            return Vec::new();
        }
        Err(NotRun::NotInstalled(why)) => return vec![format!("{name}: could not be installed: {why}")],
        Err(NotRun::Failed(why)) => return vec![format!("{name}: {why}")],
    };
    let check = |(way, step, expected): &(&str, &str, Expected)| {
        let found = told.iter().find(|told| told.way == *way && told.step == *step);
        let wrong = match found.map(|told| &told.outcome) {
            None => Some("the driver did not get there".to_owned()),
            Some(Err(error)) => Some(error.clone()),
            Some(Ok(value)) => expected.differs(value, truth),
        };
        wrong.map(|wrong| format!("{name}: {step} ({way}): {wrong}"))
    };
    let failures: Vec<String> = client.steps.iter().filter_map(check).collect();
    println!(
        "{name}: {} of {} steps as they should be",
        client.steps.len() - failures.len(),
        client.steps.len()
    );
    failures
}
