//! Answers of the token endpoint that the database cannot take, as sealed files on this machine's disk.
//!
//! Several processes may share the folder, so each has one of its own in it, with a file that it holds a lock on for as
//! long as it lives: what a dead one has left is told by that, and by nothing else.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use connector_domain::failpoint::{Failpoint, reach_blocking, try_reach_blocking};

/// In front of the name while a file is written.
const UNFINISHED: &str = ".writing-";
/// In each process's folder: locked for as long as the process lives.
const LOCK: &str = "lock";
/// How often the folder is made before that is given up.
const ATTEMPTS: usize = 5;

/// The folder. Its files are named by us and hold sealed bytes only.
#[derive(Debug, Clone)]
pub(crate) struct Spool {
    /// Of all processes.
    shared: PathBuf,
    /// Of this one.
    own: PathBuf,
    lock: Arc<Mutex<Option<File>>>,
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
    /// Touches nothing yet. `replica` is the name of this process's folder, which no other may have.
    pub(crate) fn new(shared: PathBuf, replica: &str) -> Self {
        Self { own: shared.join(replica), shared, lock: Arc::default() }
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.own
    }

    /// Writes a file, or replaces it. When this returns, content and name are on the disk.
    pub(crate) async fn put(&self, name: String, sealed: Vec<u8>) -> io::Result<()> {
        let this = self.clone();
        unblocked(move || this.write(&name, &sealed)).await
    }

    pub(crate) async fn remove(&self, name: String) -> io::Result<()> {
        let this = self.clone();
        unblocked(move || {
            match fs::remove_file(this.own.join(&name)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
            reach_blocking(Failpoint::SpoolRemoved);
            Ok(())
        })
        .await
    }

    /// Everything that lies there of this process and of dead ones, whose files become this one's. What was being
    /// written when a process died gets the name that it was to get.
    pub(crate) async fn read(&self) -> io::Result<Vec<Spooled>> {
        let this = self.clone();
        unblocked(move || {
            this.take_over()?;
            let mut files = Vec::new();
            for name in file_names(&this.own)? {
                let path = this.own.join(&name);
                let sealed = fs::read(&path)?;
                let Some(meant) = name.strip_prefix(UNFINISHED) else {
                    files.push(Spooled { name, sealed, whole: true });
                    continue;
                };
                if this.own.join(meant).exists() {
                    // An older answer of the same name is whole; this one never was.
                    fs::remove_file(path)?;
                } else {
                    fs::rename(path, this.own.join(meant))?;
                    files.push(Spooled { name: meant.to_owned(), sealed, whole: false });
                }
            }
            Ok(files)
        })
        .await
    }

    /// Gives up this process's folder where nothing lies in it.
    pub(crate) async fn leave(&self) {
        let this = self.clone();
        let left = unblocked(move || {
            if !this.own.is_dir() || !file_names(&this.own)?.is_empty() {
                return Ok(());
            }
            fs::remove_file(this.own.join(LOCK))?;
            fs::remove_dir(&this.own)
        });
        if let Err(error) = left.await {
            tracing::debug!(%error, "the folder of this process stays in the spool");
        }
    }

    /// Moves what dead processes have left into this one's folder.
    fn take_over(&self) -> io::Result<()> {
        // Older versions of the program had no folders.
        self.adopt_files(&self.shared)?;
        for folder in folders(&self.shared)? {
            if folder == self.own {
                continue;
            }
            // Held until its files have moved: another process may start just now too.
            let lock = match File::open(folder.join(LOCK)) {
                Ok(file) => match file.try_lock() {
                    Ok(()) => Some(file),
                    Err(TryLockError::WouldBlock) => continue,
                    Err(TryLockError::Error(error)) => return Err(error),
                },
                Err(error) if error.kind() == io::ErrorKind::NotFound => None,
                Err(error) => return Err(error),
            };
            self.adopt_files(&folder)?;
            // Where something else lies in it, it is not ours to remove.
            let _ = fs::remove_file(folder.join(LOCK));
            let _ = fs::remove_dir(&folder);
            drop(lock);
        }
        Ok(())
    }

    fn adopt_files(&self, folder: &Path) -> io::Result<()> {
        let names = file_names(folder)?;
        if names.is_empty() {
            return Ok(());
        }
        self.make_folder()?;
        for name in names {
            match fs::rename(folder.join(&name), self.own.join(&name)) {
                // Another process that starts was faster.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                result => result?,
            }
        }
        sync_folder(&self.own)
    }

    fn write(&self, name: &str, sealed: &[u8]) -> io::Result<()> {
        self.make_folder()?;
        let (unfinished, path) = (self.own.join(format!("{UNFINISHED}{name}")), self.own.join(name));
        let mut file = private().create(true).truncate(true).open(&unfinished)?;
        file.write_all(sealed)?;
        try_reach_blocking(Failpoint::SpoolWritten)?;
        file.sync_all()?;
        try_reach_blocking(Failpoint::SpoolFileSynced)?;
        fs::rename(&unfinished, &path)?;
        sync_folder(&self.own)?;
        try_reach_blocking(Failpoint::SpoolDirSynced)?;
        Ok(())
    }

    /// Makes this process's folder, and locks it.
    fn make_folder(&self) -> io::Result<()> {
        let mut held = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
        if held.is_some() && self.own.is_dir() {
            return Ok(());
        }
        let mut builder = DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        let known = self.shared.is_dir();
        for _ in 0..ATTEMPTS {
            builder.create(&self.own)?;
            let lock = match private().create(true).truncate(true).open(self.own.join(LOCK)) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                opened => opened?,
            };
            lock.lock()?;
            // Until then it looked like a dead process's, which another one that starts may have removed.
            if self.own.join(LOCK).is_file() {
                *held = Some(lock);
                break;
            }
        }
        if held.is_none() {
            return Err(io::Error::other("another process removes the folder"));
        }
        sync_folder(&self.shared)?;
        match self.shared.parent() {
            Some(parent) if !known && !parent.as_os_str().is_empty() => sync_folder(parent),
            _ => Ok(()),
        }
    }
}

/// For writing, by nobody but the program's user.
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Of the answers in a folder; none where there is no such folder.
fn file_names(folder: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in entries(folder)? {
        let entry = entry?;
        if let Ok(name) = entry.file_name().into_string()
            && name != LOCK
            && entry.file_type()?.is_file()
        {
            names.push(name);
        }
    }
    Ok(names)
}

fn folders(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in entries(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            found.push(entry.path());
        }
    }
    Ok(found)
}

fn entries(folder: &Path) -> io::Result<impl Iterator<Item = io::Result<fs::DirEntry>>> {
    match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None.into_iter().flatten()),
        entries => Ok(Some(entries?).into_iter().flatten()),
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
