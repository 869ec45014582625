//! Random histories of a few issues, against a model in memory.

use std::collections::BTreeMap;

use connector_domain::{CloudId, UserId};
use connector_store::{AbsenceReason, Durability, Engine, MirrorKind, RemoteIssue, Store, Written};
use connector_testkit::TestDatabase;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use rstest::rstest;
use tokio::runtime::Runtime;

use super::{issue, sync};
use crate::fixtures::{later, owner};

#[derive(Debug, Clone)]
enum Step {
    /// Issues with the time of their update and what is in them.
    Upsert(Vec<(u8, Option<u8>, u8)>),
    MarkAbsent(Vec<u8>),
    MarkMissing(Vec<u8>),
    MarkSeen(Vec<u8>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Row {
    updated: Option<u8>,
    content: u8,
    is_alive: bool,
    is_missing: bool,
}

type Model = BTreeMap<u8, Row>;

fn step() -> impl Strategy<Value = Step> {
    let ids = || vec(0..6u8, 0..5);
    prop_oneof![
        3 => vec((0..6u8, proptest::option::weighted(0.8, 0..4u8), 0..3u8), 0..6).prop_map(Step::Upsert),
        1 => ids().prop_map(Step::MarkAbsent),
        1 => ids().prop_map(Step::MarkMissing),
        1 => ids().prop_map(Step::MarkSeen),
    ]
}

/// What the model says is changed, and does.
fn apply(model: &mut Model, step: &Step) -> Written {
    let mut counts = Written::default();
    match step {
        Step::Upsert(things) => {
            let last: BTreeMap<_, _> =
                things.iter().map(|(id, updated, content)| (*id, (*updated, *content))).collect();
            for (id, (updated, content)) in last {
                let new = Row { updated, content, is_alive: true, is_missing: false };
                match model.get_mut(&id) {
                    None => {
                        model.insert(id, new);
                        counts.inserted += 1;
                    }
                    Some(row) if row.is_alive && (row.updated, row.content) == (updated, content) => {
                        row.is_missing = false;
                        counts.unchanged += 1;
                    }
                    Some(row) if row.updated.zip(updated).is_some_and(|(old, new)| new < old) => {
                        counts.unchanged += 1;
                    }
                    Some(row) => {
                        *row = new;
                        counts.updated += 1;
                    }
                }
            }
        }
        Step::MarkAbsent(ids) => each_alive(model, ids, |row| row.is_alive = false),
        Step::MarkMissing(ids) => each_alive(model, ids, |row| row.is_missing = true),
        Step::MarkSeen(ids) => each_alive(model, ids, |row| row.is_missing = false),
    }
    counts
}

fn each_alive(model: &mut Model, ids: &[u8], change: impl Fn(&mut Row)) {
    for id in ids {
        if let Some(row) = model.get_mut(id).filter(|row| row.is_alive) {
            change(row);
        }
    }
}

async fn perform(store: &Store, owner: UserId, site: &str, step: &Step, second: u64) -> Written {
    let (kind, cloud_id) = (MirrorKind::JiraIssues, CloudId::new(site));
    if let Step::Upsert(things) = step {
        let things: Vec<_> = things
            .iter()
            .map(|(id, updated, content)| RemoteIssue {
                remote_updated_at: updated.map(|seconds| later(seconds.into())),
                ..issue(&id.to_string(), &format!("CORE-{id}"), &content.to_string())
            })
            .collect();
        return sync(store, owner, site, &things, later(second)).await;
    }
    let mut tx = store.begin_write(Durability::Normal).await.unwrap();
    let (Step::MarkAbsent(ids) | Step::MarkMissing(ids) | Step::MarkSeen(ids)) = step else { unreachable!() };
    let ids: Vec<_> = ids.iter().map(u8::to_string).collect();
    let ids: Vec<_> = ids.iter().map(String::as_str).collect();
    match step {
        Step::MarkAbsent(_) => {
            tx.mark_absent(kind, owner, &cloud_id, &ids, AbsenceReason::Deleted, later(second)).await.unwrap()
        }
        Step::MarkMissing(_) => tx.mark_missing(kind, owner, &cloud_id, &ids, later(second)).await.unwrap(),
        _ => tx.mark_seen(kind, owner, &cloud_id, &ids).await.unwrap(),
    };
    tx.commit().await.unwrap();
    Written::default()
}

/// The living of the model, as [`Store::remote_ids`] shows them.
fn living(model: &Model) -> Vec<(String, Option<i64>, bool)> {
    let alive = model.iter().filter(|(_, row)| row.is_alive);
    let age = |row: &Row| row.updated.map(|seconds| later(seconds.into()).as_millis());
    alive.map(|(id, row)| (id.to_string(), age(row), row.is_missing)).collect()
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
fn any_history_ends_as_the_model_says(#[case] engine: Engine) {
    let runtime = Runtime::new().unwrap();
    let Some(db) = runtime.block_on(TestDatabase::create(engine)) else { return };
    let (store, owner) = (db.store(), runtime.block_on(owner(db.store())));
    let config = ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() };
    let site = std::cell::Cell::new(0);
    let history = |steps: Vec<Step>| {
        // Each history has a site of its own in the same database.
        site.set(site.get() + 1);
        let site = format!("site {}", site.get());
        let mut model = Model::new();
        for (second, step) in (1..).zip(&steps) {
            let expected = apply(&mut model, step);
            let counts = runtime.block_on(perform(store, owner, &site, step, second));
            prop_assert_eq!(counts, expected, "{:?}", step);
            let cloud_id = CloudId::new(&*site);
            let ids = store.remote_ids(MirrorKind::JiraIssues, owner, &cloud_id, Some("10"));
            let ids = runtime.block_on(ids).unwrap().into_iter();
            let ids: Vec<_> = ids.map(|row| (row.remote_id, row.age, row.absent_since.is_some())).collect();
            prop_assert_eq!(ids, living(&model), "{:?}", step);
        }
        Ok(())
    };
    TestRunner::new(config).run(&vec(step(), 1..12), history).unwrap();
    runtime.block_on(async move { drop(db) });
}
