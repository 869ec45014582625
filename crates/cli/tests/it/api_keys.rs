//! `connector api-keys`.

use connector_domain::Secret;
use connector_store::Engine;
use rstest::rstest;
use serde_json::Value;

use crate::workplace::{Site, Workplace};

#[rstest]
#[tokio::test]
async fn the_first_key_is_made_at_the_command_line_and_opens_a_running_service(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some(mut site) = Site::new(engine).await else { return };
    site.workplace.set("CONNECTOR_AUTH", "required");
    let service = site.serve().await;
    let run = async |arguments: &[&str]| site.workplace.run(&[&["api-keys"], arguments].concat()).await;
    let made = run(&["create", "--name", "reports", "--scope", "manage"]).await.well();
    let key = Secret::new(made.stdout.trim());
    assert!(made.stderr.contains("It is shown this once"), "{}", made.stderr);
    let program = site.browser().with_key(&key);
    program.get("/users").await.expect(200);

    let listed = run(&["list", "--json"]).await.well();
    let listed: Value = serde_json::from_str(&listed.stdout).unwrap();
    assert_eq!((&listed[0]["name"], &listed[0]["state"]), (&"reports".into(), &"alive".into()));
    assert!(!listed.to_string().contains(key.expose()));
    let id = listed[0]["id"].as_str().unwrap();
    run(&["revoke", id]).await.well();
    program.get("/users").await.problem(401);
    assert!(run(&["list"]).await.well().stdout.contains("revoked"));
    assert!(run(&["revoke", "nothing"]).await.stderr.contains("there is no API key `nothing`"));
    service.kill().await;
}

#[tokio::test]
async fn a_scope_that_is_none_is_refused_and_an_empty_database_gets_its_first_key() {
    let workplace = Workplace::new();
    let wrong = workplace.run(&["api-keys", "create", "--name", "x", "--scope", "write"]).await;
    assert_eq!(wrong.code, Some(2), "{wrong:?}");
    assert!(wrong.stderr.contains("it must be `read`, `manage` or `admin`"), "{}", wrong.stderr);
    assert!(workplace.run(&["api-keys", "list"]).await.well().stdout.contains("there are no API keys"));
    let made =
        workplace.run(&["api-keys", "create", "--name", "x", "--scope", "admin", "--json"]).await.well();
    let made: Value = serde_json::from_str(&made.stdout).unwrap();
    assert!(made["key"].as_str().unwrap().starts_with("jcc_admin_"), "{made}");
}
