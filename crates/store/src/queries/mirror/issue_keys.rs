use std::collections::HashMap;

use connector_domain::{CloudId, Timestamp, UserId};
use sea_orm::{ConnectionTrait as _, Statement, Value};

use super::Remote;
use super::remote::storable;
use super::upsert::{Place, Stored, id_list};
use crate::engine::among;
use crate::{AbsenceReason, Store, StoreError, WriteTx};

/// Notes the old and the new key of each issue whose key has changed.
pub(super) async fn record_moves<'t, R: Remote + 't>(
    tx: &WriteTx,
    place: Place<'_>,
    stored: &HashMap<String, Stored>,
    written: impl Iterator<Item = &'t R>,
    now: Timestamp,
) -> Result<(), StoreError> {
    for issue in written {
        let Some(old) = stored.get(issue.remote_id()).and_then(|row| row.key.as_deref()) else { continue };
        let current = "SELECT key FROM jira_issues WHERE owner_id = $1 AND cloud_id = $2 AND remote_id = $3";
        let [owner, cloud_id] = place.values();
        let values = [owner, cloud_id, storable(issue.remote_id()).into_owned().into()];
        let Some(row) = tx.query_one_raw(tx.statement(current.to_owned(), values)).await? else { continue };
        let new: String = row.try_get_by_index(0)?;
        if new != old {
            for key in [old, &new] {
                record(tx, place, issue.remote_id(), key, now).await?;
            }
        }
    }
    Ok(())
}

async fn record(
    tx: &WriteTx,
    place: Place<'_>,
    issue_id: &str,
    key: &str,
    now: Timestamp,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO jira_issue_keys (owner_id, cloud_id, issue_id, key, first_seen_at) \
               VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING";
    let [owner, cloud_id] = place.values();
    let [issue_id, key]: [Value; 2] = [issue_id, key].map(|text| storable(text).into_owned().into());
    let values = [owner, cloud_id, issue_id, key, now.as_millis().into()];
    tx.execute_raw(tx.statement(sql.to_owned(), values)).await?;
    Ok(())
}

impl WriteTx {
    /// Notes keys that issues had, each as (id of the issue, key): by them links from before a move find the issue.
    /// Moves that [`upsert_remote`](Self::upsert_remote) sees are noted by it.
    pub async fn record_issue_keys(
        &mut self,
        owner: UserId,
        cloud_id: &CloudId,
        keys: &[(&str, &str)],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        for (issue_id, key) in keys {
            record(self, Place { owner, cloud_id }, issue_id, key, now).await?;
        }
        Ok(())
    }
}

impl Store {
    /// The issues of a site that live and have one of these above them. An issue that is deleted is taken from those
    /// below it, and nothing says of them that they have changed.
    pub async fn issues_below(
        &self,
        owner: UserId,
        cloud_id: &CloudId,
        parents: &[&str],
    ) -> Result<Vec<String>, StoreError> {
        if parents.is_empty() {
            return Ok(Vec::new());
        }
        let sql = format!(
            "SELECT remote_id FROM jira_issues WHERE owner_id = $1 AND cloud_id = $2 AND parent_id {} \
             AND deleted_at IS NULL ORDER BY remote_id",
            among(self.engine(), 3)
        );
        let [owner, cloud_id] = Place { owner, cloud_id }.values();
        let values = [owner, cloud_id, id_list(parents.iter().copied())];
        let reader = &self.inner.read;
        let query = Statement::from_sql_and_values(reader.get_database_backend(), sql, values);
        let rows = reader.query_all_raw(query).await?;
        rows.iter().map(|row| Ok(row.try_get_by_index(0)?)).collect()
    }

    /// The issues of a project that live and are below one that was deleted, as far as is known here: whoever could not be
    /// read when that was found out.
    pub async fn issues_below_deleted(
        &self,
        owner: UserId,
        cloud_id: &CloudId,
        project_id: &str,
    ) -> Result<Vec<String>, StoreError> {
        let sql = "SELECT issue.remote_id FROM jira_issues AS issue \
                   JOIN jira_issues AS parent ON parent.owner_id = issue.owner_id \
                   AND parent.cloud_id = issue.cloud_id AND parent.remote_id = issue.parent_id \
                   WHERE issue.owner_id = $1 AND issue.cloud_id = $2 AND issue.project_id = $3 \
                   AND issue.deleted_at IS NULL AND parent.deleted_at IS NOT NULL \
                   AND parent.deleted_reason = $4 ORDER BY issue.remote_id";
        let [owner, cloud_id] = Place { owner, cloud_id }.values();
        let values = [owner, cloud_id, project_id.into(), AbsenceReason::Deleted.as_str().into()];
        let reader = &self.inner.read;
        let query = Statement::from_sql_and_values(reader.get_database_backend(), sql, values);
        let rows = reader.query_all_raw(query).await?;
        rows.iter().map(|row| Ok(row.try_get_by_index(0)?)).collect()
    }

    /// The ids of projects of a site whose key is not the one that some of their issues have: a project that gets
    /// another key gives all of its issues new ones, and does not change them otherwise.
    pub async fn renamed_projects(
        &self,
        owner: UserId,
        cloud_id: &CloudId,
    ) -> Result<Vec<String>, StoreError> {
        let sql = "SELECT project.remote_id FROM jira_projects AS project \
                   WHERE project.owner_id = $1 AND project.cloud_id = $2 AND project.deleted_at IS NULL \
                   AND EXISTS (SELECT 1 FROM jira_issues AS issue \
                       WHERE issue.owner_id = $1 AND issue.cloud_id = $2 AND issue.project_id = project.remote_id \
                       AND issue.deleted_at IS NULL AND issue.project_key <> project.key) \
                   ORDER BY project.remote_id";
        let reader = &self.inner.read;
        let values = Place { owner, cloud_id }.values();
        let query = Statement::from_sql_and_values(reader.get_database_backend(), sql, values);
        let rows = reader.query_all_raw(query).await?;
        rows.iter().map(|row| Ok(row.try_get_by_index(0)?)).collect()
    }
}
