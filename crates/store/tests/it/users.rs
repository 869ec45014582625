use connector_domain::UserId;
use connector_store::{Engine, NewUser, SealedUserToken};
use connector_testkit::TestDatabase;
use rstest::rstest;

use crate::fixtures::{NOW, at_once, email, later, new_user, number, user};

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test(flavor = "multi_thread")]
async fn of_many_equal_creations_at_once_one_creates(#[case] engine: Engine) {
    let Some(db) = TestDatabase::create(engine).await else { return };
    let answers = at_once(50, |_| {
        let store = db.store().clone();
        async move { store.create_user(&new_user("ada@example.com"), NOW, |_| Vec::new()).await.unwrap() }
    })
    .await;
    assert_eq!(answers.iter().filter(|(_, created)| *created).count(), 1);
    assert!(answers.iter().all(|(user, _)| *user == answers[0].0));
    assert_eq!(number(&db, "SELECT COUNT(*) FROM users").await, 1);
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn the_case_of_an_address_makes_no_other_person(#[case] engine: Engine) {
    let Some(db) = TestDatabase::create(engine).await else { return };
    let first = user(db.store(), "Ünï@Example.COM").await;
    let again = db.store().create_user(&new_user("ünï@example.com"), later(1), |_| Vec::new()).await.unwrap();
    assert_eq!(again, (first.clone(), false));
    assert_eq!(first.email.as_str(), "Ünï@Example.COM");
    let found = db.store().find_user_by_email(&email("ÜNÏ@example.com")).await.unwrap();
    assert_eq!(found, Some(first));
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn a_person_keeps_what_was_given_at_the_creation(#[case] engine: Engine) {
    let Some(db) = TestDatabase::create(engine).await else { return };
    let new = NewUser {
        email: email("ada@example.com"),
        display_name: Some("Ada Lovelace 🧮".to_owned()),
        jira_base_url: Some("https://one.example".to_owned()),
        confluence_base_url: Some("https://one.example/wiki".to_owned()),
    };
    let (created, _) = db.store().create_user(&new, NOW, |_| Vec::new()).await.unwrap();
    let found = db.store().find_user(created.id).await.unwrap().unwrap();
    assert_eq!(found, created);
    assert_eq!(found.display_name, new.display_name);
    assert_eq!(found.jira_base_url, new.jira_base_url);
    assert_eq!(found.confluence_base_url, new.confluence_base_url);
    assert_eq!(found.account_id, None);
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn tokens_are_made_for_the_new_row_and_for_no_other(#[case] engine: Engine) {
    let Some(db) = TestDatabase::create(engine).await else { return };
    let sealed = |id: UserId| {
        ["jira", "confluence"]
            .map(|provider| SealedUserToken { provider, sealed: format!("{provider} {id}").into_bytes() })
            .into()
    };
    let new = new_user("ada@example.com");
    let (user, _) = db.store().create_user(&new, NOW, sealed).await.unwrap();
    db.store().create_user(&new, later(1), |_| unreachable!("the person exists")).await.unwrap();
    let kept = db.store().find_user_token(user.id, "jira").await.unwrap();
    assert_eq!(kept, Some(format!("jira {}", user.id).into_bytes()));
    assert_eq!(db.store().find_user_token(user.id, "trello").await.unwrap(), None);
    assert_eq!(db.store().find_user_token(UserId(user.id.0 + 1), "jira").await.unwrap(), None);
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn pages_of_people_follow_each_other_without_gap_or_repetition(#[case] engine: Engine) {
    let Some(db) = TestDatabase::create(engine).await else { return };
    let mut created = Vec::new();
    for i in 0..7 {
        created.push(user(db.store(), &format!("person{}@example.com", 9 - i)).await);
    }
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let page = db.store().list_users(after, Some(3)).await.unwrap();
        let Some(last) = page.last() else { break };
        assert!(page.len() <= 3);
        after = Some(last.id);
        seen.extend(page);
    }
    assert_eq!(seen, created);
    assert_eq!(db.store().list_users(None, None).await.unwrap(), created);
    assert_eq!(db.store().first_user().await.unwrap().as_ref(), created.first());
}
