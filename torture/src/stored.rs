//! What the program has stored, read beside it: generations are shown by no route.

use std::collections::BTreeMap;

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _, PgConnection};

use crate::postgres;
use crate::scene::{Database, Scene};

const GENERATIONS: &str = "SELECT connection_id, generation FROM grants";

/// The stored generation by connection.
pub async fn generations(scene: &Scene) -> anyhow::Result<BTreeMap<String, i64>> {
    let rows: Vec<(String, i64)> = match &scene.database {
        Database::Sqlite(path) => {
            let mut connection = SqliteConnectOptions::new().filename(path).read_only(true).connect().await?;
            let rows = sqlx::query_as(GENERATIONS).fetch_all(&mut connection).await?;
            connection.close().await?;
            rows
        }
        Database::Postgres(server) => {
            // Not through the proxy, whose faults are meant for the program.
            let url = postgres::url(server.address, &server.name);
            let mut connection = PgConnection::connect(&url).await?;
            let rows = sqlx::query_as(GENERATIONS).fetch_all(&mut connection).await?;
            connection.close().await?;
            rows
        }
    };
    Ok(rows.into_iter().collect())
}
