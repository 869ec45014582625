use std::str::FromStr;

use connector_domain::{ConnectionId, Timestamp};
use sea_orm::{ConnectionTrait as _, QueryResult};

use super::StreamScope;
use crate::{Store, StoreError, WriteTx};

/// What a comparison with Atlassian's own list has shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ProofState {
    /// The same things are here and there.
    Equal,
    /// Something is missing here, or is here and not there any more; the next syncs look into it.
    Different,
    /// A comparison is under way.
    Running,
    /// It could not be compared.
    Failed,
}

impl ProofState {
    pub const ALL: [Self; 4] = [Self::Equal, Self::Different, Self::Running, Self::Failed];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Equal => "equal",
            Self::Different => "different",
            Self::Running => "running",
            Self::Failed => "failed",
        }
    }
}

/// Text that names no state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is no state of a proof")]
pub struct UnknownProofState;

impl FromStr for ProofState {
    type Err = UnknownProofState;

    fn from_str(text: &str) -> Result<Self, UnknownProofState> {
        Self::ALL.into_iter().find(|state| state.as_str() == text).ok_or(UnknownProofState)
    }
}

/// The latest comparison of a list with Atlassian's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompletenessProof {
    pub at: StreamScope,
    pub remote_count: u64,
    pub local_count: u64,
    pub checked_at: Timestamp,
    /// When the two were found equal last.
    pub equal_at: Option<Timestamp>,
    pub state: ProofState,
    /// For people.
    pub detail: Option<String>,
}

impl WriteTx {
    /// Writes a comparison over the one before it. Where it has no `equal_at`, that of the one before stays.
    pub async fn put_proof(&mut self, proof: &CompletenessProof) -> Result<(), StoreError> {
        let sql = "INSERT INTO sync_proofs (connection_id, cloud_id, stream, scope, remote_count, local_count, \
                   checked_at, equal_at, state, detail) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) \
                   ON CONFLICT (connection_id, cloud_id, stream, scope) DO UPDATE SET \
                   remote_count = excluded.remote_count, local_count = excluded.local_count, \
                   checked_at = excluded.checked_at, equal_at = COALESCE(excluded.equal_at, sync_proofs.equal_at), \
                   state = excluded.state, detail = excluded.detail";
        let rest = [
            count(proof.remote_count).into(),
            count(proof.local_count).into(),
            proof.checked_at.as_millis().into(),
            proof.equal_at.map(Timestamp::as_millis).into(),
            proof.state.as_str().into(),
            proof.detail.clone().into(),
        ];
        self.execute_raw(self.statement(sql.to_owned(), proof.at.values().into_iter().chain(rest))).await?;
        Ok(())
    }

    /// Takes a proof away: of a project or a space that is not there any more.
    pub async fn delete_proof(&mut self, at: &StreamScope) -> Result<(), StoreError> {
        let sql = "DELETE FROM sync_proofs WHERE connection_id = $1 AND cloud_id = $2 AND stream = $3 AND scope = $4";
        self.execute_raw(self.statement(sql.to_owned(), at.values())).await?;
        Ok(())
    }
}

fn count(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

impl Store {
    /// The latest comparison of each list of a connection, by site, stream and scope.
    pub async fn list_proofs(
        &self,
        connection_id: ConnectionId,
    ) -> Result<Vec<CompletenessProof>, StoreError> {
        let sql = "SELECT cloud_id, stream, scope, remote_count, local_count, checked_at, equal_at, state, detail \
                   FROM sync_proofs WHERE connection_id = $1 ORDER BY cloud_id, stream, scope";
        let rows = self.rows(sql, [connection_id.to_string().into()]).await?;
        rows.iter().filter_map(|row| proof(connection_id, row).transpose()).collect()
    }
}

fn proof(connection_id: ConnectionId, row: &QueryResult) -> Result<Option<CompletenessProof>, StoreError> {
    let Some(at) = StreamScope::read(connection_id, row)? else { return Ok(None) };
    let state: String = row.try_get_by_index(7)?;
    let name = format!("{connection_id} {} {}", at.stream, at.scope);
    Ok(Some(CompletenessProof {
        at,
        remote_count: row.try_get_by_index::<i64>(3)?.unsigned_abs(),
        local_count: row.try_get_by_index::<i64>(4)?.unsigned_abs(),
        checked_at: Timestamp::from_millis(row.try_get_by_index(5)?),
        equal_at: row.try_get_by_index::<Option<i64>>(6)?.map(Timestamp::from_millis),
        state: crate::queries::parsed("sync_proofs", &name, &state)?,
        detail: row.try_get_by_index(8)?,
    }))
}
