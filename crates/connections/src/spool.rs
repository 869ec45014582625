//! Answers of the token endpoint that the database cannot take, as sealed files on this machine's disk.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use connector_domain::failpoint::{Failpoint, reach_blocking, try_reach_blocking};

/// In front of the name while a file is written.
const UNFINISHED: &str = ".writing-";

/// The folder. Its files are named by us and hold sealed bytes only.
#[derive(Debug, Clone)]
pub(crate) struct Spool {
    folder: PathBuf,
}

/// A file, as it was found.
#[derive(Debug)]
pub(crate) struct Spooled {
    pub(crate) name: String,
    pub(crate) sealed: Vec<u8>,
    /// Whether it was written to its end for sure.
    pub(crate) whole: bool,
}

impl Spool {
    pub(crate) fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Writes a file, or replaces it. When this returns, content and name are on the disk.
    pub(crate) async fn put(&self, name: String, sealed: Vec<u8>) -> io::Result<()> {
        let this = self.clone();
        unblocked(move || this.write(&name, &sealed)).await
    }

    pub(crate) async fn remove(&self, name: String) -> io::Result<()> {
        let this = self.clone();
        unblocked(move || {
            match fs::remove_file(this.folder.join(&name)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
            reach_blocking(Failpoint::SpoolRemoved);
            Ok(())
        })
        .await
    }

    /// Everything that lies there. What was being written when the process died gets the name that it was to get.
    pub(crate) async fn read(&self) -> io::Result<Vec<Spooled>> {
        let this = self.clone();
        unblocked(move || {
            let entries = match fs::read_dir(&this.folder) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
                entries => entries?,
            };
            let mut files = Vec::new();
            for entry in entries {
                let entry = entry?;
                let Ok(name) = entry.file_name().into_string() else { continue };
                if !entry.file_type()?.is_file() {
                    continue;
                }
                let sealed = fs::read(entry.path())?;
                let Some(meant) = name.strip_prefix(UNFINISHED) else {
                    files.push(Spooled { name, sealed, whole: true });
                    continue;
                };
                if this.folder.join(meant).exists() {
                    // An older answer of the same name is whole; this one never was.
                    fs::remove_file(entry.path())?;
                } else {
                    fs::rename(entry.path(), this.folder.join(meant))?;
                    files.push(Spooled { name: meant.to_owned(), sealed, whole: false });
                }
            }
            Ok(files)
        })
        .await
    }

    fn write(&self, name: &str, sealed: &[u8]) -> io::Result<()> {
        self.make_folder()?;
        let (unfinished, path) = (self.folder.join(format!("{UNFINISHED}{name}")), self.folder.join(name));
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&unfinished)?;
        file.write_all(sealed)?;
        try_reach_blocking(Failpoint::SpoolWritten)?;
        file.sync_all()?;
        try_reach_blocking(Failpoint::SpoolFileSynced)?;
        fs::rename(&unfinished, &path)?;
        sync_folder(&self.folder)?;
        try_reach_blocking(Failpoint::SpoolDirSynced)?;
        Ok(())
    }

    fn make_folder(&self) -> io::Result<()> {
        if self.folder.is_dir() {
            return Ok(());
        }
        let mut builder = DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(&self.folder)?;
        match self.folder.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => sync_folder(parent),
            _ => Ok(()),
        }
    }
}

/// Names are on the disk once their folder is.
fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

async fn unblocked<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| Err(io::Error::other(error)))
}
