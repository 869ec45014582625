use connector_domain::{CloudId, Timestamp};
use futures::FutureExt as _;
use sea_orm::{ConnectionTrait as _, Statement};

use crate::{Store, StoreError};

/// Until when nothing is asked below a scope, and why. What a scope is, its users agree on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RatePause {
    pub scope: String,
    pub until: Timestamp,
    pub reason: String,
}

/// What an app has spent on a site in one hour.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PointsHour {
    pub used: u64,
    /// What Atlassian allows, where it is known.
    pub budget: Option<u64>,
}

const HOUR_MS: i64 = 3_600_000;

/// The beginning of the hour (UTC) in which `now` lies.
fn hour(now: Timestamp) -> i64 {
    now.as_millis().div_euclid(HOUR_MS) * HOUR_MS
}

fn number(points: u64) -> i64 {
    i64::try_from(points).unwrap_or(i64::MAX)
}

impl Store {
    /// Notes a pause; of two for one scope the longer one holds.
    pub async fn put_rate_pause(&self, pause: RatePause) -> Result<(), StoreError> {
        let backend = self.inner.write.get_database_backend();
        self.write_alone(None, move |db| {
            async move {
                let sql = "INSERT INTO rate_pauses (scope, until, reason) VALUES ($1, $2, $3) \
                           ON CONFLICT (scope) DO UPDATE SET until = excluded.until, reason = excluded.reason \
                           WHERE rate_pauses.until < excluded.until";
                let values = [pause.scope.into(), pause.until.as_millis().into(), pause.reason.into()];
                db.execute_raw(Statement::from_sql_and_values(backend, sql, values)).await?;
                Ok(())
            }
            .boxed()
        })
        .await
    }

    /// The pauses that have not ended at `now`.
    pub async fn list_rate_pauses(&self, now: Timestamp) -> Result<Vec<RatePause>, StoreError> {
        let sql = "SELECT scope, until, reason FROM rate_pauses WHERE until > $1 ORDER BY scope";
        let rows = self.rows(sql, [now.as_millis().into()]).await?;
        let pauses = rows.iter().map(|row| {
            Ok(RatePause {
                scope: row.try_get_by_index(0)?,
                until: Timestamp::from_millis(row.try_get_by_index(1)?),
                reason: row.try_get_by_index(2)?,
            })
        });
        pauses.collect()
    }

    /// Adds to what an app has spent on a site in the hour of `now`, and notes the budget where it is known. What other
    /// processes have spent counts too. Says what that makes.
    pub async fn spend_points(
        &self,
        client_id: &str,
        cloud_id: &CloudId,
        points: u64,
        budget: Option<u64>,
        now: Timestamp,
    ) -> Result<PointsHour, StoreError> {
        let backend = self.inner.write.get_database_backend();
        let (client_id, cloud_id) = (client_id.to_owned(), cloud_id.as_str().to_owned());
        self.write_alone(None, move |db| {
            async move {
                let sql = "INSERT INTO points_ledger (client_id, cloud_id, hour, used, budget) \
                           VALUES ($1, $2, $3, $4, $5) ON CONFLICT (client_id, cloud_id, hour) DO UPDATE SET \
                           used = points_ledger.used + excluded.used, \
                           budget = COALESCE(excluded.budget, points_ledger.budget) RETURNING used, budget";
                let values = [
                    client_id.into(),
                    cloud_id.into(),
                    hour(now).into(),
                    number(points).into(),
                    budget.map(number).into(),
                ];
                let row = db.query_one_raw(Statement::from_sql_and_values(backend, sql, values)).await?;
                row.map_or(Ok(PointsHour::default()), |row| points_hour(&row))
            }
            .boxed()
        })
        .await
    }

    /// What an app has spent on a site in the hour of `now`.
    pub async fn points_spent(
        &self,
        client_id: &str,
        cloud_id: &CloudId,
        now: Timestamp,
    ) -> Result<PointsHour, StoreError> {
        let sql =
            "SELECT used, budget FROM points_ledger WHERE client_id = $1 AND cloud_id = $2 AND hour = $3";
        let rows = self.rows(sql, [client_id.into(), cloud_id.as_str().into(), hour(now).into()]).await?;
        rows.first().map_or(Ok(PointsHour::default()), points_hour)
    }

    /// Deletes pauses that have ended, and what was spent in hours before `before`.
    pub async fn delete_old_rates(&self, now: Timestamp, before: Timestamp) -> Result<(), StoreError> {
        let backend = self.inner.write.get_database_backend();
        self.write_alone(None, move |db| {
            async move {
                let pauses = "DELETE FROM rate_pauses WHERE until <= $1";
                let values = [now.as_millis().into()];
                db.execute_raw(Statement::from_sql_and_values(backend, pauses, values)).await?;
                let ledger = "DELETE FROM points_ledger WHERE hour < $1";
                let values = [hour(before).into()];
                db.execute_raw(Statement::from_sql_and_values(backend, ledger, values)).await?;
                Ok(())
            }
            .boxed()
        })
        .await
    }
}

fn points_hour(row: &sea_orm::QueryResult) -> Result<PointsHour, StoreError> {
    let budget: Option<i64> = row.try_get_by_index(1)?;
    let used: i64 = row.try_get_by_index(0)?;
    Ok(PointsHour { used: used.unsigned_abs(), budget: budget.map(i64::unsigned_abs) })
}
