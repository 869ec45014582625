//! `connector keys`.

use std::collections::HashSet;

use connector_store::Engine;
use connector_testkit::TestDatabase;
use rstest::rstest;

use crate::workplace::{KEY, Workplace};

#[tokio::test]
async fn each_generated_key_is_new_and_can_be_used() {
    let mut workplace = Workplace::new();
    let mut keys = HashSet::new();
    for id in ["k1", "2026-11_b"] {
        let made = workplace.run(&["keys", "generate", "--id", id]).await.well().stdout;
        assert!(made.starts_with(&format!("{id}:")), "{made}");
        keys.insert(made.split_once(':').unwrap().1.to_owned());
        workplace.set("CONNECTOR_ENCRYPTION_KEYS", &made);
        workplace.set("INTEGRATION_DB_URL", &format!("sqlite:///./{id}.db"));
        workplace.run(&["migrate"]).await.well();
        assert_eq!(workplace.run(&["keys", "verify"]).await.well().stdout, "nothing is sealed here yet");
    }
    assert_eq!(keys.len(), 2);
    assert!(workplace.run(&["keys", "generate"]).await.stdout.starts_with("k1:"));
}

#[tokio::test]
async fn an_id_that_would_break_the_list_is_refused() {
    for id in ["a:b", "a,b", "", "ä", "a b"] {
        let ended = Workplace::new().run(&["keys", "generate", "--id", id]).await;
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""), "`{id}`");
        assert!(ended.stderr.starts_with("error: "), "{}", ended.stderr);
    }
}

#[rstest]
#[tokio::test]
async fn keys_are_verified_against_the_database(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let Some(database) = TestDatabase::create(engine).await else { return };
    let mut workplace = Workplace::new().with("INTEGRATION_DB_URL", database.url_text());
    workplace.set("CONNECTOR_ENCRYPTION_KEYS", KEY);
    let service = workplace.start(&["serve", "--listen", "127.0.0.1:0"]);
    service.line("\"serving\"").await;
    assert_eq!(workplace.run(&["keys", "verify"]).await.well().stdout, "key test-1 is right");
    service.kill().await;
    workplace.set("CONNECTOR_ENCRYPTION_KEYS", &KEY.replace("MDEy", "AAAA"));
    let ended = workplace.run(&["keys", "verify"]).await;
    assert_eq!(ended.code, Some(1));
    assert!(ended.stderr.contains("the encryption key `test-1` is not the one"), "{}", ended.stderr);
}
