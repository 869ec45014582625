//! Key rings, people with tokens, and every sealed value of a database.

use connector_connections::SEALED;
use connector_domain::{Secret, SeededEntropy, SystemEntropy};
use connector_store::{NewUser, SealedColumn, SealedRow, Spare, Store};
use connector_testkit::TestApp;
use connector_vault::{KeyRing, Place};

/// The entry of a new key, as `CONNECTOR_ENCRYPTION_KEYS` has it.
pub(crate) fn key(id: &str, seed: u64) -> String {
    KeyRing::generate(&SeededEntropy::new(seed), id).unwrap().expose().to_owned()
}

/// Makes people who bring a token for each product.
pub(crate) async fn people_with_tokens(app: &TestApp, number: usize) {
    for i in 0..number {
        let new = NewUser {
            email: format!("person-{i}@example.com").parse().unwrap(),
            display_name: None,
            jira_base_url: None,
            confluence_base_url: None,
        };
        let tokens =
            ["jira", "confluence"].map(|provider| (provider, Secret::new(format!("{provider}-{i}"))));
        app.connections.create_user(&new, tokens.to_vec()).await.unwrap();
    }
}

/// Every sealed value, with the column it is in.
pub(crate) async fn everything(store: &Store) -> Vec<(SealedColumn, SealedRow)> {
    let mut all = Vec::new();
    for column in SEALED {
        let rows = store.list_sealed(&column, &[], None, 10_000).await.unwrap();
        all.extend(rows.into_iter().map(|row| (column, row)));
    }
    all
}

/// The place that the documentation of the vault gives a value: table, column, primary key, generation.
pub(crate) fn place<'a>(column: &SealedColumn, name: &'a str, generation: Option<i64>) -> Place<'a> {
    Place { table: column.table, column: column.column, row: name, generation }
}

/// A late answer to each connection's exchange, as a spool leaves one beside the stored pair.
pub(crate) async fn late_answers(app: &TestApp) {
    let store = app.database.store();
    let keys = KeyRing::parse(&app.setup.keys).unwrap();
    for connection in store.list_connections(None).await.unwrap() {
        let seal = |column: &'static str| {
            let id = connection.id.to_string();
            let place = Place { table: "grant_spares", column, row: &id, generation: None };
            keys.seal(&place, b"late", &SystemEntropy)
        };
        let spare = Spare {
            id: connection.id.to_string(),
            sealed_access_token: seal("sealed_access_token"),
            sealed_refresh_token: Some(seal("sealed_refresh_token")),
            received_at: connection.updated_at,
        };
        let lock = store.lock_grant(connection.id, app.setup.timings.lock_idle).await.unwrap().unwrap();
        lock.put_spare(spare).await.unwrap();
    }
}
