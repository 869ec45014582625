//! A database of its own for each test.

mod postgres;
mod sqlite;

use std::path::{Path, PathBuf};

use connector_store::{DatabaseUrl, Engine, Store};
use tempfile::TempDir;

/// A database that belongs to one test for as long as this lives.
///
/// For a second process over the same data there is [`another_store`](Self::another_store). A test has one database at
/// a time: a few tests that wait for their second one on PostgreSQL could wait for each other.
#[derive(Debug)]
pub struct TestDatabase {
    text: String,
    url: DatabaseUrl,
    store: Store,
    place: Place,
    /// For what a process keeps beside its database.
    folder: TempDir,
}

#[derive(Debug)]
enum Place {
    File(sqlite::File),
    Server(
        #[expect(dead_code, reason = "held: nobody else takes the database meanwhile")] postgres::Database,
    ),
}

#[derive(Debug, Clone, Copy)]
enum Content {
    Nothing,
    /// The tables of this program's version.
    Schema,
}

impl TestDatabase {
    /// A migrated database. `None` where the tests were told to do without this engine
    /// (`CONNECTOR_TEST_SKIP_POSTGRES`), which is said on standard error.
    ///
    /// # Panics
    /// When the engine does not answer.
    pub async fn create(engine: Engine) -> Option<Self> {
        Self::with(engine, Content::Schema).await
    }

    /// A database without any table, otherwise like [`create`](Self::create).
    ///
    /// # Panics
    /// When the engine does not answer.
    pub async fn empty(engine: Engine) -> Option<Self> {
        Self::with(engine, Content::Nothing).await
    }

    /// Where it is.
    pub fn url(&self) -> &DatabaseUrl {
        &self.url
    }

    /// Where it is, as the program's `DATABASE_URL` names it.
    pub fn url_text(&self) -> &str {
        &self.text
    }

    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Other connections to the same database, as another process has them: nothing in memory is shared.
    ///
    /// # Panics
    /// When the database cannot be opened.
    pub async fn another_store(&self) -> Store {
        open(&self.url).await.unwrap_or_else(|error| panic!("{error:#}"))
    }

    /// The file; `None` on PostgreSQL.
    pub fn path(&self) -> Option<&Path> {
        match &self.place {
            Place::File(file) => Some(file.path()),
            Place::Server(_) => None,
        }
    }

    /// Where answers of Atlassian lie that the database cannot take: one folder for all processes over it.
    pub fn spool_folder(&self) -> PathBuf {
        self.folder.path().join("spool")
    }

    /// The answers that lie there, of all processes.
    pub fn spooled(&self) -> Vec<PathBuf> {
        let mut files = Vec::new();
        let folders = std::fs::read_dir(self.spool_folder()).into_iter().flatten().flatten();
        for folder in folders.filter(|entry| entry.path().is_dir()) {
            let names = std::fs::read_dir(folder.path()).into_iter().flatten().flatten();
            files.extend(names.filter(|entry| entry.file_name() != "lock").map(|entry| entry.path()));
        }
        files
    }

    /// As if the processes that have written there had died: a process's lock goes with it.
    pub fn unlock_spool(&self) {
        for folder in std::fs::read_dir(self.spool_folder()).into_iter().flatten().flatten() {
            let _ = std::fs::remove_file(folder.path().join("lock"));
        }
    }

    async fn with(engine: Engine, content: Content) -> Option<Self> {
        let made = match engine {
            Engine::Sqlite => Self::make_file(content).await,
            Engine::Postgres if postgres::is_left_out() => {
                eprintln!("the PostgreSQL case is left out: {} is set", postgres::SKIP_VAR);
                return None;
            }
            Engine::Postgres => Self::make_on_server(content).await,
        };
        Some(made.unwrap_or_else(|error| panic!("{error:#}")))
    }

    async fn make_file(content: Content) -> anyhow::Result<Self> {
        let file = sqlite::File::make(content).await?;
        let text = format!("sqlite:///{}", file.path().display());
        Self::open(text, Place::File(file)).await
    }

    async fn make_on_server(content: Content) -> anyhow::Result<Self> {
        let database = postgres::Database::make(content).await?;
        let made = Self::open(database.url().to_string(), Place::Server(database)).await?;
        if let Content::Schema = content {
            made.store.migrate().await?;
        }
        Ok(made)
    }

    async fn open(text: String, place: Place) -> anyhow::Result<Self> {
        let url = text.parse()?;
        let store = open(&url).await?;
        Ok(Self { text, url, store, place, folder: tempfile::tempdir()? })
    }
}

async fn open(url: &DatabaseUrl) -> anyhow::Result<Store> {
    use anyhow::Context as _;
    Store::open(url).await.with_context(|| format!("the test database {url} cannot be opened"))
}
