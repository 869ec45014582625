use std::collections::HashSet;
use std::sync::Mutex;

use connector_atlassian::{ApiError, Atlassian, BadRecord, Priority};
use connector_domain::{AccessToken, CloudId, ConnectionId, Site, Timestamp, UserId};
use connector_store::{MirrorKind, StoreError, StreamScope, WriteTx};
use tokio::sync::OnceCell;

use super::RunError;
use crate::rows::{FieldNames, Rows, SpaceKeys};
use crate::{Stream, Syncs};

/// One site within a run: what all windows of it share.
pub(crate) struct SiteContext {
    pub(crate) syncs: Syncs,
    pub(crate) connection_id: ConnectionId,
    pub(crate) owner: UserId,
    pub(crate) site: Site,
    atlassian: Atlassian,
    field_names: OnceCell<FieldNames>,
    space_keys: OnceCell<SpaceKeys>,
    /// Records that could not be read by earlier runs, by stream and id.
    known_bad: Mutex<HashSet<(Stream, String)>>,
}

/// A project or a space.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Container {
    pub(crate) id: String,
    pub(crate) key: String,
}

impl SiteContext {
    pub(crate) async fn new(
        syncs: &Syncs,
        connection_id: ConnectionId,
        owner: UserId,
        site: Site,
        priority: Priority,
    ) -> Result<Self, StoreError> {
        const MOST: u64 = 10_000;
        let bad = syncs.store.list_bad_records(connection_id, MOST).await?;
        let known_bad = bad.into_iter().filter(|row| row.cloud_id == site.cloud_id).filter_map(|row| {
            let stream = Stream::ALL.into_iter().find(|stream| stream.kind() == row.stream)?;
            Some((stream, row.remote_id))
        });
        let known_bad = Mutex::new(known_bad.collect());
        Ok(Self {
            syncs: syncs.clone(),
            connection_id,
            owner,
            site,
            atlassian: syncs.connections.atlassian().clone().with_priority(priority),
            field_names: OnceCell::new(),
            space_keys: OnceCell::new(),
            known_bad,
        })
    }

    pub(crate) fn scope(&self, stream: Stream, scope: &str) -> StreamScope {
        StreamScope {
            connection_id: self.connection_id,
            cloud_id: self.site.cloud_id.clone(),
            stream: stream.kind(),
            scope: scope.to_owned(),
        }
    }

    pub(crate) fn jira(&self) -> connector_atlassian::Jira<'_> {
        self.atlassian.jira(&self.site.cloud_id)
    }

    pub(crate) fn confluence(&self) -> connector_atlassian::Confluence<'_> {
        self.atlassian.confluence(&self.site.cloud_id)
    }

    /// Makes a call with a token of the connection.
    pub(crate) async fn call<T, F>(&self, call: impl Fn(AccessToken) -> F) -> Result<T, RunError>
    where
        F: Future<Output = Result<T, ApiError>>,
    {
        Ok(self.syncs.connections.call(self.connection_id, call).await?)
    }

    /// What the custom fields of this site are called; read once in a run.
    pub(crate) async fn field_names(&self) -> Result<&FieldNames, RunError> {
        self.field_names
            .get_or_try_init(|| async {
                let jira = self.jira();
                let fields = self.call(|token| async move { jira.fields(&token).await }).await?;
                let named = fields.items.into_iter().map(|field| (field.id, field.name));
                Ok(FieldNames::new(named))
            })
            .await
    }

    /// The key of each space, as the spaces stand now.
    pub(crate) async fn space_keys(&self) -> Result<&SpaceKeys, RunError> {
        self.space_keys
            .get_or_try_init(|| async {
                let spaces = self.containers(MirrorKind::ConfluenceSpaces).await?;
                Ok(SpaceKeys::new(spaces.into_iter().map(|space| (space.id, space.key))))
            })
            .await
    }

    /// The mirrored projects or spaces of this site that are there.
    pub(crate) async fn containers(&self, kind: MirrorKind) -> Result<Vec<Container>, RunError> {
        let store = &self.syncs.store;
        let here = |cloud_id: Option<&CloudId>| cloud_id == Some(&self.site.cloud_id);
        let containers = if kind == MirrorKind::ConfluenceSpaces {
            let spaces = store.list_spaces(self.owner, None, None).await?;
            let here = spaces.into_iter().filter(|space| here(Some(&space.cloud_id)));
            here.map(|space| Container { id: space.remote_id, key: space.key }).collect()
        } else {
            let projects = store.list_projects(self.owner, None, None).await?;
            let here = projects.into_iter().filter(|project| here(project.cloud_id.as_ref()));
            here.filter_map(|project| Some(Container { id: project.remote_id?, key: project.key })).collect()
        };
        Ok(containers)
    }

    /// Keeps records that could not be read, and forgets those that now could.
    pub(crate) async fn note_bad(
        &self,
        tx: &mut WriteTx,
        bad: &[(Stream, BadRecord)],
        rows: &Rows,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let cloud_id = &self.site.cloud_id;
        for (stream, record) in bad {
            let id = record.id.as_deref().unwrap_or("(without an id)");
            tracing::warn!(
                stream = stream.as_str(),
                remote.id = id,
                what = record.what,
                "a record was set aside"
            );
            let rows = [(id, record.what.as_str())];
            tx.record_bad_records(self.connection_id, cloud_id, stream.kind(), &rows, now).await?;
            self.lock_bad().insert((*stream, id.to_owned()));
        }
        let good: Vec<_> = {
            let known = self.lock_bad();
            if known.is_empty() {
                return Ok(());
            }
            rows.ids()
                .into_iter()
                .filter(|(stream, id)| known.contains(&(*stream, (*id).to_owned())))
                .collect()
        };
        for (stream, id) in good {
            tx.clear_bad_records(self.connection_id, cloud_id, stream.kind(), &[id]).await?;
            self.lock_bad().remove(&(stream, id.to_owned()));
        }
        Ok(())
    }

    fn lock_bad(&self) -> std::sync::MutexGuard<'_, HashSet<(Stream, String)>> {
        self.known_bad.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}
