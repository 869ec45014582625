//! Counts over everything, for the metrics of an operator: no row, person or site is told of by itself.

use connector_domain::Timestamp;
use sea_orm::{ConnectionTrait as _, QueryResult, Statement, Value};

use crate::{Store, StoreError};

const HOUR_MS: i64 = 3_600_000;

/// How much of everything there is, and in which state.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Figures {
    /// Connections by status.
    pub connections: Vec<(String, u64)>,
    /// Sync runs that are kept, by mode and status.
    pub sync_runs: Vec<(String, String, u64)>,
    pub jobs: JobFigures,
    /// Comparisons with Atlassian's lists, by stream and state.
    pub proofs: Vec<ProofFigures>,
    /// What of Atlassian's calls waits, as the first word of its scope.
    pub pauses: Vec<PauseFigures>,
    /// Points spent in this hour, over all sites.
    pub points_used: u64,
    /// The largest budget an hour that Atlassian has named.
    pub points_budget: Option<u64>,
}

/// The queue.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct JobFigures {
    /// Due, and nobody works on them.
    pub queued: u64,
    pub running: u64,
    /// Not due yet.
    pub delayed: u64,
    /// Since when the one that has been due longest is due.
    pub oldest_due: Option<Timestamp>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProofFigures {
    pub stream: String,
    pub state: String,
    pub lists: u64,
    /// By how many things the lists and the mirror differ.
    pub different: u64,
    /// The longest time ago at which one of the lists was found equal last; `None` where one never was.
    pub oldest_equal: Option<Timestamp>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PauseFigures {
    pub kind: String,
    pub count: u64,
    pub until: Timestamp,
}

impl Store {
    pub async fn figures(&self, now: Timestamp) -> Result<Figures, StoreError> {
        let by_status =
            self.figure_rows("SELECT status, COUNT(*) FROM connections GROUP BY status", []).await?;
        let runs = "SELECT mode, status, COUNT(*) FROM sync_runs GROUP BY mode, status";
        let runs = self.figure_rows(runs, []).await?;
        let run = |row: &QueryResult| {
            Ok::<_, StoreError>((row.try_get_by_index(0)?, row.try_get_by_index(1)?, number(row, 2)?))
        };
        let points =
            "SELECT CAST(COALESCE(SUM(used), 0) AS bigint), MAX(budget) FROM points_ledger WHERE hour = $1";
        let hour = now.as_millis().div_euclid(HOUR_MS) * HOUR_MS;
        let points = self.figure_rows(points, [hour.into()]).await?;
        let points = points.first();
        Ok(Figures {
            connections: by_status
                .iter()
                .map(|row| Ok::<_, StoreError>((row.try_get_by_index(0)?, number(row, 1)?)))
                .collect::<Result<_, _>>()?,
            sync_runs: runs.iter().map(run).collect::<Result<_, _>>()?,
            jobs: self.job_figures(now).await?,
            proofs: self.proof_figures().await?,
            pauses: self.pause_figures(now).await?,
            points_used: points.map_or(Ok(0), |row| number(row, 0))?,
            points_budget: match points {
                Some(row) => row.try_get_by_index::<Option<i64>>(1)?.map(i64::unsigned_abs),
                None => None,
            },
        })
    }

    async fn job_figures(&self, now: Timestamp) -> Result<JobFigures, StoreError> {
        let sql = "SELECT \
                   COALESCE(SUM(CASE WHEN lease_until >= $1 THEN 0 WHEN run_at <= $1 THEN 1 ELSE 0 END), 0), \
                   COALESCE(SUM(CASE WHEN lease_until >= $1 THEN 1 ELSE 0 END), 0), \
                   COALESCE(SUM(CASE WHEN lease_until >= $1 THEN 0 WHEN run_at > $1 THEN 1 ELSE 0 END), 0), \
                   MIN(CASE WHEN lease_until >= $1 THEN NULL WHEN run_at <= $1 THEN run_at ELSE NULL END) \
                   FROM jobs";
        let rows = self.figure_rows(sql, [now.as_millis().into()]).await?;
        let Some(row) = rows.first() else { return Ok(JobFigures::default()) };
        Ok(JobFigures {
            queued: number(row, 0)?,
            running: number(row, 1)?,
            delayed: number(row, 2)?,
            oldest_due: row.try_get_by_index::<Option<i64>>(3)?.map(Timestamp::from_millis),
        })
    }

    async fn proof_figures(&self) -> Result<Vec<ProofFigures>, StoreError> {
        let sql = "SELECT stream, state, COUNT(*), CAST(SUM(ABS(remote_count - local_count)) AS bigint), \
                   MIN(COALESCE(equal_at, 0)) FROM sync_proofs GROUP BY stream, state ORDER BY stream, state";
        let rows = self.figure_rows(sql, []).await?;
        let proofs = rows.iter().map(|row| {
            let oldest: i64 = row.try_get_by_index(4)?;
            Ok(ProofFigures {
                stream: row.try_get_by_index(0)?,
                state: row.try_get_by_index(1)?,
                lists: number(row, 2)?,
                different: number(row, 3)?,
                oldest_equal: (oldest > 0).then(|| Timestamp::from_millis(oldest)),
            })
        });
        proofs.collect()
    }

    async fn pause_figures(&self, now: Timestamp) -> Result<Vec<PauseFigures>, StoreError> {
        let mut figures: Vec<PauseFigures> = Vec::new();
        for pause in self.list_rate_pauses(now).await? {
            let kind = pause.scope.split(' ').next().unwrap_or_default();
            match figures.iter_mut().find(|figure| figure.kind == kind) {
                Some(figure) => {
                    figure.count += 1;
                    figure.until = figure.until.max(pause.until);
                }
                None => figures.push(PauseFigures { kind: kind.to_owned(), count: 1, until: pause.until }),
            }
        }
        Ok(figures)
    }

    async fn figure_rows(
        &self,
        sql: &str,
        values: impl IntoIterator<Item = Value>,
    ) -> Result<Vec<QueryResult>, StoreError> {
        let backend = self.inner.read.get_database_backend();
        Ok(self.inner.read.query_all_raw(Statement::from_sql_and_values(backend, sql, values)).await?)
    }
}

fn number(row: &QueryResult, index: usize) -> Result<u64, StoreError> {
    Ok(row.try_get_by_index::<i64>(index)?.unsigned_abs())
}
