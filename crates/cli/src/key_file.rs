use std::fs::OpenOptions;
use std::io::{ErrorKind, Read as _, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use connector_domain::Entropy;
use connector_vault::KeyRing;
use zeroize::Zeroizing;

/// The id of a key that was made without being asked for.
const KEY_ID: &str = "file-1";

/// Where the key file of a SQLite database is.
pub(crate) fn path(database: &Path) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(".key");
    PathBuf::from(name)
}

/// The key file beside a SQLite database: read, or made where there is none. Says whether it was made.
pub(crate) fn open(database: &Path, entropy: &dyn Entropy) -> anyhow::Result<(KeyRing, PathBuf, bool)> {
    let path = path(database);
    let made = match make(&path, entropy) {
        Ok(()) => true,
        Err(error) if error.kind() == ErrorKind::AlreadyExists => false,
        Err(error) => {
            return Err(error).with_context(|| format!("cannot make the key file {}", path.display()));
        }
    };
    let mut file = OpenOptions::new().read(true).open(&path)?;
    refuse_open_mode(&file, &path)?;
    // With room for many keys: a text that grows leaves copies of itself behind.
    let mut text = Zeroizing::new(String::with_capacity(16 * 1024));
    file.read_to_string(&mut text).with_context(|| format!("cannot read the key file {}", path.display()))?;
    let keys = KeyRing::parse(text.trim())
        .with_context(|| format!("the key file {} cannot be used", path.display()))?;
    Ok((keys, path, made))
}

fn make(path: &Path, entropy: &dyn Entropy) -> std::io::Result<()> {
    let entry = KeyRing::generate(entropy, KEY_ID).map_err(std::io::Error::other)?;
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    writeln!(file, "{}", entry.expose())?;
    // Without it, what it has sealed is lost.
    file.sync_all()
}

#[cfg(unix)]
fn refuse_open_mode(file: &std::fs::File, path: &Path) -> anyhow::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = file.metadata()?.permissions().mode();
    if mode & 0o077 != 0 {
        bail!(
            "the key file {} can be read by others (mode {:o}): run `chmod 600` on it",
            path.display(),
            mode & 0o777
        );
    }
    Ok(())
}

#[cfg(not(unix))]
fn refuse_open_mode(_file: &std::fs::File, _path: &Path) -> anyhow::Result<()> {
    Ok(())
}
