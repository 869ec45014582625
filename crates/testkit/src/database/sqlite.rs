//! SQLite: a file in a folder of its own, copied from one that was migrated once.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use connector_store::{DatabaseUrl, Store};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _};
use tempfile::TempDir;
use tokio::sync::OnceCell;

use super::Content;

#[derive(Debug)]
pub(super) struct File {
    path: PathBuf,
    _folder: TempDir,
}

impl File {
    pub(super) async fn make(content: Content) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir().context("a folder for a SQLite file cannot be made")?;
        let path = folder.path().join("connector.db");
        if let Content::Schema = content {
            fs::write(&path, &template().await?.bytes)?;
        }
        Ok(Self { path, _folder: folder })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

/// A migrated database that holds nothing.
#[derive(Debug)]
pub(super) struct Template {
    bytes: Vec<u8>,
    /// What the migrations are called and what they made.
    pub(super) schema: Vec<String>,
}

/// Made once per process.
pub(super) async fn template() -> anyhow::Result<&'static Template> {
    static TEMPLATE: OnceCell<Template> = OnceCell::const_new();
    TEMPLATE.get_or_try_init(make_template).await.context("the SQLite template cannot be made")
}

async fn make_template() -> anyhow::Result<Template> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("template.db");
    let store = Store::open(&DatabaseUrl::Sqlite(path.clone())).await?;
    let mut schema = store.migrate().await?.applied;
    // Folds the write-ahead log into the file.
    store.close().await?;
    let mut session = SqliteConnectOptions::new().filename(&path).connect().await?;
    let statements = "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name";
    schema.extend(sqlx::query_scalar::<_, String>(statements).fetch_all(&mut session).await?);
    session.close().await?;
    Ok(Template { bytes: fs::read(&path)?, schema })
}
