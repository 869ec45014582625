use connector_domain::{Audit, AuditEvent};
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, ConnectionTrait, EntityTrait, Statement};

use crate::entities::deployment;
use crate::{DatabaseUrl, Durability, Store, StoreError};

/// The one row of its table.
const ONE: i32 = 1;

/// Whose database this is, as it says itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deployment {
    /// Of the deployment that adopted it.
    pub id: String,
    /// Where it was then: a copy of it is somewhere else.
    pub place: String,
}

impl Store {
    pub async fn deployment(&self) -> Result<Option<Deployment>, StoreError> {
        let row = deployment::Entity::find_by_id(ONE).one(&self.inner.read).await?;
        Ok(row.map(|row| Deployment { id: row.id, place: row.place }))
    }

    /// Records whose database this is. `false` where somebody else has recorded it before, unless `over` is set.
    pub async fn record_deployment(
        &self,
        new: &Deployment,
        over: bool,
        audit: &Audit<'_>,
    ) -> Result<bool, StoreError> {
        let row = deployment::ActiveModel {
            one: Set(ONE),
            id: Set(new.id.clone()),
            place: Set(new.place.clone()),
            adopted_at: Set(audit.at.as_millis()),
        };
        let mut conflict = OnConflict::column(deployment::Column::One);
        if over {
            conflict.update_columns([
                deployment::Column::Id,
                deployment::Column::Place,
                deployment::Column::AdoptedAt,
            ]);
        } else {
            conflict.do_nothing();
        }
        let mut tx = self.begin_write(Durability::Full).await?;
        let written =
            deployment::Entity::insert(row).on_conflict(conflict).exec_without_returning(&*tx).await?;
        if written > 0 {
            let event = AuditEvent::DatabaseAdopted { deployment_id: new.id.clone() };
            tx.record_audit(&audit.record(event)).await?;
        }
        tx.commit().await?;
        Ok(written > 0)
    }

    /// Where the database is now. A copied SQLite file is another file of its file system; a PostgreSQL database that
    /// was restored from a dump has another number, and one on another server another system identifier.
    pub async fn place(&self) -> Result<String, StoreError> {
        match self.url() {
            DatabaseUrl::Sqlite(path) => {
                let metadata = std::fs::metadata(path)
                    .map_err(|source| StoreError::File { path: path.display().to_string(), source })?;
                Ok(file_number(&metadata))
            }
            DatabaseUrl::Postgres(_) => {
                let number = "SELECT oid::text FROM pg_database WHERE datname = current_database()";
                let number = self.text(number).await?;
                // Some providers keep this one to themselves.
                let may = "SELECT has_function_privilege('pg_control_system()', 'EXECUTE')::text";
                let system = if self.text(may).await? == "true" {
                    self.text("SELECT system_identifier::text FROM pg_control_system()").await?
                } else {
                    String::from("?")
                };
                Ok(format!("system {system} database {number}"))
            }
        }
    }

    /// The one text that a query answers.
    async fn text(&self, query: &str) -> Result<String, StoreError> {
        let backend = self.inner.read.get_database_backend();
        let row = self.inner.read.query_one_raw(Statement::from_string(backend, query)).await?;
        let text: Option<String> = row.map(|row| row.try_get_by_index(0)).transpose()?;
        Ok(text.unwrap_or_default())
    }
}

#[cfg(unix)]
fn file_number(metadata: &std::fs::Metadata) -> String {
    format!("inode {}", std::os::unix::fs::MetadataExt::ino(metadata))
}

/// Where files have no numbers, when it was made tells a copy as a rule.
#[cfg(not(unix))]
fn file_number(metadata: &std::fs::Metadata) -> String {
    let made = metadata.created().ok().and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok());
    format!("made {}", made.unwrap_or_default().as_millis())
}
