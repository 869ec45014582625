//! Random histories of a grant, against a model in memory: exchanges that end, die or come late, refusals, disconnects and
//! new consents. Whatever the order, the stored pair is never an older one than before.

use std::collections::BTreeMap;

use connector_domain::{ConnectionId, ConnectionStatus, UserId};
use connector_store::{Engine, GrantLock, NewConnection, Spare, Store};
use connector_testkit::{TestDatabase, within};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use rstest::rstest;
use tokio::runtime::Runtime;

use crate::fixtures::{
    IDLE, REPLICA, by_system, consent, disconnect, later, new_connection, owner, pair, revoked,
};

#[derive(Debug, Clone, Copy)]
enum Step {
    /// The token is sent, and nothing more is heard of it for now.
    Send,
    /// One of the answers that were never stored arrives: the how manieth.
    Arrive(u8),
    /// The token is sent and the answer stored.
    Refresh,
    Refuse,
    End,
    Disconnect,
    Consent,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => Just(Step::Send),
        4 => any::<u8>().prop_map(Step::Arrive),
        2 => Just(Step::Refresh),
        1 => Just(Step::Refuse),
        1 => Just(Step::End),
        1 => Just(Step::Disconnect),
        2 => Just(Step::Consent),
    ]
}

/// An answer on its way: of which pair, by which attempt, and which text it brings.
#[derive(Debug, Clone)]
struct Answer {
    of: (i64, i64),
    attempt: u32,
    text: String,
}

#[derive(Debug, Default)]
struct Model {
    /// `None` while disconnected.
    grant: Option<Held>,
    epoch: i64,
    on_their_way: Vec<Answer>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Held {
    generation: i64,
    text: String,
    attempts: u32,
    spares: BTreeMap<u32, String>,
    status: ConnectionStatus,
}

impl Held {
    fn of(generation: i64, text: &str) -> Self {
        let (text, spares) = (text.to_owned(), BTreeMap::new());
        Self { generation, text, attempts: 0, spares, status: ConnectionStatus::Active }
    }
}

impl Model {
    fn apply(&mut self, step: Step, text: &str) {
        match (step, self.grant.as_mut()) {
            (Step::Send, Some(held)) => {
                held.attempts += 1;
                let (of, attempt) = ((held.generation, self.epoch), held.attempts);
                self.on_their_way.push(Answer { of, attempt, text: text.to_owned() });
            }
            (Step::Arrive(which), _) if !self.on_their_way.is_empty() => {
                let answer = self.on_their_way.remove(usize::from(which) % self.on_their_way.len());
                let Some(held) = self.grant.as_mut() else { return };
                if answer.of != (held.generation, self.epoch) {
                    return;
                }
                if answer.attempt == held.attempts {
                    *held = Held::of(held.generation + 1, &answer.text);
                } else {
                    held.spares.insert(answer.attempt, answer.text);
                }
            }
            (Step::Refresh, Some(held)) => *held = Held::of(held.generation + 1, text),
            (Step::End, Some(held)) => held.status = ConnectionStatus::NeedsReconnect,
            (Step::Disconnect, _) => {
                self.epoch += 1;
                self.grant = None;
            }
            (Step::Consent, held) => {
                let generation = held.map_or(1, |held| held.generation + 1);
                self.epoch += 1;
                self.grant = Some(Held::of(generation, text));
            }
            _ => {}
        }
    }
}

/// `None` where there is no grant. A lock that was dropped is given back a moment later on PostgreSQL.
async fn locked(store: &Store, id: ConnectionId) -> Option<GrantLock> {
    within("the lock", async {
        loop {
            let lock = store.lock_grant(id, IDLE).await.unwrap();
            if lock.is_some() || store.find_grant(id).await.unwrap().is_none() {
                return lock;
            }
            tokio::task::yield_now().await;
        }
    })
    .await
}

struct History<'a> {
    store: &'a Store,
    new: NewConnection,
    on_their_way: Vec<Answer>,
}

impl History<'_> {
    async fn perform(&mut self, step: Step, text: &str, second: u64) {
        let (store, id, now) = (self.store, self.new.id, later(second));
        match step {
            Step::Disconnect => return disconnect(store, id, now).await,
            Step::Consent => {
                consent(store, &self.new, pair(text, later(second + 3600)), now).await;
                return;
            }
            Step::Arrive(_) if self.on_their_way.is_empty() => return,
            _ => {}
        }
        let lock = locked(store, id).await;
        let answer = match step {
            Step::Arrive(which) => {
                Some(self.on_their_way.remove(usize::from(which) % self.on_their_way.len()))
            }
            _ => None,
        };
        let Some(lock) = lock else { return };
        match (step, answer) {
            (Step::Send, _) => {
                let intent = lock.record_intent(REPLICA, now).await.unwrap();
                let of = (lock.grant().generation, lock.grant().epoch);
                self.on_their_way.push(Answer { of, attempt: intent.attempts, text: text.to_owned() });
            }
            (_, Some(answer)) => {
                if answer.of != (lock.grant().generation, lock.grant().epoch) {
                    return;
                }
                let attempts = lock.intent().await.unwrap().map_or(0, |intent| intent.attempts);
                let late = pair(&answer.text, later(second + 3600));
                if attempts <= answer.attempt {
                    assert!(lock.commit(late, &by_system(now)).await.unwrap());
                } else {
                    let spare = Spare {
                        id: format!("{id} {}", answer.text),
                        sealed_access_token: late.access_token,
                        sealed_refresh_token: late.refresh_token,
                        received_at: later(answer.attempt.into()),
                    };
                    lock.put_spare(spare).await.unwrap();
                }
            }
            (Step::Refresh, _) => {
                lock.record_intent(REPLICA, now).await.unwrap();
                assert!(lock.commit(pair(text, later(second + 3600)), &by_system(now)).await.unwrap());
            }
            (Step::Refuse, _) => drop(lock.record_refusal(now, later(second + 60)).await.unwrap()),
            (Step::End, _) => drop(lock.end(None, &revoked(now)).await.unwrap()),
            _ => {}
        }
    }

    /// What is stored, as the model has it.
    async fn stored(&self) -> Option<Held> {
        let held = self.store.find_held_grant(self.new.id).await.unwrap().unwrap();
        let grant = held.grant?;
        let lock = locked(self.store, self.new.id).await.unwrap();
        let text = |sealed: &[u8]| String::from_utf8_lossy(sealed).trim_start_matches("refresh ").to_owned();
        let attempt_of = |millis: i64| u32::try_from((millis - later(0).as_millis()) / 1000).unwrap();
        let spares = lock.spares().await.unwrap().into_iter().map(|spare| {
            (attempt_of(spare.received_at.as_millis()), text(&spare.sealed_refresh_token.unwrap()))
        });
        Some(Held {
            generation: grant.generation,
            text: text(&grant.sealed_refresh_token.unwrap()),
            attempts: lock.intent().await.unwrap().map_or(0, |intent| intent.attempts),
            spares: spares.collect(),
            status: held.status,
        })
    }
}

