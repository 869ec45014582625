use connector_domain::{ConnectionSite, ConnectionStatus, Site, UserId};
use connector_store::{Durability, Engine, NewConnection};
use connector_testkit::TestDatabase;
use rstest::rstest;

use crate::fixtures::{
    IDLE, NOW, REPLICA, at_once, by_system, connected, consent, disconnect, later, listed, new_connection,
    number, owner, pair, revoked, scopes, site, user,
};

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn a_connection_is_read_as_the_consent_made_it(#[case] engine: Engine) {
    let Some(db) = TestDatabase::create(engine).await else { return };
    let owner = owner(db.store()).await;
    let new = NewConnection {
        sites: vec![site("two", "Zeta"), site("one", "Alpha")],
        ..new_connection(owner, "account", 1)
    };
    let made = consent(db.store(), &new, pair("first", later(3600)), NOW).await;
    assert_eq!((made.connection_id, made.generation, made.epoch), (new.id, 1, 1));
    let found = db.store().find_connection(new.id).await.unwrap().unwrap();
    assert_eq!((found.id, found.user_id, found.client_id.as_str()), (new.id, owner, "app"));
    assert_eq!((found.account_id, found.scopes), (new.account_id, new.scopes));
    assert_eq!((found.status, found.status_reason), (ConnectionStatus::Active, None));
    assert_eq!(found.sites, [listed("one", "Alpha"), listed("two", "Zeta")], "by name");
    assert_eq!((found.connected_at, found.access_expires_at), (NOW, Some(later(3600))));
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn a_second_consent_keeps_the_id_and_replaces_the_rest(#[case] engine: Engine) {
    let Some(db) = TestDatabase::create(engine).await else { return };
    let store = db.store();
    let first = connected(store).await;
    let lock = store.lock_grant(first.connection_id, IDLE).await.unwrap().unwrap();
    lock.record_intent(REPLICA, NOW).await.unwrap();
    drop(lock);
    let again = NewConnection {
        scopes: scopes("offline_access read:me"),
        sites: vec![site("two", "Two")],
        ..new_connection(owner(store).await, "account", 2)
    };
    let second = consent(store, &again, pair("second", later(7200)), later(60)).await;
    assert_eq!((second.connection_id, second.generation, second.epoch), (first.connection_id, 2, 2));
    let found = store.find_connection(first.connection_id).await.unwrap().unwrap();
    let gone = ConnectionSite { gone_at: Some(later(60)), ..listed("one", "One") };
    assert_eq!((found.scopes, found.sites), (again.scopes, vec![gone, listed("two", "Two")]));
    assert_eq!((found.connected_at, found.access_expires_at), (later(60), Some(later(7200))));
    let grant = store.find_grant(first.connection_id).await.unwrap().unwrap();
    assert_eq!((grant.generation, grant.epoch), (2, 2));
    assert_eq!(grant.sealed_refresh_token.as_deref(), Some(&b"refresh second"[..]));
    assert_eq!(store.list_connections(None).await.unwrap().len(), 1);
    assert_eq!(number(&db, "SELECT COUNT(*) FROM grant_intents").await, 0);
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test(flavor = "multi_thread")]
async fn consents_of_one_account_at_once_make_one_connection(#[case] engine: Engine) {
    let Some(db) = TestDatabase::create(engine).await else { return };
    let owner = owner(db.store()).await;
    let mut consents = at_once(8, |i| {
        let store = db.store().clone();
        let new = new_connection(owner, "account", i as u64);
        async move { consent(&store, &new, pair("any", later(3600)), NOW).await }
    })
    .await;
    consents.sort_by_key(|consent| consent.epoch);
    let seen: Vec<_> = consents.iter().map(|consent| (consent.generation, consent.epoch)).collect();
    assert_eq!(seen, (1..=8).map(|i| (i, i)).collect::<Vec<_>>());
    let connections = db.store().list_connections(Some(owner)).await.unwrap();
    assert_eq!(connections.len(), 1);
    assert!(consents.iter().all(|consent| consent.connection_id == connections[0].id));
    let grant = db.store().find_grant(connections[0].id).await.unwrap().unwrap();
    assert_eq!((grant.generation, grant.epoch), (8, 8));
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn a_disconnect_destroys_the_tokens_and_a_consent_brings_new_ones(#[case] engine: Engine) {
    let Some(db) = TestDatabase::create(engine).await else { return };
    let store = db.store();
    let first = connected(store).await;
    let lock = store.lock_grant(first.connection_id, IDLE).await.unwrap().unwrap();
    lock.record_intent(REPLICA, NOW).await.unwrap();
    drop(lock);
    disconnect(store, first.connection_id, later(1)).await;
    let found = store.find_connection(first.connection_id).await.unwrap().unwrap();
    assert_eq!(found.status, ConnectionStatus::Disconnected);
    assert_eq!(found.status_reason.as_deref(), Some("disconnected here"));
    assert_eq!((found.access_expires_at, found.updated_at), (None, later(1)));
    assert!(store.find_grant(first.connection_id).await.unwrap().is_none());
    assert!(store.lock_grant(first.connection_id, IDLE).await.unwrap().is_none());
    assert_eq!(number(&db, "SELECT COUNT(*) FROM grants").await, 0);
    assert_eq!(number(&db, "SELECT COUNT(*) FROM grant_intents").await, 0);
    let new = new_connection(owner(store).await, "account", 1);
    // One from before the disconnect, which had to wait, changes nothing.
    let mut tx = store.begin_write(Durability::Full).await.unwrap();
    assert!(tx.record_consent(&new, &by_system(later(2))).await.unwrap().is_none());
    tx.commit().await.unwrap();
    let found = store.find_connection(first.connection_id).await.unwrap().unwrap();
    assert_eq!((found.status, found.updated_at), (ConnectionStatus::Disconnected, later(1)));
    let again = consent(store, &new, pair("again", later(3600)), later(2)).await;
    assert_eq!((again.connection_id, again.epoch), (first.connection_id, 3));
    let found = store.find_connection(first.connection_id).await.unwrap().unwrap();
    assert_eq!((found.status, found.status_reason), (ConnectionStatus::Active, None));
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn an_ended_grant_keeps_its_tokens_and_goes_on_when_they_work_again(#[case] engine: Engine) {
    let Some(db) = TestDatabase::create(engine).await else { return };
    let store = db.store();
    let id = connected(store).await.connection_id;
    let lock = store.lock_grant(id, IDLE).await.unwrap().unwrap();
    assert!(lock.end(Some(later(3602)), &revoked(later(2))).await.unwrap());
    let found = store.find_connection(id).await.unwrap().unwrap();
    assert_eq!(found.status, ConnectionStatus::NeedsReconnect);
    assert_eq!(found.status_reason.as_deref(), Some("revoked"));
    let grant = store.find_grant(id).await.unwrap().unwrap();
    assert_eq!((grant.ended_at, grant.next_attempt_at), (Some(later(2)), Some(later(3602))));
    assert_eq!(store.destroy_ended_pairs(later(2), &by_system(later(2))).await.unwrap(), 0);

    let lock = store.lock_grant(id, IDLE).await.unwrap().unwrap();
    assert!(lock.commit(pair("again", later(7200)), &by_system(later(3602))).await.unwrap());
    let found = store.find_connection(id).await.unwrap().unwrap();
    assert_eq!((found.status, found.status_reason), (ConnectionStatus::Active, None));

    let lock = store.lock_grant(id, IDLE).await.unwrap().unwrap();
    assert!(lock.end(None, &revoked(later(4000))).await.unwrap());
    assert_eq!(store.destroy_ended_pairs(later(4001), &by_system(later(4001))).await.unwrap(), 1);
    assert!(store.find_grant(id).await.unwrap().is_none());
    let trail = store.list_audit(id, None, 100).await.unwrap();
    let told: Vec<_> =
        trail.iter().map(|line| line.event.as_str()).filter(|event| !event.starts_with("site")).collect();
    let mut expected =
        ["connected", "grant_refreshed", "needs_reconnect", "needs_reconnect", "revived", "tokens_destroyed"];
    expected.sort_unstable();
    let mut sorted = told.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, expected);
    assert_eq!((told[0], trail[0].at), ("tokens_destroyed", later(4001)));
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn the_latest_consent_is_listed_first_and_each_person_sees_their_own(#[case] engine: Engine) {
    let Some(db) = TestDatabase::create(engine).await else { return };
    let store = db.store();
    let (ada, bob) = (owner(store).await, user(store, "bob@example.com").await.id);
    let made = [(ada, "a", 2), (ada, "b", 3), (bob, "c", 1)];
    let mut ids = Vec::new();
    for (i, (owner, account, at)) in made.into_iter().enumerate() {
        let new = new_connection(owner, account, i as u64);
        ids.push(consent(store, &new, pair(account, later(3600)), later(at)).await.connection_id);
    }
    let list = async |owner: Option<UserId>| {
        let connections = store.list_connections(owner).await.unwrap();
        connections.into_iter().map(|connection| connection.id).collect::<Vec<_>>()
    };
    assert_eq!(list(None).await, [ids[1], ids[0], ids[2]]);
    assert_eq!(list(Some(ada)).await, [ids[1], ids[0]]);
    assert_eq!(list(Some(bob)).await, [ids[2]]);
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test(flavor = "multi_thread")]
async fn sites_are_taken_over_by_any_number_of_syncs_at_once(#[case] engine: Engine) {
    let Some(db) = TestDatabase::create(engine).await else { return };
    let id = connected(db.store()).await.connection_id;
    at_once(8, |i| {
        let store = db.store().clone();
        let sites = [site("one", "One"), site(&format!("site {i}"), "Other")];
        async move {
            let mut tx = store.begin_write(Durability::Normal).await.unwrap();
            tx.replace_sites(id, &sites, &by_system(later(1))).await.unwrap();
            tx.commit().await.unwrap();
        }
    })
    .await;
    let found = db.store().find_connection(id).await.unwrap().unwrap();
    let there: Vec<_> = found.sites.iter().filter(|known| known.gone_at.is_none()).collect();
    assert_eq!((there.len(), found.sites.len()), (2, 9), "{:?}", found.sites);
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test(flavor = "multi_thread")]
async fn sites_are_known_again_until_one_differs_or_was_seen_too_long_ago(#[case] engine: Engine) {
    let Some(db) = TestDatabase::create(engine).await else { return };
    let id = connected(db.store()).await.connection_id;
    let (one, two) = (site("one", "One"), site("two", "Two"));
    let take = async |sites: &[Site], at| {
        let mut tx = db.store().begin_write(Durability::Normal).await.unwrap();
        tx.replace_sites(id, sites, &by_system(at)).await.unwrap();
        tx.commit().await.unwrap();
    };
    let knows = async |sites: &[Site], since| db.store().has_sites(id, sites, since).await.unwrap();
    take(&[one.clone(), two.clone()], later(1)).await;
    assert!(knows(&[two.clone(), one.clone()], later(1)).await);
    assert!(!knows(&[one.clone(), two.clone()], later(2)).await, "seen too long ago");
    assert!(!knows(std::slice::from_ref(&one), later(1)).await, "one has disappeared");
    assert!(!knows(&[one.clone(), two.clone(), site("three", "Three")], later(1)).await, "one is new");
    assert!(!knows(&[one.clone(), Site { name: "Renamed".to_owned(), ..two.clone() }], later(1)).await);
    take(std::slice::from_ref(&one), later(3)).await;
    assert!(knows(std::slice::from_ref(&one), later(3)).await, "what is gone already is no difference");
    assert!(!knows(&[one, two], later(3)).await, "one is back");
}
