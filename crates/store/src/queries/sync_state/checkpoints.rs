use connector_domain::{CloudId, ConnectionId, Json, Timestamp};
use sea_orm::{ConnectionTrait as _, QueryResult, Value};

use crate::{MirrorKind, Store, StoreError, WriteTx};

/// One list that a sync reads: a stream of a connection's site, or the part of it below a project or a space.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct StreamScope {
    pub connection_id: ConnectionId,
    pub cloud_id: CloudId,
    pub stream: MirrorKind,
    /// The id of a project or a space; empty for all of the stream.
    pub scope: String,
}

impl StreamScope {
    pub(super) fn values(&self) -> [Value; 4] {
        [
            self.connection_id.to_string().into(),
            self.cloud_id.as_str().into(),
            self.stream.as_str().into(),
            self.scope.as_str().into(),
        ]
    }

    /// Reads the first columns `cloud_id`, `stream` and `scope`. `None` for a stream of another version of this program.
    pub(super) fn read(connection_id: ConnectionId, row: &QueryResult) -> Result<Option<Self>, StoreError> {
        let stream: String = row.try_get_by_index(1)?;
        let Ok(stream) = stream.parse() else { return Ok(None) };
        let cloud_id = CloudId::new(row.try_get_by_index::<String>(0)?);
        Ok(Some(Self { connection_id, cloud_id, stream, scope: row.try_get_by_index(2)? }))
    }
}

/// How far a list is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    pub at: StreamScope,
    /// Where Atlassian's list goes on; `None` where it is read to its end.
    pub cursor: Option<Json>,
    /// All that changed before this is mirrored.
    pub watermark: Option<Timestamp>,
    pub updated_at: Timestamp,
}

impl WriteTx {
    /// Writes how far a list is read, together with the rows that it brought.
    pub async fn put_checkpoint(&mut self, checkpoint: &Checkpoint) -> Result<(), StoreError> {
        let sql = "INSERT INTO sync_checkpoints \
                   (connection_id, cloud_id, stream, scope, cursor, watermark, updated_at) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (connection_id, cloud_id, stream, scope) \
                   DO UPDATE SET cursor = excluded.cursor, watermark = excluded.watermark, \
                   updated_at = excluded.updated_at";
        let cursor = checkpoint.cursor.as_ref().map(|cursor| cursor.as_str().to_owned());
        let rest = [
            cursor.into(),
            checkpoint.watermark.map(Timestamp::as_millis).into(),
            checkpoint.updated_at.as_millis().into(),
        ];
        let values = checkpoint.at.values().into_iter().chain(rest);
        self.execute_raw(self.statement(sql.to_owned(), values)).await?;
        Ok(())
    }

    /// Forgets how far a connection's lists are read: of one stream, or of all. The next run reads from the beginning.
    pub async fn clear_checkpoints(
        &mut self,
        connection_id: ConnectionId,
        stream: Option<MirrorKind>,
    ) -> Result<u64, StoreError> {
        let mut sql = "DELETE FROM sync_checkpoints WHERE connection_id = $1".to_owned();
        let mut values: Vec<Value> = vec![connection_id.to_string().into()];
        if let Some(stream) = stream {
            sql.push_str(" AND stream = $2");
            values.push(stream.as_str().into());
        }
        Ok(self.execute_raw(self.statement(sql, values)).await?.rows_affected())
    }
}

impl Store {
    /// How far the lists of a connection are read.
    pub async fn list_checkpoints(&self, connection_id: ConnectionId) -> Result<Vec<Checkpoint>, StoreError> {
        let sql = "SELECT cloud_id, stream, scope, cursor, watermark, updated_at FROM sync_checkpoints \
                   WHERE connection_id = $1 ORDER BY cloud_id, stream, scope";
        let rows = self.rows(sql, [connection_id.to_string().into()]).await?;
        rows.iter().filter_map(|row| checkpoint(connection_id, row).transpose()).collect()
    }

    /// How far one list is read; `None` where it was never begun.
    pub async fn find_checkpoint(&self, at: &StreamScope) -> Result<Option<Checkpoint>, StoreError> {
        let sql = "SELECT cloud_id, stream, scope, cursor, watermark, updated_at FROM sync_checkpoints \
                   WHERE connection_id = $1 AND cloud_id = $2 AND stream = $3 AND scope = $4";
        let rows = self.rows(sql, at.values()).await?;
        rows.first().map_or(Ok(None), |row| checkpoint(at.connection_id, row))
    }
}

fn checkpoint(connection_id: ConnectionId, row: &QueryResult) -> Result<Option<Checkpoint>, StoreError> {
    let Some(at) = StreamScope::read(connection_id, row)? else { return Ok(None) };
    let corrupt = |what: String| StoreError::Corrupt {
        table: "sync_checkpoints",
        row: format!("{connection_id} {} {}", at.stream, at.scope),
        what,
    };
    let cursor: Option<String> = row.try_get_by_index(3)?;
    let cursor = cursor.map(Json::parse).transpose().map_err(|error| corrupt(error.to_string()))?;
    Ok(Some(Checkpoint {
        cursor,
        watermark: row.try_get_by_index::<Option<i64>>(4)?.map(Timestamp::from_millis),
        updated_at: Timestamp::from_millis(row.try_get_by_index(5)?),
        at,
    }))
}
