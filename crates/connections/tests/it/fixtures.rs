//! Key rings, people with tokens, and every sealed value of a database.

use connector_connections::SEALED;
use connector_domain::{Secret, SeededEntropy};
use connector_store::{NewUser, SealedColumn, SealedRow, Store};
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
