//! The one list of sealed columns is complete.

use connector_connections::SEALED;
use connector_store::Engine;
use connector_testkit::TestDatabase;
use rstest::rstest;

#[rstest]
#[case::sqlite(
    Engine::Sqlite,
    "SELECT m.name || '.' || c.name FROM sqlite_master AS m, pragma_table_info(m.name) AS c
     WHERE m.type = 'table' AND c.name LIKE 'sealed%'"
)]
#[case::postgres(
    Engine::Postgres,
    "SELECT table_name || '.' || column_name FROM information_schema.columns
     WHERE table_schema = current_schema() AND column_name LIKE 'sealed%'"
)]
#[tokio::test]
async fn every_sealed_column_is_verified_and_sealed_anew(#[case] engine: Engine, #[case] columns: &str) {
    let Some(db) = TestDatabase::create(engine).await else { return };
    let mut there = db.texts(columns).await;
    there.sort_unstable();
    let mut listed: Vec<_> =
        SEALED.iter().map(|column| format!("{}.{}", column.table, column.column)).collect();
    // One per key, made anew with each key.
    listed.push("key_checks.sealed_check".to_owned());
    listed.sort_unstable();
    assert_eq!(there, listed);
    for column in SEALED {
        assert_eq!(db.store().count_sealed(&column, &[]).await.unwrap(), 0, "{column:?} can be read");
    }
}
