//! A sealed value is good in its place only.

use connector_store::Engine;
use connector_testkit::TestApp;
use connector_vault::KeyRing;
use rstest::rstest;

use crate::fixtures::{everything, late_answers, people_with_tokens, place};

/// The bytes with one bit changed, for every bit.
fn with_a_bit_flipped(sealed: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    (0..sealed.len() * 8).map(|bit| {
        let mut changed = sealed.to_vec();
        changed[bit / 8] ^= 1 << (bit % 8);
        changed
    })
}

#[rstest]
#[tokio::test]
async fn nothing_that_was_moved_or_changed_opens(#[values(Engine::Sqlite, Engine::Postgres)] engine: Engine) {
    let Some(app) = TestApp::start_with(engine, |setup| setup.runs_jobs = false).await else { return };
    let (ada, ben) = (app.browser(), app.browser());
    ada.connect().await;
    ben.connect_as("Ben").await;
    // Logins that are open: verifiers too.
    ada.begin("/api/oauth/atlassian/login").await;
    ben.begin("/api/oauth/atlassian/login").await;
    late_answers(&app).await;
    people_with_tokens(&app, 20).await;
    let keys = KeyRing::parse(&app.setup.keys).unwrap();
    let all = everything(app.database.store()).await;
    let tables: std::collections::BTreeSet<_> =
        all.iter().map(|(column, _)| (column.table, column.column)).collect();
    assert_eq!(tables.len(), connector_connections::SEALED.len(), "every kind of value is there: {tables:?}");
    let names: Vec<_> = all.iter().map(|(_, row)| row.key.join("/")).collect();

    let (mut tried, mut opened) = (0, Vec::new());
    for (i, (column, row)) in all.iter().enumerate() {
        keys.open(&place(column, &names[i], row.generation), &row.sealed).expect("opens where it lies");
        // In every other row, column, table and person's place.
        for (j, (other, there)) in all.iter().enumerate().filter(|(j, _)| *j != i) {
            tried += 1;
            if keys.open(&place(other, &names[j], there.generation), &row.sealed).is_ok() {
                opened.push(format!("{i} in the place of {j}"));
            }
        }
        for generation in [None, Some(0), Some(1), Some(2), Some(i64::MAX)] {
            if generation == row.generation {
                continue;
            }
            tried += 1;
            if keys.open(&place(column, &names[i], generation), &row.sealed).is_ok() {
                opened.push(format!("{i} in generation {generation:?}"));
            }
        }
    }
    // Of each kind one, and one more.
    let step = all.len().div_ceil(5).max(1);
    for (i, (column, row)) in all.iter().enumerate().step_by(step) {
        let changed = with_a_bit_flipped(&row.sealed)
            .chain((0..row.sealed.len()).map(|length| row.sealed[..length].to_vec()))
            .chain([0, 2, 255].map(|version| [&[version], &row.sealed[1..]].concat()));
        for bytes in changed {
            tried += 1;
            if keys.open(&place(column, &names[i], row.generation), &bytes).is_ok() {
                opened.push(format!("{i} changed"));
            }
        }
    }
    assert_eq!(opened, [""; 0], "of {tried}");
    assert!(tried >= 5000, "only {tried}");
}
