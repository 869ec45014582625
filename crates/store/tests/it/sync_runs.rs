use std::time::Duration;

use connector_domain::{
    ConnectionId, SeededEntropy, StreamProgress, SyncMode, SyncRun, SyncRunId, SyncStatus, UserId, Waiting,
};
use connector_store::{Durability, Engine, Store, StoreError};
use connector_testkit::TestDatabase;
use rstest::rstest;

use crate::fixtures::{NOW, connected, consent, later, new_connection, owner, pair, user};

/// The `number`th run: each is made a millisecond after the one before.
fn run(connection_id: ConnectionId, number: u64) -> SyncRun {
    let created_at = NOW.plus(Duration::from_millis(number));
    SyncRun {
        id: SyncRunId::generate(&SeededEntropy::new(number), created_at),
        connection_id,
        mode: SyncMode::Incremental,
        status: SyncStatus::Queued,
        created_at,
        started_at: None,
        finished_at: None,
        attempt: 0,
        streams: Vec::new(),
        waiting: None,
        error: None,
    }
}

async fn create(store: &Store, run: &SyncRun) -> Result<(), StoreError> {
    let mut tx = store.begin_write(Durability::Normal).await.unwrap();
    tx.create_sync_run(run).await?;
    tx.commit().await
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn a_run_is_read_as_it_was_written(#[case] engine: Engine) {
    let Some(db) = TestDatabase::create(engine).await else { return };
    let id = connected(db.store()).await.connection_id;
    let mut run = SyncRun { mode: SyncMode::Full, ..run(id, 1) };
    create(db.store(), &run).await.unwrap();
    let read = db.store().find_sync_run(run.id).await.unwrap();
    assert_eq!(format!("{read:?}"), format!("{:?}", Some(&run)));
    let statuses = [
        SyncStatus::Running,
        SyncStatus::Waiting,
        SyncStatus::Succeeded,
        SyncStatus::Failed,
        SyncStatus::Cancelled,
    ];
    for (i, status) in statuses.into_iter().enumerate() {
        run.status = status;
        run.started_at = Some(later(1));
        run.finished_at = status.is_final().then(|| later(2));
        run.attempt += 1;
        run.streams = vec![StreamProgress {
            name: "jira_projects".to_owned(),
            fetched: i as u64,
            written: 2,
            deleted: 3,
            total: (i > 2).then_some(u64::MAX),
            done: i > 3,
            ..StreamProgress::default()
        }];
        run.waiting = (status == SyncStatus::Waiting)
            .then(|| Waiting { until: later(9), reason: "Atlassian asks to wait".to_owned() });
        run.error = (status == SyncStatus::Failed).then(|| "gone 🙁".to_owned());
        db.store().update_sync_run(&run).await.unwrap();
        let read = db.store().find_sync_run(run.id).await.unwrap();
        assert_eq!(format!("{read:?}"), format!("{:?}", Some(&run)));
    }
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn runs_are_listed_latest_first_by_person_and_connection(#[case] engine: Engine) {
    let Some(db) = TestDatabase::create(engine).await else { return };
    let store = db.store();
    let (ada, bob) = (owner(store).await, user(store, "bob@example.com").await.id);
    let mut connections = Vec::new();
    for (i, (owner, account)) in [(ada, "a"), (ada, "b"), (bob, "c")].into_iter().enumerate() {
        let new = new_connection(owner, account, i as u64);
        connections.push(consent(store, &new, pair("x", later(60)), NOW).await.connection_id);
    }
    let runs: Vec<_> = (0..9).map(|i| run(connections[i % 3], i as u64)).collect();
    for run in &runs {
        create(store, run).await.unwrap();
    }
    let list = async |owner: Option<UserId>, connection, before: Option<usize>, limit| {
        let before = before.map(|i| runs[i].id);
        let found = store.list_sync_runs(owner, connection, before, limit).await.unwrap();
        let place = |run: &SyncRun| runs.iter().position(|made| made.id == run.id).unwrap();
        found.iter().map(place).collect::<Vec<_>>()
    };
    assert_eq!(list(None, None, None, 100).await, [8, 7, 6, 5, 4, 3, 2, 1, 0]);
    assert_eq!(list(None, None, None, 4).await, [8, 7, 6, 5]);
    assert_eq!(list(None, None, Some(5), 4).await, [4, 3, 2, 1]);
    assert_eq!(list(Some(ada), None, None, 100).await, [7, 6, 4, 3, 1, 0]);
    assert_eq!(list(Some(ada), None, Some(4), 2).await, [3, 1]);
    assert_eq!(list(Some(bob), None, None, 100).await, [8, 5, 2]);
    assert_eq!(list(None, Some(connections[1]), None, 100).await, [7, 4, 1]);
    assert_eq!(list(Some(bob), Some(connections[1]), None, 100).await, [0_usize; 0]);
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn a_run_needs_its_connection_and_goes_with_its_transaction(#[case] engine: Engine) {
    let Some(db) = TestDatabase::create(engine).await else { return };
    let id = connected(db.store()).await.connection_id;
    let of_nothing = run(ConnectionId::generate(&SeededEntropy::new(9), NOW), 1);
    let refused = create(db.store(), &of_nothing).await;
    assert!(matches!(refused, Err(StoreError::MissingReference(_))), "{refused:?}");
    let mut tx = db.store().begin_write(Durability::Normal).await.unwrap();
    tx.create_sync_run(&run(id, 2)).await.unwrap();
    drop(tx);
    assert!(db.store().find_sync_run(run(id, 2).id).await.unwrap().is_none());
}
