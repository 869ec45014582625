//! One transaction for the small writes that wait at the same time.
//!
//! On SQLite a commit costs far more than the statement in it, and there is one writer anyway. So writes that stand
//! alone are queued; whoever has gathered while the last transaction was under way goes into the next one together.
//! A caller hears of its write after the commit, and one write's failure is that write's own: a statement that fails
//! leaves no trace in the transaction.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use sea_orm::{DatabaseConnection, DatabaseExecutor, DatabaseTransaction, DbErr, TransactionTrait as _};
use tokio::sync::{Mutex, mpsc, oneshot};

use crate::cache::{AnswerCache, Dataset};
use crate::engine::write_transaction;
use crate::{Engine, StoreError};

/// How many writes share a transaction at most: others want their turn too.
const MOST: usize = 128;

/// What is left to do for a write once its transaction is committed.
type Finish = Box<dyn FnOnce() + Send>;
type Run = Box<dyn for<'t> FnOnce(&'t DatabaseTransaction) -> BoxFuture<'t, Finish> + Send>;

struct Write {
    touched: Option<Dataset>,
    run: Run,
}

/// The queue. Its writer ends with it.
#[derive(Debug)]
pub(crate) struct GroupCommit {
    queue: mpsc::UnboundedSender<Write>,
}

impl GroupCommit {
    /// `turn` is taken for each transaction; answers in `cache` are voided after it.
    pub(crate) fn new(pool: DatabaseConnection, turn: Arc<Mutex<()>>, cache: Arc<AnswerCache>) -> Self {
        let (queue, writes) = mpsc::unbounded_channel();
        tokio::spawn(Writer { pool, turn, cache, writes }.run());
        Self { queue }
    }

    /// Runs the statement with others in one transaction, and answers once it is committed. It runs to its end even
    /// where the caller goes away.
    pub(crate) async fn write<T, F>(&self, touched: Option<Dataset>, statement: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: for<'t> FnOnce(DatabaseExecutor<'t>) -> BoxFuture<'t, Result<T, StoreError>> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let run: Run = Box::new(move |tx| {
            async move {
                let result = statement(tx.into()).await;
                let finish: Finish = Box::new(move || {
                    // The caller may have gone away.
                    let _ = answer.send(result);
                });
                finish
            }
            .boxed()
        });
        // Whatever keeps the write from being committed drops its answer; the reason is in the log.
        let lost = || StoreError::Unavailable(DbErr::Custom("the write was not committed".to_owned()));
        self.queue.send(Write { touched, run }).map_err(|_| lost())?;
        answered.await.unwrap_or_else(|_| Err(lost()))
    }
}

struct Writer {
    pool: DatabaseConnection,
    turn: Arc<Mutex<()>>,
    cache: Arc<AnswerCache>,
    writes: mpsc::UnboundedReceiver<Write>,
}

impl Writer {
    async fn run(mut self) {
        let mut batch = Vec::new();
        while self.writes.recv_many(&mut batch, MOST).await > 0 {
            let touched: Vec<_> = batch.iter().filter_map(|write| write.touched).collect();
            let written = self.commit(batch.drain(..)).await;
            for dataset in touched {
                self.cache.changed(dataset);
            }
            match written {
                Ok(finishes) => finishes.into_iter().for_each(|finish| finish()),
                Err(error) => tracing::error!(%error, "small writes could not be committed"),
            }
        }
    }

    async fn commit(&self, batch: impl Iterator<Item = Write>) -> Result<Vec<Finish>, DbErr> {
        let _turn = self.turn.lock().await;
        let tx = self.pool.begin_with_options(write_transaction(Engine::Sqlite)).await?;
        let mut finishes = Vec::new();
        for write in batch {
            // One that panics must not take the writer, and all later writes, with it.
            if let Ok(finish) = AssertUnwindSafe((write.run)(&tx)).catch_unwind().await {
                finishes.push(finish);
            }
        }
        tx.commit().await?;
        Ok(finishes)
    }
}
