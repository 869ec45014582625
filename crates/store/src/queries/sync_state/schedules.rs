use connector_domain::{ConnectionId, Timestamp};
use sea_orm::{ConnectionTrait as _, QueryResult};

use crate::{Store, StoreError, WriteTx};

/// When a connection is synced next. `None`: not by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SyncSchedule {
    pub connection_id: ConnectionId,
    pub next_incremental_at: Option<Timestamp>,
    pub next_census_at: Option<Timestamp>,
}

impl WriteTx {
    pub async fn put_schedule(&mut self, schedule: &SyncSchedule) -> Result<(), StoreError> {
        let sql = "INSERT INTO sync_schedules (connection_id, next_incremental_at, next_census_at) \
                   VALUES ($1, $2, $3) ON CONFLICT (connection_id) DO UPDATE SET \
                   next_incremental_at = excluded.next_incremental_at, next_census_at = excluded.next_census_at";
        let values = [
            schedule.connection_id.to_string().into(),
            schedule.next_incremental_at.map(Timestamp::as_millis).into(),
            schedule.next_census_at.map(Timestamp::as_millis).into(),
        ];
        self.execute_raw(self.statement(sql.to_owned(), values)).await?;
        Ok(())
    }
}

impl Store {
    pub async fn find_schedule(&self, id: ConnectionId) -> Result<Option<SyncSchedule>, StoreError> {
        let sql = "SELECT connection_id, next_incremental_at, next_census_at FROM sync_schedules \
                   WHERE connection_id = $1";
        self.rows(sql, [id.to_string().into()]).await?.first().map(schedule).transpose()
    }

    /// Active connections that have no schedule yet, at most `limit`.
    pub async fn connections_without_schedule(&self, limit: u64) -> Result<Vec<ConnectionId>, StoreError> {
        let sql = "SELECT connections.id FROM connections \
                   LEFT JOIN sync_schedules ON sync_schedules.connection_id = connections.id \
                   WHERE connections.status = 'active' AND sync_schedules.connection_id IS NULL \
                   ORDER BY connections.id LIMIT $1";
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let rows = self.rows(sql, [limit.into()]).await?;
        let ids = rows.iter().map(|row| {
            let id: String = row.try_get_by_index(0)?;
            crate::queries::parsed("connections", &id, &id)
        });
        ids.collect()
    }

    /// The schedules of active connections of which something is due, at most `limit`.
    pub async fn due_schedules(&self, now: Timestamp, limit: u64) -> Result<Vec<SyncSchedule>, StoreError> {
        let sql = "SELECT sync_schedules.connection_id, next_incremental_at, next_census_at FROM sync_schedules \
                   JOIN connections ON connections.id = sync_schedules.connection_id \
                   WHERE connections.status = 'active' AND (next_incremental_at <= $1 OR next_census_at <= $1) \
                   ORDER BY COALESCE(next_incremental_at, next_census_at), sync_schedules.connection_id LIMIT $2";
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.rows(sql, [now.as_millis().into(), limit.into()]).await?.iter().map(schedule).collect()
    }
}

fn schedule(row: &QueryResult) -> Result<SyncSchedule, StoreError> {
    let id: String = row.try_get_by_index(0)?;
    Ok(SyncSchedule {
        connection_id: crate::queries::parsed("sync_schedules", &id, &id)?,
        next_incremental_at: row.try_get_by_index::<Option<i64>>(1)?.map(Timestamp::from_millis),
        next_census_at: row.try_get_by_index::<Option<i64>>(2)?.map(Timestamp::from_millis),
    })
}
