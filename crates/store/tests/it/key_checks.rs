use connector_store::Engine;
use connector_testkit::TestDatabase;
use rstest::rstest;

use crate::fixtures::{NOW, later};

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn the_first_check_of_a_key_stays(#[case] engine: Engine) {
    let Some(db) = TestDatabase::create(engine).await else { return };
    assert_eq!(db.store().list_key_checks().await.unwrap(), []);
    db.store().put_key_check("k1", vec![0, 1, 255], NOW).await.unwrap();
    db.store().put_key_check("k2", vec![2], NOW).await.unwrap();
    db.store().put_key_check("k1", vec![9], later(1)).await.unwrap();
    let mut checks = db.store().list_key_checks().await.unwrap();
    checks.sort_unstable();
    assert_eq!(checks, [("k1".to_owned(), vec![0, 1, 255]), ("k2".to_owned(), vec![2])]);
}
