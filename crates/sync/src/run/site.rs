use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::{Arc, Mutex as StdMutex};
use std::time::Duration;

use connector_atlassian::confluence::{SpaceQuery, WikiPage};
use connector_atlassian::jira::Issue;
use connector_atlassian::{ApiError, Atlassian, BadRecord, HourlyPoints, Priority};
use connector_connections::{Token, TokenUnavailable};
use connector_domain::{
    AccessToken, CloudId, ConnectionId, ConnectionSite, ConnectionStatus, Site, Timestamp, UserId,
};
use connector_store::{Durability, MirrorKind, RemoteSpace, StoreError, StreamScope, WriteTx};
use tokio::sync::{Mutex, Semaphore};
use tokio::time::Instant;

use super::RunError;
use crate::rows::{self, FieldNames, Rows, SpaceKeys};
use crate::{Stream, Syncs};

/// How long a token is used before the database is asked again whether it is still to be.
const TOKEN_FRESH: Duration = Duration::from_millis(250);

/// One site within a run: what all windows of it share.
pub(crate) struct SiteContext {
    pub(crate) syncs: Syncs,
    pub(crate) connection_id: ConnectionId,
    pub(crate) owner: UserId,
    pub(crate) site: Site,
    atlassian: Atlassian,
    /// The one that was used last, and when it was asked for.
    token: StdMutex<Option<(Token, Instant)>>,
    field_names: Mutex<Option<Arc<FieldNames>>>,
    space_keys: Mutex<Option<Arc<SpaceKeys>>>,
    /// The same site as other accounts of the same person see it.
    pub(crate) others: Vec<Self>,
    /// Records that could not be read by earlier runs, by stream and id.
    known_bad: StdMutex<HashSet<(Stream, String)>>,
    /// As many batches of issues as may be in memory for this site, the largest pieces by far: one for each window.
    pub(crate) batches: Arc<Semaphore>,
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
        let known_bad = StdMutex::new(known_bad.collect());
        Ok(Self {
            syncs: syncs.clone(),
            connection_id,
            owner,
            site,
            atlassian: syncs.connections.atlassian().clone().with_priority(priority),
            token: StdMutex::default(),
            field_names: Mutex::default(),
            space_keys: Mutex::default(),
            others: Vec::new(),
            known_bad,
            batches: Arc::new(Semaphore::new(syncs.settings.windows_at_once.max(1))),
        })
    }

    /// Together with the other active connections of the same person that read this site.
    pub(crate) async fn with_others(mut self, priority: Priority) -> Result<Self, StoreError> {
        for connection in self.syncs.store.list_connections(Some(self.owner)).await? {
            let is_other =
                connection.id != self.connection_id && connection.status == ConnectionStatus::Active;
            if !is_other || !connection.wants_site(&self.site.cloud_id) {
                continue;
            }
            let here =
                |one: &ConnectionSite| one.site.cloud_id == self.site.cloud_id && one.gone_at.is_none();
            if let Some(site) = connection.sites.into_iter().find(here) {
                let other = Self::new(&self.syncs, connection.id, self.owner, site.site, priority).await?;
                self.others.push(other);
            }
        }
        Ok(self)
    }

    /// Those of the others whose consent covers a stream.
    pub(crate) fn others_with(&self, stream: Stream) -> impl Iterator<Item = &Self> {
        self.others.iter().filter(move |other| stream.missing(&other.site.scopes).is_empty())
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

    /// Asks what the calls of this run may cost on the site.
    pub(crate) fn points(&self) -> Box<dyn Fn() -> Option<HourlyPoints> + Send + Sync> {
        let (atlassian, cloud_id) = (self.atlassian.clone(), self.site.cloud_id.clone());
        Box::new(move || atlassian.points(&cloud_id))
    }

    /// Makes a call with a token of the connection.
    pub(crate) async fn call<T, F>(&self, call: impl Fn(AccessToken) -> F) -> Result<T, RunError>
    where
        F: Future<Output = Result<T, ApiError>>,
    {
        let token = self.token().await?;
        Ok(self.syncs.connections.call_with(self.connection_id, token, call).await?)
    }

    /// The token of the connection, asked for anew a few times a second: who disconnects waits no longer than that.
    async fn token(&self) -> Result<Token, TokenUnavailable> {
        let known = self.lock_token().clone();
        if let Some((token, _)) = known.filter(|(_, since)| since.elapsed() < TOKEN_FRESH) {
            return Ok(token);
        }
        let token = self.syncs.connections.token(self.connection_id).await?;
        *self.lock_token() = Some((token.clone(), Instant::now()));
        Ok(token)
    }

    fn lock_token(&self) -> std::sync::MutexGuard<'_, Option<(Token, Instant)>> {
        self.token.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// What the custom fields of these issues are called, by the mirror; by Jira where an issue has one that is not
    /// mirrored.
    pub(crate) async fn field_names(&self, issues: &[Issue]) -> Result<Arc<FieldNames>, RunError> {
        let mut names = self.field_names.lock().await;
        let mirrored = match names.take() {
            Some(mirrored) => mirrored,
            None => {
                let stored = self.syncs.store.field_names(self.owner, &self.site.cloud_id).await?;
                Arc::new(FieldNames::new(stored))
            }
        };
        let current = if issues.iter().all(|issue| rows::custom_fields_of(issue).all(|id| mirrored.knows(id)))
        {
            mirrored
        } else {
            let jira = self.jira();
            let fields = self.call(|token| async move { jira.fields(&token).await }).await?;
            let custom = issues.iter().flat_map(rows::custom_fields_of);
            let unnamed: Vec<_> = custom.map(|id| (id.to_owned(), id.to_owned())).collect();
            let by_id: HashMap<_, _> = unnamed
                .into_iter()
                .chain(fields.items.into_iter().map(|field| (field.id, field.name)))
                .collect();
            Arc::new(FieldNames::new(by_id))
        };
        Ok(Arc::clone(names.insert(current)))
    }

    /// The key of each space, by the mirror; by Confluence for a space that is not mirrored, with the row of that space.
    pub(crate) async fn space_keys(
        &self,
        contents: &[WikiPage],
    ) -> Result<(Arc<SpaceKeys>, Vec<RemoteSpace>), RunError> {
        let mut keys = self.space_keys.lock().await;
        let mirrored = match keys.take() {
            Some(mirrored) => mirrored,
            None => {
                let spaces = self.containers(MirrorKind::ConfluenceSpaces).await?;
                Arc::new(SpaceKeys::new(spaces.into_iter().map(|space| (space.id, space.key))))
            }
        };
        let ids = contents.iter().filter_map(|content| content.space_id.as_deref());
        let unknown: BTreeSet<_> = ids.filter(|id| !mirrored.knows(id)).map(str::to_owned).collect();
        if unknown.is_empty() {
            return Ok((Arc::clone(keys.insert(mirrored)), Vec::new()));
        }
        let query = &SpaceQuery { ids: unknown.into_iter().collect(), ..SpaceQuery::default() };
        let confluence = self.confluence();
        let page = self.call(|token| async move { confluence.spaces(&token, query).await }).await?;
        let found = page.items.iter().map(|space| (space.id.clone(), space.key.clone()));
        // One that cannot be seen is not asked for again.
        let hidden = query.ids.iter().map(|id| (id.clone(), id.clone()));
        let known = Arc::new(mirrored.with(hidden.chain(found)));
        let rows = page.items.into_iter().map(|space| rows::space(space, &self.site.url)).collect();
        Ok((Arc::clone(keys.insert(known)), rows))
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

    /// The ids of records of a stream that were set aside, and are still.
    pub(crate) fn set_aside(&self, stream: Stream) -> Vec<String> {
        let bad = self.lock_bad();
        let mut ids: Vec<_> = bad.iter().filter(|(of, _)| *of == stream).map(|(_, id)| id.clone()).collect();
        ids.sort_unstable();
        ids
    }

    /// Forgets records that were set aside: there are no such things any more.
    pub(crate) async fn forget_bad(&self, stream: Stream, ids: &[String]) -> Result<(), StoreError> {
        let known: Vec<&str> = {
            let bad = self.lock_bad();
            ids.iter().map(String::as_str).filter(|id| bad.contains(&(stream, (*id).to_owned()))).collect()
        };
        if known.is_empty() {
            return Ok(());
        }
        let mut tx = self.syncs.store.begin_write(Durability::Normal).await?;
        tx.clear_bad_records(self.connection_id, &self.site.cloud_id, stream.kind(), &known).await?;
        tx.commit().await?;
        let mut bad = self.lock_bad();
        for id in known {
            bad.remove(&(stream, id.to_owned()));
        }
        Ok(())
    }

    fn lock_bad(&self) -> std::sync::MutexGuard<'_, HashSet<(Stream, String)>> {
        self.known_bad.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}
