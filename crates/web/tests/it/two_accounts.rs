//! Two accounts on one site: of two persons, whose rows are their own, and of one person, whose rows both feed.

use std::time::Duration;

use connector_store::Engine;
use connector_testkit::{Browser, TestApp};
use rstest::rstest;
use serde_json::{Value, json};

/// Ada and Ben have both synced; the first project is hidden from Ben then.
struct Two {
    app: TestApp,
    browser: Browser,
    people: Vec<i64>,
    /// Their connections.
    ids: Vec<String>,
    hidden: Value,
    truth: Value,
}

impl Two {
    async fn start(engine: Engine) -> Option<Self> {
        let app = TestApp::start_with(engine, |setup| {
            (setup.sandbox.projects, setup.sandbox.issues) = (Some(2), Some(60));
            (setup.sandbox.spaces, setup.sandbox.pages) = (Some(1), Some(10));
        })
        .await?;
        let browser = app.connected().await;
        let ben = app.browser();
        ben.connect_as("Ben").await;
        let (mut people, mut ids) = (Vec::new(), Vec::new());
        for browser in [&browser, &ben] {
            let me = browser.get("/api/me").await.expect(200).json();
            let person = me["user"]["id"].as_i64().unwrap();
            let query = format!("SELECT id FROM connections WHERE user_id = {person}");
            ids.extend(app.database.texts(&query).await);
            people.push(person);
        }
        // Both began at the same moment: neither is the latest.
        let runs = ben.get(&format!("/api/syncs?connection_id={}", ids[1])).await.expect(200).json();
        let run = ben.follow(runs["items"][0]["id"].as_str().unwrap()).await;
        assert_eq!(run["status"], "succeeded", "{run}");
        let truth = app.sandbox.truth("acme").await;
        let hidden = truth["projects"][0].clone();
        let from = json!({"hidden_from": ["ben@example.com"]});
        app.sandbox.edit("acme", "projects", hidden["id"].as_str().unwrap(), &from).await;
        Some(Self { app, browser, people, ids, hidden, truth })
    }

    /// A census of one of the connections, and then a second one that confirms it.
    async fn census(&self, of: usize) {
        for _ in 0..2 {
            let body = json!({"mode": "census", "connection_id": self.ids[of]});
            let run = self.browser.sync(&body).await;
            assert_eq!(run["status"], "succeeded", "{run}");
            self.app.advance(Duration::from_mins(61)).await;
        }
    }

    /// The issues that a person has mirrored of the hidden project, and of the other one.
    async fn living(&self, who: usize) -> [usize; 2] {
        let (hidden, person) = (self.hidden["id"].as_str().unwrap(), self.people[who]);
        let count = async |which: &str| {
            let query = format!(
                "SELECT remote_id FROM jira_issues WHERE owner_id = {person} AND deleted_at IS NULL \
                 AND cloud_id IN (SELECT cloud_id FROM connection_sites WHERE url LIKE '%acme%') \
                 AND project_id {which} '{hidden}'"
            );
            self.app.database.texts(&query).await.len()
        };
        [count("=").await, count("<>").await]
    }

    /// Deletes an issue of the hidden project, or of the other one.
    async fn delete_one(&self, of_hidden: bool) {
        let begin = format!("{}-", self.hidden["key"].as_str().unwrap());
        let issues = self.truth["issues"].as_array().unwrap();
        let is_it = |issue: &&Value| issue["key"].as_str().unwrap().starts_with(&begin) == of_hidden;
        let id = issues.iter().find(is_it).unwrap()["id"].as_str().unwrap();
        Browser::new(&self.app.sandbox.url).delete(&format!("/__sandbox/sites/acme/issues/{id}")).await;
    }
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_one_person_loses_another_keeps(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let Some(two) = Two::start(engine).await else { return };
    let before = two.living(0).await;
    assert_eq!(two.living(1).await, before);
    two.census(1).await;
    assert_eq!(two.living(1).await, [0, before[1]]);
    assert_eq!(two.living(0).await, before);
    two.delete_one(false).await;
    two.census(0).await;
    assert_eq!(two.living(0).await, [before[0], before[1] - 1]);
    assert_eq!(two.living(1).await, [0, before[1]], "his own census is to come");
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_one_account_of_a_person_may_not_see_the_other_keeps(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some(two) = Two::start(engine).await else { return };
    // Both are Ada's from now on.
    let (ada, ben) = (&two.ids[0], &two.ids[1]);
    let give = format!(
        "UPDATE connections SET user_id = (SELECT user_id FROM connections WHERE id = '{ada}') WHERE id = '{ben}'"
    );
    two.app.database.execute(&give).await;
    let before = two.living(0).await;
    two.census(1).await;
    assert_eq!(two.living(0).await, before, "the other account sees it all");
    let unequal = format!(
        "SELECT stream || ' ' || scope || ' ' || state FROM sync_proofs WHERE state <> 'equal' \
         AND connection_id = '{ben}'"
    );
    assert_eq!(two.app.database.texts(&unequal).await, [""; 0], "each compares what it sees");
    // What is really gone goes, whichever of the two notices.
    two.delete_one(false).await;
    two.census(1).await;
    assert_eq!(two.living(0).await, [before[0], before[1] - 1]);
    two.delete_one(true).await;
    two.census(0).await;
    assert_eq!(two.living(0).await, [before[0] - 1, before[1] - 1]);
}
