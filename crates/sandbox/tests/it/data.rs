//! The data: deterministic, of the promised size, and quick to make.

use connector_sandbox::{Dataset, SandboxOptions};
use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};

use crate::atlassian::{Atlassian, json_of};

async fn truth(options: SandboxOptions, site: &str) -> Value {
    let atlassian = Atlassian::start(options).await;
    let truth = atlassian.control(Method::GET, &format!("/sites/{site}/truth"), Value::Null).await;
    // Links name the address, which is another one each time.
    truth.to_string().replace(&atlassian.url, "").parse().expect("JSON stays JSON")
}

#[tokio::test]
async fn a_seed_always_makes_the_same_data() {
    let options = |seed| SandboxOptions { seed, ..SandboxOptions::default() };
    let first = truth(options(7), "acme").await;
    assert_eq!(first, truth(options(7), "acme").await);
    assert_ne!(first, truth(options(8), "acme").await);
}

#[rstest]
#[case(0, 0, 0, 0)]
#[case(1, 1, 1, 1)]
#[case(3, 100, 2, 70)]
#[case(70, 500, 30, 10)]
#[tokio::test]
async fn any_size_can_be_asked_for(
    #[case] projects: usize,
    #[case] issues: usize,
    #[case] spaces: usize,
    #[case] pages: usize,
) {
    let options = SandboxOptions {
        projects: Some(projects),
        issues: Some(issues),
        spaces: Some(spaces),
        pages: Some(pages),
        ..SandboxOptions::default()
    };
    let truth = truth(options, "acme").await;
    let count = |kind: &str| truth[kind].as_array().map_or(0, Vec::len);
    assert_eq!(
        (count("projects"), count("issues"), count("spaces"), count("pages")),
        (projects, issues, spaces, pages)
    );
}

#[tokio::test]
async fn keys_are_unique_however_many_there_are() {
    let options = SandboxOptions { projects: Some(300), spaces: Some(300), ..SandboxOptions::default() };
    let truth = truth(options, "acme").await;
    for kind in ["projects", "spaces"] {
        let mut keys: Vec<&str> =
            truth[kind].as_array().expect("a list").iter().filter_map(|row| row["key"].as_str()).collect();
        keys.sort_unstable();
        keys.dedup();
        assert_eq!(keys.len(), 300, "{kind}");
    }
}

#[tokio::test]
async fn the_second_site_has_what_is_left_behind() {
    let truth = truth(SandboxOptions::default(), "borealis").await;
    let states: Vec<&Value> =
        truth["retired_projects"].as_array().expect("a list").iter().map(|row| &row["status"]).collect();
    assert_eq!(states, [&json!("archived"), &json!("deleted")]);
    assert!(truth["pages"].as_array().expect("a list").iter().any(|page| page["status"] == "archived"));
}

#[tokio::test]
async fn the_medium_data_set_has_its_size() {
    let truth = truth(SandboxOptions { dataset: Dataset::Medium, ..SandboxOptions::default() }, "acme").await;
    let count = |kind: &str| truth[kind].as_array().map_or(0, Vec::len);
    assert_eq!(
        (count("projects"), count("issues"), count("spaces"), count("pages")),
        (25, 10_000, 40, 5_000)
    );
}

#[tokio::test]
async fn the_data_is_awkward_from_the_start() {
    let (atlassian, tokens) = Atlassian::connected_with(SandboxOptions::default()).await;
    let query = "/sites/acme/truth?full=true&kinds=issues,users";
    let truth = atlassian.control(Method::GET, query, Value::Null).await;
    let issues = truth["issues"].as_array().expect("a list");
    let is_rtl = |text: &str| text.contains(|letter| matches!(letter, '\u{590}'..='\u{6ff}'));

    let key_of = |change: &Value| change["items"][0]["field"] == "Key";
    let moved: Vec<(&Value, &Value)> = issues
        .iter()
        .filter_map(|issue| {
            Some((issue, issue["changelog"].as_array()?.iter().find(|change| key_of(change))?))
        })
        .collect();
    assert!(moved.len() > 5, "{} issues were moved", moved.len());
    for (issue, change) in moved {
        let (old, new) = (&change["items"][0]["fromString"], &change["items"][0]["toString"]);
        assert_eq!(*new, issue["key"]);
        let path = format!("/issue/{}", old.as_str().expect("a key"));
        let shown = json_of(atlassian.jira(&tokens, &path).await);
        assert_eq!(shown.await["key"], issue["key"], "{old}");
    }
    assert!(issues.iter().any(|issue| issue["fields"]["reporter"].is_null()));
    assert!(issues.iter().any(|issue| is_rtl(&issue["fields"]["description"].to_string())));
    let comments = issues.iter().flat_map(|issue| issue["comments"].as_array().expect("a list"));
    assert!(comments.clone().any(|comment| comment.get("author").is_none()));
    assert!(comments.clone().any(|comment| is_rtl(&comment["body"].to_string())));
    let addresses: Vec<Option<&Value>> =
        truth["users"].as_array().expect("a list").iter().map(|user| user.get("emailAddress")).collect();
    for missing in [None, Some(&Value::Null), Some(&json!(""))] {
        assert!(addresses.contains(&missing), "{missing:?}");
    }
}
