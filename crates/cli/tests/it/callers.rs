//! Sessions in Redis, the audit trail and the deletion of users, at the command line.

use connector_store::Engine;
use connector_testkit::TestRedis;
use rstest::rstest;
use serde_json::Value;

use crate::workplace::{Site, Workplace};

#[tokio::test]
async fn sessions_in_redis_outlive_the_process_and_are_not_in_the_database() {
    let Some(redis) = TestRedis::take() else { return };
    let Some(mut site) = Site::new(Engine::Sqlite).await else { return };
    site.workplace.set("CONNECTOR_AUTH", "required");
    site.workplace.set("CONNECTOR_SESSION_URL", redis.url());
    let service = site.serve().await;
    let browser = site.browser();
    browser.connect().await;
    browser.get("/readyz").await.expect(200);
    service.kill().await;
    let service = site.serve().await;
    assert_eq!(browser.get("/api/me").await.expect(200).json()["user"]["email"], "ada@example.com");
    browser.delete("/api/sessions").await.expect(204);
    service.kill().await;
    // Without Redis there are no sessions: those of before were never in the database.
    site.workplace.set("CONNECTOR_SESSION_URL", "");
    let service = site.serve().await;
    browser.get("/api/me").await.problem(401);
    service.kill().await;
}

#[tokio::test]
async fn a_redis_that_does_not_answer_is_told_without_its_password() {
    // Nobody listens on port 1.
    let workplace = Workplace::new().with("CONNECTOR_SESSION_URL", "redis://:hunter2@127.0.0.1:1");
    let ended = workplace.run(&["serve", "--listen", "127.0.0.1:0"]).await;
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    assert!(ended.stderr.contains("CONNECTOR_SESSION_URL cannot be used"), "{}", ended.stderr);
    assert!(!ended.stderr.contains("hunter2"), "{}", ended.stderr);
}

#[rstest]
#[tokio::test]
async fn the_trail_is_shown_and_a_user_deleted(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let Some(site) = Site::new(engine).await else { return };
    let service = site.serve().await;
    let browser = site.browser();
    browser.connect().await;
    let run = async |arguments: &[&str]| site.workplace.run(arguments).await;
    let shown = run(&["audit", "--event", "logged_in", "--json"]).await.well();
    let shown: Value = serde_json::from_str(&shown.stdout).unwrap();
    assert_eq!((shown.as_array().unwrap().len(), &shown[0]["actor_kind"]), (1, &"person".into()));
    let table = run(&["audit", "--user", "1", "--limit", "5"]).await.well();
    assert!(table.stdout.contains("logged_in"), "{}", table.stdout);
    assert!(
        run(&["audit", "--since", "2999-01-01T00:00:00Z"])
            .await
            .well()
            .stdout
            .contains("nothing of that kind")
    );
    assert_eq!(run(&["audit", "--since", "yesterday"]).await.code, Some(2));
    if engine == Engine::Sqlite {
        // The service keeps answers in its memory.
        let refused = run(&["users", "delete", "1"]).await;
        assert!(refused.stderr.contains("another process serves this database"), "{}", refused.stderr);
    }
    service.kill().await;
    let erased = run(&["users", "delete", "ada@example.com", "--json"]).await.well();
    let erased: Value = serde_json::from_str(&erased.stdout).unwrap();
    assert_eq!(
        (&erased["user_id"], &erased["erased"]["users"], &erased["erased"]["sessions"]),
        (&1.into(), &1.into(), &1.into())
    );
    assert!(run(&["users", "delete", "1"]).await.stderr.contains("there is no user `1`"));
}
