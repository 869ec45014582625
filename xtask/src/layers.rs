//! Compares the dependencies that the crates name with the table of who may use whom.

mod rules;

use std::fmt::Write;

use anyhow::{Context, bail};
use serde_json::Value;

use self::rules::{FOR_TESTS, RULES, Rule};
use crate::cargo;

pub fn run() -> anyhow::Result<()> {
    let violations = violations(&cargo::metadata()?)?;
    if !violations.is_empty() {
        let list = violations.iter().fold(String::new(), |mut list, violation| {
            let _ = write!(list, "\n  {violation}");
            list
        });
        bail!("the layers do not hold (the table is xtask/src/layers/rules.rs):{list}");
    }
    eprintln!("layers: {} crates keep to the table", RULES.len());
    Ok(())
}

/// One sentence for each dependency that the table does not allow.
fn violations(metadata: &Value) -> anyhow::Result<Vec<String>> {
    let packages = metadata["packages"].as_array().context("`cargo metadata` names no packages")?;
    let ours: Vec<&str> = packages.iter().filter_map(|package| package["name"].as_str()).collect();
    let mut violations = Vec::new();
    for package in packages {
        let name = package["name"].as_str().context("a package has no name")?;
        let Some(rule) = RULES.iter().find(|rule| rule.name == short(name)) else {
            violations.push(format!("{name}: has no row in the table"));
            continue;
        };
        for dependency in package["dependencies"].as_array().into_iter().flatten() {
            let target = dependency["name"].as_str().context("a dependency has no name")?;
            let for_tests = dependency["kind"] == "dev";
            let fault = if ours.contains(&target) {
                fault_inside(rule, short(target), for_tests)
            } else {
                fault_outside(rule, target, for_tests)
            };
            violations.extend(fault.map(|fault| format!("{name} -> {target}: {fault}")));
        }
    }
    Ok(violations)
}

fn fault_inside(rule: &Rule, target: &str, for_tests: bool) -> Option<String> {
    let allowed = rule.uses.contains(&target) || (for_tests && FOR_TESTS.contains(&target));
    (!allowed).then(|| match rule.uses {
        [] => format!("{} uses no crate of ours", rule.name),
        uses => format!("{} may use {}", rule.name, uses.join(", ")),
    })
}

fn fault_outside(rule: &Rule, target: &str, for_tests: bool) -> Option<String> {
    let kind = rule.never.iter().find(|kind| kind.crates.contains(&target))?;
    (!for_tests).then(|| kind.what.to_owned())
}

fn short(package: &str) -> &str {
    package.strip_prefix("connector-").unwrap_or(package)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// A workspace in which the crate `from` names one dependency; every name of the table exists.
    fn with_arrow(from: &str, to: &str, kind: Option<&str>) -> Value {
        let packages: Vec<Value> = RULES
            .iter()
            .map(|rule| {
                let name = format!("connector-{}", rule.name);
                let dependencies = if name == from { json!([{"name": to, "kind": kind}]) } else { json!([]) };
                json!({"name": name, "dependencies": dependencies})
            })
            .collect();
        json!({ "packages": packages })
    }

    fn reported(from: &str, to: &str, kind: Option<&str>) -> Vec<String> {
        violations(&with_arrow(from, to, kind)).unwrap()
    }

    #[test]
    fn this_workspace_keeps_its_layers() {
        run().unwrap();
    }

    #[test]
    fn the_table_only_points_downwards() {
        for (row, rule) in RULES.iter().enumerate() {
            for used in rule.uses {
                let target = RULES.iter().position(|other| other.name == *used);
                assert!(target.is_some_and(|target| target > row), "{} -> {used}", rule.name);
            }
        }
    }

    #[test]
    fn an_arrow_that_points_upwards_is_reported() {
        let found = reported("connector-store", "connector-web", None);
        assert_eq!(found, ["connector-store -> connector-web: store may use domain"]);
    }

    #[test]
    fn the_two_witnesses_do_not_meet() {
        assert_eq!(reported("connector-atlassian", "connector-sandbox", None).len(), 1);
        assert_eq!(reported("connector-sandbox", "connector-atlassian", None).len(), 1);
        assert_eq!(reported("connector-sandbox", "connector-domain", None).len(), 1);
        assert_eq!(reported("connector-web", "connector-sandbox", None).len(), 1);
        assert!(reported("connector-cli", "connector-sandbox", None).is_empty());
    }

    #[test]
    fn web_asks_services_and_not_atlassian_or_the_database() {
        assert_eq!(reported("connector-web", "connector-atlassian", None).len(), 1);
        let found = reported("connector-web", "sqlx", None);
        assert_eq!(found, ["connector-web -> sqlx: SQL is spoken by the store alone"]);
        assert!(reported("connector-web", "connector-sync", None).is_empty());
        assert!(reported("connector-store", "sqlx", None).is_empty());
    }

    #[test]
    fn build_dependencies_count_and_those_of_tests_may_reach_the_test_tools() {
        assert_eq!(reported("connector-store", "reqwest", Some("build")).len(), 1);
        assert!(reported("connector-store", "reqwest", Some("dev")).is_empty());
        assert!(reported("connector-store", "connector-testkit", Some("dev")).is_empty());
        assert_eq!(reported("connector-store", "connector-testkit", None).len(), 1);
        assert_eq!(reported("connector-store", "connector-web", Some("dev")).len(), 1);
    }

    #[test]
    fn a_crate_without_a_row_is_reported() {
        let metadata = json!({"packages": [{"name": "connector-stray", "dependencies": []}]});
        assert_eq!(violations(&metadata).unwrap(), ["connector-stray: has no row in the table"]);
    }
}
