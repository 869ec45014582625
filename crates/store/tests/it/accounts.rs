use connector_domain::AccountId;
use connector_store::{Engine, NewUser, StoreError};
use connector_testkit::TestDatabase;
use rstest::rstest;

use crate::fixtures::{NOW, at_once, later, new_user, number, user};

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn an_account_finds_its_person_by_the_address_first_and_by_itself_later(#[case] engine: Engine) {
    let Some(db) = TestDatabase::create(engine).await else { return };
    let ada = user(db.store(), "ada@example.com").await;
    let account = AccountId::new("account");
    let new = NewUser { display_name: Some("Ada".to_owned()), ..new_user("ADA@example.com") };
    let by_address = db.store().person_of_account(&account, &new, NOW, later(1)).await.unwrap().unwrap();
    assert_eq!(by_address.id, ada.id);
    assert_eq!(by_address.account_id, Some(account.clone()));
    assert_eq!(by_address.display_name.as_deref(), Some("Ada"));
    // The person's address at Atlassian has changed.
    let by_account =
        db.store().person_of_account(&account, &new_user("new@example.com"), NOW, later(2)).await;
    assert_eq!(by_account.unwrap().as_ref(), Some(&by_address));
    assert_eq!(db.store().find_user_by_account(&account).await.unwrap(), Some(by_address));
    assert_eq!(number(&db, "SELECT COUNT(*) FROM users").await, 1);
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn a_name_that_was_given_by_hand_stays(#[case] engine: Engine) {
    let Some(db) = TestDatabase::create(engine).await else { return };
    let named = NewUser { display_name: Some("Countess".to_owned()), ..new_user("ada@example.com") };
    db.store().create_user(&named, NOW, |_| Vec::new()).await.unwrap();
    let of_account = NewUser { display_name: Some("Ada".to_owned()), ..new_user("ada@example.com") };
    let person = db
        .store()
        .person_of_account(&AccountId::new("account"), &of_account, NOW, NOW)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(person.display_name.as_deref(), Some("Countess"));
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn an_address_of_another_account_is_in_use(#[case] engine: Engine) {
    let Some(db) = TestDatabase::create(engine).await else { return };
    let new = new_user("ada@example.com");
    let first =
        db.store().person_of_account(&AccountId::new("first"), &new, NOW, NOW).await.unwrap().unwrap();
    let second = db.store().person_of_account(&AccountId::new("second"), &new, NOW, NOW).await;
    assert!(matches!(second, Err(StoreError::Duplicate(_))), "{second:?}");
    assert_eq!(db.store().list_users(None, None).await.unwrap(), [first]);
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test(flavor = "multi_thread")]
async fn logins_of_one_account_at_once_are_one_person(#[case] engine: Engine) {
    let Some(db) = TestDatabase::create(engine).await else { return };
    for round in 0..5 {
        let people = at_once(16, |_| {
            let store = db.store().clone();
            let account = AccountId::new(format!("account {round}"));
            let new = new_user(&format!("ada{round}@example.com"));
            async move { store.person_of_account(&account, &new, NOW, NOW).await.unwrap().unwrap() }
        })
        .await;
        assert!(people.iter().all(|person| *person == people[0]));
    }
    assert_eq!(number(&db, "SELECT COUNT(*) FROM users").await, 5);
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test(flavor = "multi_thread")]
async fn of_many_accounts_with_one_address_one_gets_the_person(#[case] engine: Engine) {
    let Some(db) = TestDatabase::create(engine).await else { return };
    for round in 0..5 {
        let address = format!("ada{round}@example.com");
        let ada = user(db.store(), &address).await;
        let answers =
            at_once(8, |i| {
                let (store, new) = (db.store().clone(), new_user(&address));
                async move {
                    store.person_of_account(&AccountId::new(format!("{round} {i}")), &new, NOW, NOW).await
                }
            })
            .await;
        let winners: Vec<_> = answers.iter().filter_map(|answer| answer.as_ref().ok()?.as_ref()).collect();
        assert_eq!(winners.len(), 1, "{answers:?}");
        let others = answers.iter().filter(|answer| matches!(answer, Err(StoreError::Duplicate(_))));
        assert_eq!(others.count(), 7, "{answers:?}");
        assert_eq!(db.store().find_user(ada.id).await.unwrap().as_ref(), Some(winners[0]));
    }
}
