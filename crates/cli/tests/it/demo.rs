//! The main job with one command, and nothing but a client that keeps cookies.

use std::collections::BTreeSet;

use connector_store::Engine;
use connector_testkit::{Browser, TestDatabase, parameter};
use rstest::rstest;
use serde_json::Value;

use crate::program::Program;
use crate::workplace::Workplace;

/// The address that stands behind a word of what the demo prints.
async fn printed(demo: &Program, word: &str) -> String {
    let line = demo.line(word).await;
    let address = line.split_whitespace().nth(1).unwrap_or_else(|| panic!("no address in `{line}`"));
    address.trim_end_matches('/').to_owned()
}

fn pairs<'v>(rows: &'v Value, names: [&str; 2]) -> BTreeSet<[&'v str; 2]> {
    rows.as_array().unwrap().iter().map(|row| names.map(|name| row[name].as_str().unwrap())).collect()
}

#[rstest]
#[tokio::test]
async fn one_command_one_address_one_click_and_there_are_projects_and_pages(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let workplace = Workplace::new();
    let mut arguments = vec!["demo", "--listen", "127.0.0.1:0", "--sandbox-listen", "127.0.0.1:0"];
    let database = match engine {
        Engine::Sqlite => None,
        Engine::Postgres => match TestDatabase::empty(engine).await {
            Some(database) => Some(database),
            None => return,
        },
    };
    if let Some(database) = &database {
        arguments.extend(["--db", database.url_text()]);
    }
    let demo = workplace.start(&arguments);
    let browser = Browser::new(&printed(&demo, "Open").await);

    let landing = browser.connect().await.location();
    assert_eq!((landing.path(), parameter(&landing, "status").as_deref()), ("/connected", Some("success")));
    browser.for_pages().get(landing.as_str()).await.expect(200);
    let resources = browser.get("/api/atlassian/resources").await.expect(200).json();
    assert_eq!(resources["data"][0]["name"], "acme");
    assert_eq!(browser.latest_sync().await["status"], "succeeded");

    let sandbox = Browser::new(&printed(&demo, "Simulator").await);
    let truth = sandbox.get("/__sandbox/sites/acme/truth").await.expect(200).json();
    let projects = browser.get("/integrations/jira/projects/fetch").await.expect(200).json();
    let pages = browser.get("/integrations/confluence/pages/fetch").await.expect(200).json();
    assert_eq!(projects["items"].as_array().unwrap().len(), 12);
    assert_eq!(pages["items"].as_array().unwrap().len(), 300);
    assert_eq!(pairs(&projects["items"], ["remote_id", "key"]), pairs(&truth["projects"], ["id", "key"]));
    assert_eq!(pairs(&pages["items"], ["remote_id", "title"]), pairs(&truth["pages"], ["id", "title"]));

    demo.signal("TERM").await;
    demo.end().await.well();
    let left: Vec<_> =
        std::fs::read_dir(workplace.folder()).unwrap().map(|file| file.unwrap().file_name()).collect();
    assert!(left.is_empty(), "a demo leaves nothing behind: {left:?}");
}

#[tokio::test]
async fn a_demo_is_the_same_in_any_environment() {
    let workplace = Workplace::new()
        .with("ATLASSIAN_CLIENT_ID", "the-real-app")
        .with("INTEGRATION_DB_URL", "postgres://nobody@127.0.0.1:1/real")
        .with("CONNECTOR_AUTH", "required");
    let demo = workplace.start(&["demo", "--listen", "127.0.0.1:0", "--sandbox-listen", "127.0.0.1:0"]);
    let browser = Browser::new(&printed(&demo, "Open").await);
    browser.connect().await;
    browser.stranger().get("/users").await.expect(200);
}

#[tokio::test]
async fn a_demo_whose_port_is_taken_says_so() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    for arguments in [
        ["--listen", &address, "--sandbox-listen", "127.0.0.1:0"],
        ["--listen", "127.0.0.1:0", "--sandbox-listen", &address],
    ] {
        let ended = Workplace::new().run(&[&["demo"][..], &arguments].concat()).await;
        assert_eq!(ended.code, Some(1));
        assert!(ended.stderr.contains(&format!("cannot listen on {address}")), "{}", ended.stderr);
    }
}