async fn any_history(store: &Store, owner: UserId, case: u64, steps: &[Step]) {
    let new = new_connection(owner, &format!("account {case}"), case);
    consent(store, &new, pair("0", later(3600)), later(0)).await;
    let mut model = Model { grant: Some(Held::of(1, "0")), epoch: 1, ..Model::default() };
    let mut history = History { store, new, on_their_way: Vec::new() };
    let mut highest: (i64, i64) = (1, 1);
    for (at, step) in steps.iter().enumerate() {
        let second = at as u64 + 1;
        let text = second.to_string();
        model.apply(*step, &text);
        history.perform(*step, &text, second).await;
        let stored = history.stored().await;
        assert_eq!(stored, model.grant, "after {:?}", &steps[..=at]);
        if let Some(held) = stored {
            assert!((model.epoch, held.generation) >= highest, "an older pair came back");
            highest = (model.epoch, held.generation);
        }
    }
}

#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
fn any_history_of_a_grant_ends_as_the_model_says(#[case] engine: Engine) {
    let runtime = Runtime::new().unwrap();
    let Some(db) = runtime.block_on(TestDatabase::create(engine)) else { return };
    let (store, owner) = (db.store(), runtime.block_on(owner(db.store())));
    let config = ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() };
    let case = std::cell::Cell::new(0);
    TestRunner::new(config)
        .run(&vec(step(), 1..24), |steps| {
            case.set(case.get() + 1);
            runtime.block_on(any_history(store, owner, case.get(), &steps));
            Ok(())
        })
        .unwrap();
}

/// The lookup of what is due goes by its index, however many grants there are.
#[rstest]
#[case::sqlite(Engine::Sqlite)]
#[case::postgres(Engine::Postgres)]
#[tokio::test]
async fn what_is_due_is_found_by_an_index(#[case] engine: Engine) {
    let Some(db) = TestDatabase::create(engine).await else { return };
    let owner = owner(db.store()).await;
    let mut ids: Vec<ConnectionId> = Vec::new();
    for i in 0..3 {
        let new = new_connection(owner, &format!("account {i}"), i);
        ids.push(consent(db.store(), &new, pair("any", later(i)), later(0)).await.connection_id);
    }
    let many = match engine {
        Engine::Sqlite => {
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000) \
             INSERT INTO connections (id, user_id, client_id, account_key, status, scopes, epoch, connected_at, updated_at) \
             SELECT 'filler ' || i, user_id, client_id, 'filler ' || i, status, scopes, epoch, connected_at, updated_at \
             FROM connections, n WHERE account_key = 'account 0'"
        }
        Engine::Postgres => {
            "INSERT INTO connections (id, user_id, client_id, account_key, status, scopes, epoch, connected_at, updated_at) \
             SELECT 'filler ' || i, user_id, client_id, 'filler ' || i, status, scopes, epoch, connected_at, updated_at \
             FROM connections, generate_series(1, 5000) AS n(i) WHERE account_key = 'account 0'"
        }
    };
    db.execute(many).await;
    db.execute(
        "INSERT INTO grants (connection_id, generation, epoch, sealed_access_token, access_expires_at, rotated_at, \
         next_attempt_at, failures) \
         SELECT c.id, 1, 1, g.sealed_access_token, g.access_expires_at, g.rotated_at, \
         g.next_attempt_at + 1000000000, 0 FROM connections c, grants g \
         WHERE c.account_key LIKE 'filler%' AND g.connection_id = (SELECT id FROM connections WHERE account_key = 'account 0')",
    )
    .await;
    db.execute("ANALYZE").await;
    // As `Store::list_due` asks.
    let due = "WHERE next_attempt_at <= 1000 ORDER BY next_attempt_at ASC LIMIT 50";
    match engine {
        // Which is refused where the index does not serve.
        Engine::Sqlite => {
            let named = format!("SELECT connection_id FROM grants INDEXED BY grants_due {due}");
            assert!(db.texts(&named).await.is_empty());
        }
        Engine::Postgres => {
            let plan = db.texts(&format!("EXPLAIN SELECT connection_id FROM grants {due}")).await;
            assert!(plan.join("\n").contains("grants_due"), "{plan:?}");
        }
    }
    assert_eq!(db.store().list_due(later(3), 50, &[]).await.unwrap(), ids);
}
