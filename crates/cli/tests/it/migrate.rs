//! `connector migrate`.

use connector_store::Engine;
use connector_testkit::TestDatabase;
use rstest::rstest;
use serde_json::{Value, json};

use crate::workplace::{KEY, Workplace};

#[rstest]
#[tokio::test]
async fn says_what_it_did_and_then_that_there_is_nothing_to_do(
    #[values(Engine::Sqlite, Engine::Postgres)] engine: Engine,
) {
    let Some(database) = TestDatabase::empty(engine).await else { return };
    let workplace = Workplace::new()
        .with("INTEGRATION_DB_URL", database.url_text())
        .with("CONNECTOR_ENCRYPTION_KEYS", KEY);
    let told = async |arguments: &[&str]| workplace.run(arguments).await.well().stdout;
    let first = told(&["migrate"]).await;
    assert!(first.contains("applied m0001_initial") && first.contains("is up to date now"), "{first}");
    let again = told(&["migrate"]).await;
    assert!(!again.contains("applied") && again.contains("is up to date"), "{again}");
    let as_data: Value = serde_json::from_str(&told(&["migrate", "--json"]).await).unwrap();
    assert_eq!(as_data["applied"], json!([]));
    assert!(as_data["total"].as_u64().unwrap() >= 1);
}

#[tokio::test]
async fn the_seed_s_spelling_of_the_default_database_is_understood() {
    let workplace = Workplace::new().with("INTEGRATION_DB_URL", "sqlite:///./integration.db");
    workplace.run(&["migrate"]).await.well();
    assert!(workplace.database().exists());
    let told = Workplace::new().run(&["migrate"]).await.well().stdout;
    assert!(told.contains("SQLite ./integration.db"), "{told}");
}
