//! The scopes that operations need, as the documents list them: with a whole set of them the sandbox lets a token
//! through, with one left out it does not.

use std::collections::BTreeMap;
use std::sync::Arc;

use connector_testkit::{Browser, Sandbox};

use super::consent::{Person, gateway};
use super::routes::played;
use crate::check::Checker;
use crate::openapi::{Api, Found};

/// Of each product one that reads nothing: a consent without any would not reach the site at all.
const BESIDES: &str = "write:jira-work write:page:confluence";

/// A request with the scopes of one consent.
struct Probe {
    api: Api,
    method: &'static str,
    route: String,
    /// Whether the document says that these scopes are enough.
    covered: bool,
}

/// Compares; answers where the sandbox and a document disagree, line by line.
pub async fn compare(checker: &Arc<Checker>) -> anyhow::Result<Vec<String>> {
    let sandbox = Sandbox::start(super::options()).await;
    let browser = Browser::new(&sandbox.url);
    let mut failures = Vec::new();
    for (scopes, probes) in probes(checker) {
        let walker = gateway(&browser, checker, Person::Ada, "acme", &format!("{scopes} {BESIDES}")).await?;
        for Probe { api, method, route, covered } in probes {
            let path = format!("{}{route}", walker.root(api));
            let (_, body) = walker.ask(method, &path, "", None).await;
            let message = body["message"].as_str().unwrap_or_default();
            if message.contains("scope does not match") == covered {
                let verb = if covered { "refuses" } else { "lets through" };
                failures.push(format!("{method} {route} of {}: the sandbox {verb} {scopes}", api.name()));
            }
        }
    }
    Ok(failures)
}

/// What is asked, by the scopes of the consent: whole sets, and sets that lack one.
fn probes(checker: &Checker) -> BTreeMap<String, Vec<Probe>> {
    let mut all: BTreeMap<String, Vec<Probe>> = BTreeMap::new();
    for (api, method, template) in played() {
        let route = template.replace("{}", "1");
        let path = format!("/ex/any/site{}{route}", api.prefix());
        let Found::Operation(operation) = checker.documents.find(method, &path) else { continue };
        let sets = operation.scopes();
        if sets.iter().any(Vec::is_empty) {
            // Everybody may.
            continue;
        }
        for set in &sets {
            let lacking = set.iter().map(|lost| set.iter().copied().filter(|scope| scope != lost).collect());
            for granted in std::iter::once(set.clone()).chain(lacking) {
                let covers = |set: &Vec<&str>| set.iter().all(|scope| granted.contains(scope));
                let covered = sets.iter().any(covers);
                let probe = Probe { api, method, route: route.clone(), covered };
                all.entry(granted.join(" ")).or_default().push(probe);
            }
        }
    }
    all
}
