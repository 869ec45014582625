use connector_domain::{CloudId, UserId};
use connector_store::{Durability, Engine, ProjectKey, StoreError};
use connector_testkit::TestDatabase;
use rstest::rstest;

use crate::fixtures::{NOW, at_once, later, number, owner, project, remote_project, sync_projects, user};

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test(flavor = "multi_thread")]
async fn many_upserts_of_one_key_at_once_make_one_row_with_one_of_the_values(#[case] engine: Engine) {
    let Some(db) = TestDatabase::create(engine).await else { return };
    let owner = owner(db.store()).await;
    let rows = at_once(50, |i| {
        let store = db.store().clone();
        let name = format!("name {i}");
        let new = ProjectKey { lead: Some(name.clone()), ..project(owner, "CORE", &name) };
        async move { store.upsert_project(new, NOW).await.unwrap() }
    })
    .await;
    let stored = db.store().list_projects(owner, None, None).await.unwrap();
    assert_eq!(stored.len(), 1);
    assert!(rows.iter().all(|row| row.id == stored[0].id));
    assert!(rows.contains(&stored[0]), "{stored:?} is nobody's");
    assert_eq!(stored[0].lead.as_ref(), Some(&stored[0].name));
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn a_key_belongs_to_its_owner(#[case] engine: Engine) {
    let Some(db) = TestDatabase::create(engine).await else { return };
    let store = db.store();
    let (ada, bob) = (owner(store).await, user(store, "bob@example.com").await.id);
    let hers = store.upsert_project(project(ada, "CORE", "hers"), NOW).await.unwrap();
    let his = store.upsert_project(project(bob, "CORE", "his"), NOW).await.unwrap();
    assert_eq!(store.list_projects(ada, None, None).await.unwrap(), [hers]);
    assert_eq!(store.list_projects(bob, None, None).await.unwrap(), [his]);
    assert_eq!(store.count_projects(ada).await.unwrap(), 1);
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn a_sync_adopts_the_row_that_was_put_in_by_hand(#[case] engine: Engine) {
    let Some(db) = TestDatabase::create(engine).await else { return };
    let (store, owner) = (db.store(), owner(db.store()).await);
    let by_hand = store.upsert_project(project(owner, "CORE", "by hand"), NOW).await.unwrap();
    store.upsert_project(project(owner, "OWN", "not of Jira"), NOW).await.unwrap();
    let written =
        sync_projects(store, owner, "one", &[remote_project("10", "CORE", "of Jira")], later(1)).await;
    assert_eq!(written, 1);
    let rows = store.list_projects(owner, None, None).await.unwrap();
    let [adopted, own] = rows.as_slice() else { panic!("{rows:?}") };
    assert_eq!((adopted.id, adopted.name.as_str()), (by_hand.id, "of Jira"));
    assert_eq!(adopted.cloud_id, Some(CloudId::new("one")));
    assert_eq!(adopted.remote_id.as_deref(), Some("10"));
    assert_eq!(adopted.lead.as_deref(), Some("Ada"));
    assert_eq!(adopted.project_type.as_deref(), Some("software"));
    assert_eq!(adopted.synced_at, Some(later(1)));
    assert_eq!((own.name.as_str(), own.cloud_id.as_ref()), ("not of Jira", None));
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn a_change_by_hand_of_a_mirrored_row_holds_until_the_next_sync(#[case] engine: Engine) {
    let Some(db) = TestDatabase::create(engine).await else { return };
    let (store, owner) = (db.store(), owner(db.store()).await);
    let of_jira = [remote_project("10", "CORE", "of Jira")];
    sync_projects(store, owner, "one", &of_jira, NOW).await;
    let mirrored = store.list_projects(owner, None, None).await.unwrap();
    let changed = store.upsert_project(project(owner, "CORE", "by hand"), later(1)).await.unwrap();
    assert_eq!((changed.id, changed.name.as_str()), (mirrored[0].id, "by hand"));
    assert_eq!(store.count_projects(owner).await.unwrap(), 1);
    assert_eq!(sync_projects(store, owner, "one", &of_jira, NOW).await, 1);
    assert_eq!(store.list_projects(owner, None, None).await.unwrap(), mirrored);
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn unchanged_content_writes_nothing(#[case] engine: Engine) {
    let Some(db) = TestDatabase::create(engine).await else { return };
    let (store, owner) = (db.store(), owner(db.store()).await);
    let projects = [remote_project("10", "CORE", "Core"), remote_project("11", "DOCS", "Docs")];
    assert_eq!(sync_projects(store, owner, "one", &projects, NOW).await, 2);
    assert_eq!(sync_projects(store, owner, "one", &projects, later(1)).await, 0);
    let touched = format!("SELECT COUNT(*) FROM jira_projects WHERE updated_at <> {}", NOW.as_millis());
    assert_eq!(number(&db, &touched).await, 0);
    let one_changed = [remote_project("10", "CORE", "Core"), remote_project("11", "DOCS", "Documents")];
    assert_eq!(sync_projects(store, owner, "one", &one_changed, later(2)).await, 1);
    let rows = store.list_projects(owner, None, None).await.unwrap();
    let seen: Vec<_> = rows.iter().map(|row| (row.name.as_str(), row.synced_at)).collect();
    assert_eq!(seen, [("Core", Some(NOW)), ("Documents", Some(later(2)))]);
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn two_mirrored_projects_may_swap_their_keys(#[case] engine: Engine) {
    let Some(db) = TestDatabase::create(engine).await else { return };
    let (store, owner) = (db.store(), owner(db.store()).await);
    let before = [remote_project("10", "A", "first"), remote_project("11", "B", "second")];
    sync_projects(store, owner, "one", &before, NOW).await;
    let ids: Vec<_> = list(&db, owner).await.into_iter().map(|(id, ..)| id).collect();
    let after = [remote_project("10", "B", "first"), remote_project("11", "A", "second")];
    assert_eq!(sync_projects(store, owner, "one", &after, later(1)).await, 2);
    let expected = [(ids[1], "A".into(), "second".into()), (ids[0], "B".into(), "first".into())];
    assert_eq!(list(&db, owner).await, expected);
}

async fn list(db: &TestDatabase, owner: UserId) -> Vec<(i64, String, String)> {
    let rows = db.store().list_projects(owner, None, None).await.unwrap();
    rows.into_iter().map(|row| (row.id, row.key, row.name)).collect()
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn two_sites_may_have_the_same_key_and_the_same_id(#[case] engine: Engine) {
    let Some(db) = TestDatabase::create(engine).await else { return };
    let (store, owner) = (db.store(), owner(db.store()).await);
    for (site, name) in [("one", "first"), ("two", "second"), ("one", "third")] {
        sync_projects(store, owner, site, &[remote_project("10", "CORE", name)], NOW).await;
    }
    let rows = store.list_projects(owner, None, None).await.unwrap();
    let seen: Vec<_> =
        rows.iter().map(|row| (row.cloud_id.as_ref().unwrap().as_str(), row.name.as_str())).collect();
    assert_eq!(seen, [("one", "third"), ("two", "second")]);
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn a_batch_may_be_large_and_name_a_project_twice(#[case] engine: Engine) {
    let Some(db) = TestDatabase::create(engine).await else { return };
    let (store, owner) = (db.store(), owner(db.store()).await);
    let mut projects: Vec<_> =
        (0..1200).map(|i| remote_project(&i.to_string(), &format!("P{i}"), "first")).collect();
    // Pages of a list that changes while it is read overlap.
    projects.push(remote_project("1199", "P1199", "second"));
    sync_projects(store, owner, "one", &projects, NOW).await;
    assert_eq!(store.count_projects(owner).await.unwrap(), 1200);
    let rows = store.list_projects(owner, Some(("P1198", i64::MAX)), Some(1)).await.unwrap();
    assert_eq!((rows[0].key.as_str(), rows[0].name.as_str()), ("P1199", "second"));
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_owner_is_a_missing_reference_and_harms_no_other_write(#[case] engine: Engine) {
    let Some(db) = TestDatabase::create(engine).await else { return };
    let owner = owner(db.store()).await;
    let nobody = UserId(owner.0 + 1000);
    let answers = at_once(60, |i| {
        let store = db.store().clone();
        let writer = if i % 3 == 0 { nobody } else { owner };
        async move { store.upsert_project(project(writer, &format!("P{i}"), "name"), NOW).await }
    })
    .await;
    for (i, answer) in answers.iter().enumerate() {
        if i % 3 == 0 {
            assert!(matches!(answer, Err(StoreError::MissingReference(_))), "{answer:?}");
        } else {
            assert_eq!(answer.as_ref().unwrap().key, format!("P{i}"));
        }
    }
    assert_eq!(db.store().count_projects(owner).await.unwrap(), 40);
    let mut tx = db.store().begin_write(Durability::Normal).await.unwrap();
    let remote = [remote_project("10", "CORE", "Core")];
    let refused = tx.upsert_remote(nobody, &CloudId::new("one"), &remote, NOW).await;
    assert!(matches!(refused, Err(StoreError::MissingReference(_))), "{refused:?}");
}
