//! What a sync keeps between its runs.

use connector_domain::{CloudId, ConnectionId};
use connector_store::{
    Checkpoint, CompletenessProof, Durability, Engine, MirrorKind, PointsHour, ProofState, RatePause,
    StreamScope, SyncSchedule,
};
use connector_testkit::TestDatabase;
use rstest::rstest;

use crate::fixtures::{NOW, at_once, connected, disconnect, later};
use crate::mirror::json;

fn at(connection_id: ConnectionId, stream: MirrorKind, scope: &str) -> StreamScope {
    StreamScope { connection_id, cloud_id: CloudId::new("one"), stream, scope: scope.to_owned() }
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn checkpoints_are_written_over_and_cleared(#[case] engine: Engine) {
    let Some(db) = TestDatabase::create(engine).await else { return };
    let (store, id) = (db.store(), connected(db.store()).await.connection_id);
    let issues = at(id, MirrorKind::JiraIssues, "10");
    assert_eq!(store.find_checkpoint(&issues).await.unwrap(), None);
    let mut checkpoint = Checkpoint {
        at: issues.clone(),
        cursor: Some(json(r#"{"next":"abc"}"#)),
        watermark: Some(NOW),
        updated_at: NOW,
    };
    let pages = Checkpoint { at: at(id, MirrorKind::ConfluencePages, ""), ..checkpoint.clone() };
    let mut tx = store.begin_write(Durability::Normal).await.unwrap();
    tx.put_checkpoint(&checkpoint).await.unwrap();
    tx.put_checkpoint(&pages).await.unwrap();
    checkpoint.cursor = None;
    checkpoint.updated_at = later(1);
    tx.put_checkpoint(&checkpoint).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(store.find_checkpoint(&issues).await.unwrap(), Some(checkpoint.clone()));
    assert_eq!(store.list_checkpoints(id).await.unwrap(), [pages.clone(), checkpoint]);
    let mut tx = store.begin_write(Durability::Normal).await.unwrap();
    assert_eq!(tx.clear_checkpoints(id, Some(MirrorKind::JiraIssues)).await.unwrap(), 1);
    tx.commit().await.unwrap();
    assert_eq!(store.list_checkpoints(id).await.unwrap(), [pages]);
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn a_proof_remembers_when_it_was_equal_last(#[case] engine: Engine) {
    let Some(db) = TestDatabase::create(engine).await else { return };
    let (store, id) = (db.store(), connected(db.store()).await.connection_id);
    let equal = CompletenessProof {
        at: at(id, MirrorKind::JiraIssues, "10"),
        remote_count: 600,
        local_count: 600,
        checked_at: NOW,
        equal_at: Some(NOW),
        state: ProofState::Equal,
        detail: None,
    };
    let different = CompletenessProof {
        local_count: 599,
        checked_at: later(1),
        equal_at: None,
        state: ProofState::Different,
        detail: Some("1 is missing here".to_owned()),
        ..equal.clone()
    };
    let mut tx = store.begin_write(Durability::Normal).await.unwrap();
    tx.put_proof(&equal).await.unwrap();
    tx.put_proof(&different).await.unwrap();
    tx.commit().await.unwrap();
    let expected = CompletenessProof { equal_at: Some(NOW), ..different };
    assert_eq!(store.list_proofs(id).await.unwrap(), [expected]);
    let mut tx = store.begin_write(Durability::Normal).await.unwrap();
    tx.delete_proof(&equal.at).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(store.list_proofs(id).await.unwrap(), []);
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn a_bad_record_keeps_its_first_time_until_it_can_be_read(#[case] engine: Engine) {
    let Some(db) = TestDatabase::create(engine).await else { return };
    let (store, id) = (db.store(), connected(db.store()).await.connection_id);
    let (one, stream) = (CloudId::new("one"), MirrorKind::JiraIssues);
    let mut tx = store.begin_write(Durability::Normal).await.unwrap();
    tx.record_bad_records(id, &one, stream, &[("1", "no key"), ("2", "no id")], NOW).await.unwrap();
    tx.record_bad_records(id, &one, stream, &[("1", "no summary")], later(1)).await.unwrap();
    tx.commit().await.unwrap();
    let rows = store.list_bad_records(id, 10).await.unwrap();
    let seen: Vec<_> = rows
        .iter()
        .map(|row| (row.remote_id.as_str(), row.reason.as_str(), row.first_seen_at, row.last_seen_at))
        .collect();
    assert_eq!(seen, [("1", "no summary", NOW, later(1)), ("2", "no id", NOW, NOW)]);
    assert_eq!(store.list_bad_records(id, 1).await.unwrap().len(), 1);
    let mut tx = store.begin_write(Durability::Normal).await.unwrap();
    assert_eq!(tx.clear_bad_records(id, &one, stream, &["1", "3"]).await.unwrap(), 1);
    tx.commit().await.unwrap();
    assert_eq!(store.list_bad_records(id, 10).await.unwrap().len(), 1);
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn schedules_are_due_while_their_connection_is_active(#[case] engine: Engine) {
    let Some(db) = TestDatabase::create(engine).await else { return };
    let (store, id) = (db.store(), connected(db.store()).await.connection_id);
    assert_eq!(store.find_schedule(id).await.unwrap(), None);
    let schedule =
        SyncSchedule { connection_id: id, next_incremental_at: Some(later(60)), next_census_at: None };
    let mut tx = store.begin_write(Durability::Normal).await.unwrap();
    tx.put_schedule(&SyncSchedule { next_incremental_at: Some(NOW), ..schedule }).await.unwrap();
    tx.put_schedule(&schedule).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(store.find_schedule(id).await.unwrap(), Some(schedule));
    assert_eq!(store.due_schedules(later(59), 10).await.unwrap(), []);
    assert_eq!(store.due_schedules(later(60), 10).await.unwrap(), [schedule]);
    disconnect(store, id, later(61)).await;
    assert_eq!(store.due_schedules(later(62), 10).await.unwrap(), []);
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn of_two_pauses_the_longer_one_holds(#[case] engine: Engine) {
    let Some(db) = TestDatabase::create(engine).await else { return };
    let store = db.store();
    let pause = |seconds, reason: &str| RatePause {
        scope: "site one".to_owned(),
        until: later(seconds),
        reason: reason.to_owned(),
    };
    for (seconds, reason) in [(10, "first"), (60, "longer"), (30, "shorter")] {
        store.put_rate_pause(pause(seconds, reason)).await.unwrap();
    }
    assert_eq!(store.list_rate_pauses(later(59)).await.unwrap(), [pause(60, "longer")]);
    assert_eq!(store.list_rate_pauses(later(60)).await.unwrap(), []);
    store.delete_old_rates(later(60), NOW).await.unwrap();
    assert_eq!(store.list_rate_pauses(NOW).await.unwrap(), []);
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test(flavor = "multi_thread")]
async fn points_spent_at_once_all_count_within_their_hour(#[case] engine: Engine) {
    let Some(db) = TestDatabase::create(engine).await else { return };
    let one = CloudId::new("one");
    let sums = at_once(20, |i| {
        let (store, one) = (db.store().clone(), one.clone());
        let budget = (i == 7).then_some(65_000);
        async move { store.spend_points("app", &one, 5, budget, NOW).await.unwrap().used }
    })
    .await;
    let mut sums = sums;
    sums.sort_unstable();
    assert_eq!(sums, (1..=20).map(|i| i * 5).collect::<Vec<_>>());
    let spent = PointsHour { used: 100, budget: Some(65_000) };
    assert_eq!(db.store().points_spent("app", &one, NOW).await.unwrap(), spent);
    assert_eq!(db.store().points_spent("app", &one, later(3600)).await.unwrap(), PointsHour::default());
    assert_eq!(db.store().points_spent("other", &one, NOW).await.unwrap(), PointsHour::default());
    db.store().delete_old_rates(NOW, later(3600)).await.unwrap();
    assert_eq!(db.store().points_spent("app", &one, NOW).await.unwrap(), PointsHour::default());
}
