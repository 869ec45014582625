use connector_domain::{CloudId, ConnectionId, Timestamp};
use sea_orm::ConnectionTrait as _;

use crate::engine::among;
use crate::queries::mirror::id_list;
use crate::{MirrorKind, Store, StoreError, WriteTx};

/// A thing of Atlassian's that could not be read and was set aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadRecordRow {
    pub cloud_id: CloudId,
    pub stream: MirrorKind,
    /// Atlassian's id, or what stands in for one where it has none.
    pub remote_id: String,
    pub reason: String,
    pub first_seen_at: Timestamp,
    pub last_seen_at: Timestamp,
}

impl WriteTx {
    /// Notes things that could not be read, each as (its id, why).
    pub async fn record_bad_records(
        &mut self,
        connection_id: ConnectionId,
        cloud_id: &CloudId,
        stream: MirrorKind,
        records: &[(&str, &str)],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let sql = "INSERT INTO sync_bad_records \
                   (connection_id, cloud_id, stream, remote_id, reason, first_seen_at, last_seen_at) \
                   VALUES ($1, $2, $3, $4, $5, $6, $6) ON CONFLICT (connection_id, cloud_id, stream, remote_id) \
                   DO UPDATE SET reason = excluded.reason, last_seen_at = excluded.last_seen_at";
        for (remote_id, reason) in records {
            let values = [
                connection_id.to_string().into(),
                cloud_id.as_str().into(),
                stream.as_str().into(),
                (*remote_id).into(),
                (*reason).into(),
                now.as_millis().into(),
            ];
            self.execute_raw(self.statement(sql.to_owned(), values)).await?;
        }
        Ok(())
    }

    /// Forgets the records of these ids: they could be read. Says how many were noted.
    pub async fn clear_bad_records(
        &mut self,
        connection_id: ConnectionId,
        cloud_id: &CloudId,
        stream: MirrorKind,
        ids: &[&str],
    ) -> Result<u64, StoreError> {
        let sql = format!(
            "DELETE FROM sync_bad_records WHERE connection_id = $1 AND cloud_id = $2 AND stream = $3 \
             AND remote_id {}",
            among(self.engine(), 4)
        );
        let ids = id_list(ids.iter().copied());
        let values =
            [connection_id.to_string().into(), cloud_id.as_str().into(), stream.as_str().into(), ids];
        Ok(self.execute_raw(self.statement(sql, values)).await?.rows_affected())
    }
}

impl Store {
    /// What was set aside of a connection, the latest first, at most `limit`.
    pub async fn list_bad_records(
        &self,
        connection_id: ConnectionId,
        limit: u64,
    ) -> Result<Vec<BadRecordRow>, StoreError> {
        let sql = "SELECT cloud_id, stream, remote_id, reason, first_seen_at, last_seen_at FROM sync_bad_records \
                   WHERE connection_id = $1 ORDER BY last_seen_at DESC, cloud_id, stream, remote_id LIMIT $2";
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let mut records = Vec::new();
        for row in self.rows(sql, [connection_id.to_string().into(), limit.into()]).await? {
            let stream: String = row.try_get_by_index(1)?;
            let Ok(stream) = stream.parse() else { continue };
            records.push(BadRecordRow {
                cloud_id: CloudId::new(row.try_get_by_index::<String>(0)?),
                stream,
                remote_id: row.try_get_by_index(2)?,
                reason: row.try_get_by_index(3)?,
                first_seen_at: Timestamp::from_millis(row.try_get_by_index(4)?),
                last_seen_at: Timestamp::from_millis(row.try_get_by_index(5)?),
            });
        }
        Ok(records)
    }
}
