//! What the program has stored, read beside it: generations and hashes are shown by no route.

use std::collections::BTreeMap;

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _, PgConnection};

use crate::postgres;
use crate::scene::{Database, Scene};

const GENERATIONS: &str = "SELECT connection_id, generation FROM grants";

/// The hashes by which sessions and logins are found.
const HASHES: &str = "SELECT token_hash, CAST(0 AS BIGINT) FROM sessions UNION SELECT state_hash, CAST(0 AS BIGINT) FROM login_attempts \
                      UNION SELECT browser_hash, CAST(0 AS BIGINT) FROM login_attempts";

/// The stored generation by connection.
pub async fn generations(scene: &Scene) -> anyhow::Result<BTreeMap<String, i64>> {
    Ok(rows(scene, GENERATIONS).await?.into_iter().collect())
}

/// What stands in the database for the cookies and states that were given out.
pub async fn hashes(scene: &Scene) -> anyhow::Result<Vec<String>> {
    Ok(rows(scene, HASHES).await?.into_iter().map(|(hash, _)| hash).collect())
}

async fn rows(scene: &Scene, query: &'static str) -> anyhow::Result<Vec<(String, i64)>> {
    match &scene.database {
        Database::Sqlite(path) => {
            let mut connection = SqliteConnectOptions::new().filename(path).read_only(true).connect().await?;
            let rows = sqlx::query_as(query).fetch_all(&mut connection).await?;
            connection.close().await?;
            Ok(rows)
        }
        Database::Postgres(server) => {
            // Not through the proxy, whose faults are meant for the program.
            let url = postgres::url(server.address, &server.name);
            let mut connection = PgConnection::connect(&url).await?;
            let rows = sqlx::query_as(query).fetch_all(&mut connection).await?;
            connection.close().await?;
            Ok(rows)
        }
    }
}
