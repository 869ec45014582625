use std::ops::Deref;
use std::sync::Arc;

use futures::future::BoxFuture;
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseExecutor, DatabaseTransaction, Statement, TransactionTrait,
};
use tokio::sync::{Mutex, OwnedMutexGuard};

use crate::cache::{AnswerCache, Dataset};
use crate::engine::{self, postgres, sqlite};
use crate::group_commit::GroupCommit;
use crate::{DatabaseUrl, StoreError};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Engine {
    Sqlite,
    Postgres,
}

/// What must survive a crash of the machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// What a sync has read, with its place in the list: what is lost with the machine is read again. A commit waits for
    /// the disk on neither engine.
    Mirror,
    /// Other mirror data, and the state of the work: Atlassian has it too, or it is found out anew.
    Normal,
    /// Tokens and whatever else exists nowhere else.
    Full,
}

/// The database. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) engine: Engine,
    pub(crate) url: DatabaseUrl,
    pub(crate) read: DatabaseConnection,
    /// Writes of mirror data.
    pub(crate) write: DatabaseConnection,
    /// On SQLite for writes of what must survive; on PostgreSQL for holding a grant's lock over an exchange.
    pub(crate) tokens: DatabaseConnection,
    exchanges: Option<DatabaseConnection>,
    /// SQLite has one writer. Waiting here is fair and wakes at once; waiting in SQLite polls.
    pub(crate) turn: Option<Arc<Mutex<()>>>,
    pub(crate) cache: Option<Arc<AnswerCache>>,
    /// Small writes of mirror data, where they share transactions.
    group: Option<GroupCommit>,
    pub(crate) grant_locks: Arc<engine::GrantLocks>,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Store").field(&self.inner.url).finish()
    }
}

impl Store {
    /// Opens the database, creating a SQLite file that does not exist. Does not migrate.
    pub async fn open(url: &DatabaseUrl) -> Result<Self, StoreError> {
        let (engine, pools) = match url {
            DatabaseUrl::Sqlite(path) => (Engine::Sqlite, sqlite::open(path).await?),
            DatabaseUrl::Postgres(url) => (Engine::Postgres, postgres::open(url).await?),
        };
        let one_process = engine == Engine::Sqlite;
        let turn: Option<Arc<Mutex<()>>> = one_process.then(Arc::default);
        let cache = one_process.then(|| Arc::new(AnswerCache::new()));
        let group = turn
            .as_ref()
            .zip(cache.as_ref())
            .map(|(turn, cache)| GroupCommit::new(pools.write.clone(), Arc::clone(turn), Arc::clone(cache)));
        Ok(Self {
            inner: Arc::new(Inner {
                engine,
                url: url.clone(),
                read: pools.read,
                write: pools.write,
                tokens: pools.tokens,
                exchanges: pools.exchanges,
                turn,
                cache,
                group,
                grant_locks: Arc::default(),
            }),
        })
    }

    /// The same database, for exchanges of tokens. On PostgreSQL by connections of their own: a crowd of callers that
    /// wait for an exchange must not stand before it in the queue for a connection.
    #[must_use]
    pub fn for_exchanges(&self) -> Self {
        let inner = &*self.inner;
        let Some(own) = &inner.exchanges else { return self.clone() };
        Self {
            inner: Arc::new(Inner {
                engine: inner.engine,
                url: inner.url.clone(),
                read: own.clone(),
                write: own.clone(),
                tokens: inner.tokens.clone(),
                exchanges: Some(own.clone()),
                turn: inner.turn.clone(),
                cache: inner.cache.clone(),
                group: None,
                grant_locks: Arc::clone(&inner.grant_locks),
            }),
        }
    }

    pub fn engine(&self) -> Engine {
        self.inner.engine
    }

