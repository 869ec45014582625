//! What a sync keeps between its runs: how far it is, how complete, what it set aside, and when it may ask again.

mod bad_records;
mod checkpoints;
mod points;
mod proofs;
mod schedules;

pub use bad_records::BadRecordRow;
pub use checkpoints::{Checkpoint, StreamScope};
pub use points::{PointsHour, RatePause};
pub use proofs::{CompletenessProof, ProofState, UnknownProofState};
pub use schedules::SyncSchedule;

use sea_orm::{ConnectionTrait, Statement, Value};

use crate::{Store, StoreError};

impl Store {
    /// The rows that `sql` finds.
    async fn rows(
        &self,
        sql: &str,
        values: impl IntoIterator<Item = Value>,
    ) -> Result<Vec<sea_orm::QueryResult>, StoreError> {
        let backend = self.inner.read.get_database_backend();
        let query = Statement::from_sql_and_values(backend, sql, values);
        Ok(self.inner.read.query_all_raw(query).await?)
    }
}
