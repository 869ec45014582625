use connector_store::{Engine, Store};
use connector_testkit::TestDatabase;

use crate::fixtures::number;

/// The service's connections that are encrypted, by the server's own word.
const ENCRYPTED: &str = "SELECT COUNT(*) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) \
                         WHERE datname = current_database() AND application_name = 'connector' AND ssl";

#[tokio::test]
async fn a_server_on_this_machine_is_spoken_to_without_tls_unless_it_is_asked_for() {
    let Some(db) = TestDatabase::create(Engine::Postgres).await else { return };
    db.store().ping().await.unwrap();
    assert_eq!(number(&db, ENCRYPTED).await, 0);

    let offers = number(&db, "SELECT COUNT(*) FROM pg_settings WHERE name = 'ssl' AND setting = 'on'").await;
    let joint = if db.url_text().contains('?') { '&' } else { '?' };
    let url = format!("{}{joint}sslmode=require", db.url_text()).parse().unwrap();
    match Store::open(&url).await {
        Ok(store) => {
            store.ping().await.unwrap();
            assert!(offers == 1 && number(&db, ENCRYPTED).await > 0);
            store.close().await.unwrap();
        }
        Err(error) => assert_eq!(offers, 0, "{error}"),
    }
}
