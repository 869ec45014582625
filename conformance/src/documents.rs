//! The sandbox and the client against Atlassian's documents.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;

use crate::allowed::{self, Allowed};
use crate::check::Checker;
use crate::openapi::Documents;
use crate::recorded::Recorded;
use crate::report::Report;
use crate::{recorded, walk};

/// What the product's default scopes do not cover: webhooks, search, and the tree between pages. An operator who wants
/// these adds them.
const MORE_SCOPES: &str = "manage:jira-webhook search:confluence read:hierarchical-content:confluence \
    read:content.metadata:confluence read:folder:confluence read:comment:confluence read:attachment:confluence";

/// Walks the sandbox and compares every answer. Answers what is wrong, line by line.
pub async fn answers(folder: &Path) -> anyhow::Result<Vec<String>> {
    let checker = Arc::new(Checker::new(Documents::load(folder)?));
    walk::everything(&checker).await?;
    let scopes = walk::compare_scopes(&checker).await?;
    let report = checker.report();
    let mut failures = show("answers of the sandbox", &report, allowed::ANSWERS);
    failures.extend(scopes);
    failures.extend(walk::misplayed(&report));
    Ok(failures)
}

/// Compares every request of the product's own client. Answers what is wrong, line by line.
pub async fn requests(folder: &Path) -> anyhow::Result<Vec<String>> {
    let checker = Checker::new(Documents::load(folder)?);
    let scopes = client_scopes()?;
    let granted: Vec<&str> = scopes.split_whitespace().collect();
    let requests = recorded::requests(&scopes).await?;
    let mut failures: Vec<String> =
        requests.iter().filter_map(|request| checker.request(request, &granted)).collect();
    // Refused for what the client asks, not for who asks: the sandbox and the client disagree.
    let refused = requests.iter().filter(|request| (400..500).contains(&request.status));
    failures.extend(refused.filter(|request| !is_of_what_is_gone(request)).map(|request| {
        let Recorded { method, path, status, refusal, .. } = request;
        format!("{method} {path}: refused with {status} {refusal}")
    }));
    failures.extend(show("requests of the client", &checker.report(), allowed::REQUESTS));
    Ok(failures)
}

/// Whether it was asked of what has gone meanwhile: of one thing that its list does not have any more and that is
/// looked for by its id, or of a project that is searched as it was when the projects were listed.
fn is_of_what_is_gone(request: &Recorded) -> bool {
    let last = request.path.rsplit('/').next().unwrap_or_default();
    match request.status {
        404 => request.method == "GET" && last.trim_start_matches("att").parse::<u64>().is_ok(),
        400 => last == "jql" && request.refusal.contains("does not exist for the field 'project'"),
        _ => false,
    }
}

/// The scopes for everything that the client can ask for.
pub fn client_scopes() -> anyhow::Result<String> {
    Ok(format!("{} {MORE_SCOPES}", default_scopes()?))
}

/// The scopes that the program asks for when nobody says otherwise. They stand in the program, which is no library.
fn default_scopes() -> anyhow::Result<String> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/cli/src/config/mod.rs");
    let text = std::fs::read_to_string(source).context("the program's configuration cannot be read")?;
    let scopes = text.split_once("DEFAULT_SCOPES: &str").and_then(|(_, rest)| rest.split('"').nth(1));
    Ok(scopes.context("the program's configuration has no DEFAULT_SCOPES")?.to_owned())
}

#[expect(clippy::print_stdout, reason = "the report is this program's result")]
fn show(what: &str, report: &Report, allowed: &[Allowed]) -> Vec<String> {
    let verdict = report.judge(allowed);
    let failures = verdict.failures();
    println!("\n{what}: {} messages of {} operations\n{verdict}", report.messages(), report.operations());
    failures
}