    pub fn url(&self) -> &DatabaseUrl {
        &self.inner.url
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<(), StoreError> {
        let statement = Statement::from_string(self.inner.read.get_database_backend(), "SELECT 1");
        self.inner.read.query_one_raw(statement).await?;
        Ok(())
    }

    /// Closes all connections; on SQLite this also folds the write-ahead log into the file.
    pub async fn close(&self) -> Result<(), StoreError> {
        let pools = [&self.inner.read, &self.inner.tokens, &self.inner.write];
        for pool in pools.into_iter().chain(&self.inner.exchanges) {
            pool.close_by_ref().await?;
        }
        Ok(())
    }

    /// Takes what was deleted out of SQLite's write-ahead log too: it keeps pages as they were until it is written
    /// over. `false` where a reader was in the way for too long; a later call does it then. PostgreSQL's own files are
    /// not ours to clean.
    pub async fn truncate_log(&self) -> Result<bool, StoreError> {
        match self.inner.engine {
            Engine::Sqlite => {
                let _turn = self.turn().await;
                sqlite::truncate_log(&self.inner.tokens).await
            }
            Engine::Postgres => Ok(true),
        }
    }

    /// Begins a transaction that writes.
    ///
    /// On SQLite it takes the write lock first (`BEGIN IMMEDIATE`): a transaction that reads and then wants to write
    /// fails at once where another has written meanwhile.
    pub async fn begin_write(&self, durability: Durability) -> Result<WriteTx, StoreError> {
        let turn = self.turn().await;
        let pool = match (self.inner.engine, durability) {
            (Engine::Sqlite, Durability::Full) => &self.inner.tokens,
            // On PostgreSQL the connections for tokens are those that hold locks. A holder that needed another of
            // them would wait for itself.
            _ => &self.inner.write,
        };
        let tx = pool.begin_with_options(engine::write_transaction(self.inner.engine)).await?;
        if self.inner.engine == Engine::Postgres {
            let waits = match durability {
                Durability::Mirror => Some("SET LOCAL synchronous_commit = off"),
                Durability::Normal => None,
                Durability::Full => Some("SET LOCAL synchronous_commit = on"),
            };
            if let Some(waits) = waits {
                tx.execute_unprepared(waits).await?;
            }
        }
        Ok(WriteTx { tx, store: self.clone(), turn, touched: Vec::new() })
    }

    /// Runs a write that stands alone, to its end even where the caller goes away, and voids the cached answers of
    /// `touched`. On SQLite it shares a transaction with others that wait; `statement` must be right without one too.
    pub(crate) async fn write_alone<T, F>(
        &self,
        touched: Option<Dataset>,
        statement: F,
    ) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: for<'t> FnOnce(DatabaseExecutor<'t>) -> BoxFuture<'t, Result<T, StoreError>> + Send + 'static,
    {
        if let Some(group) = &self.inner.group {
            return group.write(touched, statement).await;
        }
        let pool = self.inner.write.clone();
        joined(tokio::spawn(async move { statement((&pool).into()).await }).await)
    }

    async fn turn(&self) -> Option<OwnedMutexGuard<()>> {
        match &self.inner.turn {
            Some(turn) => Some(Arc::clone(turn).lock_owned().await),
            None => None,
        }
    }

    pub(crate) fn changed(&self, dataset: Dataset) {
        if let Some(cache) = &self.inner.cache {
            cache.changed(dataset);
        }
    }

    /// The bytes that `answer` makes from `dataset`, kept until the dataset changes where this process sees every
    /// change (SQLite). `query` tells apart the answers of one dataset.
    pub async fn cached<E>(
        &self,
        dataset: Dataset,
        query: &str,
        answer: impl Future<Output = Result<Vec<u8>, E>>,
    ) -> Result<Arc<[u8]>, E> {
        let Some(cache) = &self.inner.cache else { return Ok(answer.await?.into()) };
        if let Some(bytes) = cache.get(dataset, query) {
            return Ok(bytes);
        }
        let version = cache.version(dataset);
        let bytes: Arc<[u8]> = answer.await?.into();
        cache.put(dataset, query, version, Arc::clone(&bytes));
        Ok(bytes)
    }
}

/// The outcome of a task of ours; a panic in it goes on here.
pub(crate) fn joined<T>(
    outcome: Result<Result<T, StoreError>, tokio::task::JoinError>,
) -> Result<T, StoreError> {
    match outcome {
        Ok(result) => result,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => Err(StoreError::Unavailable(sea_orm::DbErr::Custom(
                "the runtime is shutting down".to_owned(),
            ))),
        },
    }
}

/// A transaction that writes. Dropped without [`commit`](Self::commit), it is rolled back.
pub struct WriteTx {
    tx: DatabaseTransaction,
    store: Store,
    turn: Option<OwnedMutexGuard<()>>,
    touched: Vec<Dataset>,
}

impl std::fmt::Debug for WriteTx {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WriteTx").finish_non_exhaustive()
    }
}

impl WriteTx {
    pub(crate) fn engine(&self) -> Engine {
        self.store.engine()
    }

    /// Notes that cached answers from `dataset` are void once this commits.
    pub(crate) fn touch(&mut self, dataset: Dataset) {
        if !self.touched.contains(&dataset) {
            self.touched.push(dataset);
        }
    }

    /// Commits. Runs to its end even where the caller goes away: a commit whose caches were not voided would leave
    /// old answers in place.
    pub async fn commit(self) -> Result<(), StoreError> {
        let Self { tx, store, turn, touched } = self;
        let committed = tokio::spawn(async move {
            let result = tx.commit().await;
            drop(turn);
            for dataset in touched {
                store.changed(dataset);
            }
            result.map_err(StoreError::from)
        });
        joined(committed.await)
    }
}

impl Deref for WriteTx {
    type Target = DatabaseTransaction;

    fn deref(&self) -> &DatabaseTransaction {
        &self.tx
    }
}

impl Store {
    /// Claims the right to serve this database; held until dropped. On PostgreSQL any number of processes may.
    ///
    /// # Errors
    /// [`StoreError::Locked`] where another process serves the SQLite file.
    pub fn service_lock(&self) -> Result<engine::ServiceLock, StoreError> {
        match &self.inner.url {
            DatabaseUrl::Sqlite(path) => engine::ServiceLock::take(path),
            DatabaseUrl::Postgres(_) => Ok(engine::ServiceLock::none()),
        }
    }
}
