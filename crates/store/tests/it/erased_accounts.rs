use connector_domain::AccountId;
use connector_store::{Durability, Engine, Store};
use connector_testkit::TestDatabase;
use rstest::rstest;

use crate::fixtures::{by_system, later, new_connection, new_user, number, user};

const ACCOUNT: &str = "account-of-ada";

async fn erase(store: &Store, user: connector_domain::UserId, seconds: u64) {
    let mut tx = store.begin_write(Durability::Full).await.unwrap();
    tx.erase_user(user, later(seconds)).await.unwrap();
    tx.commit().await.unwrap();
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn a_consent_from_before_a_deletion_brings_nobody_back(#[case] engine: Engine) {
    let Some(db) = TestDatabase::create(engine).await else { return };
    let store = db.store();
    let (account, ada) = (AccountId::new(ACCOUNT), new_user("Ada@example.com"));
    let consent = |seconds| store.person_of_account(&account, &ada, later(seconds), later(100));
    let first = consent(0).await.unwrap().unwrap();
    erase(store, first.id, 10).await;
    assert!(consent(9).await.unwrap().is_none());
    assert_eq!(number(&db, "SELECT COUNT(*) FROM users").await, 0);
    assert!(store.was_erased(&account, None, later(9)).await.unwrap());
    assert!(!store.was_erased(&account, Some(&ada.email), later(10)).await.unwrap());
    assert!(!store.was_erased(&AccountId::new("another"), None, later(9)).await.unwrap());

    let again = consent(10).await.unwrap().unwrap();
    assert!(again.id > first.id, "somebody new");
    // The older consent gets nothing from the one who came anew either, through whichever app it was given.
    assert!(consent(9).await.unwrap().is_none());
    let mut new = new_connection(again.id, ACCOUNT, 5);
    new.client_id = "another app".to_owned();
    for (seconds, stored) in [(9, false), (11, true)] {
        new.consented_at = later(seconds);
        let mut tx = store.begin_write(Durability::Full).await.unwrap();
        assert_eq!(tx.record_consent(&new, &by_system(later(100))).await.unwrap().is_some(), stored);
        tx.commit().await.unwrap();
    }
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn a_person_without_an_account_is_known_by_the_address(#[case] engine: Engine) {
    let Some(db) = TestDatabase::create(engine).await else { return };
    let ada = user(db.store(), "ada@example.com").await;
    erase(db.store(), ada.id, 10).await;
    let account = AccountId::new(ACCOUNT);
    for address in ["ada@example.com", "ADA@example.com"] {
        let late = db.store().person_of_account(&account, &new_user(address), later(9), later(100)).await;
        assert!(late.unwrap().is_none());
    }
    let other =
        db.store().person_of_account(&account, &new_user("b@example.com"), later(9), later(100)).await;
    assert!(other.unwrap().is_some());
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn what_is_kept_of_the_deleted_are_hashes_and_not_for_ever(#[case] engine: Engine) {
    let Some(db) = TestDatabase::create(engine).await else { return };
    let (store, account) = (db.store(), AccountId::new(ACCOUNT));
    for (seconds, rows) in [(10, 2), (20, 2)] {
        let ada = new_user("ada@example.com");
        let ada = store.person_of_account(&account, &ada, later(seconds), later(100)).await.unwrap().unwrap();
        erase(store, ada.id, seconds).await;
        assert_eq!(number(&db, "SELECT COUNT(*) FROM erased_accounts").await, rows);
    }
    let kept = db.texts("SELECT identity_hash FROM erased_accounts").await;
    assert!(kept.iter().all(|hash| hash.len() == 64 && hash.chars().all(|c| c.is_ascii_hexdigit())));
    // A clock that goes back takes nothing back.
    let ada = new_user("ada@example.com");
    let ada = store.person_of_account(&account, &ada, later(30), later(100)).await.unwrap().unwrap();
    erase(store, ada.id, 15).await;
    assert_eq!(store.delete_erased_accounts(later(20)).await.unwrap(), 0);
    assert_eq!(store.delete_erased_accounts(later(21)).await.unwrap(), 2);
}
