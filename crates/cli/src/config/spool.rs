//! Where answers of Atlassian lie that the database cannot take.

use std::path::PathBuf;

use connector_store::DatabaseUrl;

use super::Env;

/// What is set, else beside the SQLite file, else the platform's place for what a program keeps: systemd's state
/// directory, the person's (XDG Base Directory), or, where there is neither, the working directory.
pub(super) fn folder(env: &Env, database: Option<&DatabaseUrl>) -> PathBuf {
    if let Some(set) = env.text("CONNECTOR_SPOOL_DIR") {
        return PathBuf::from(set);
    }
    if let Some(DatabaseUrl::Sqlite(path)) = database {
        let mut name = path.as_os_str().to_owned();
        name.push(".spool");
        return PathBuf::from(name);
    }
    let under = |name: &str, rest: &str| env.text(name).map(|folder| PathBuf::from(folder).join(rest));
    under("STATE_DIRECTORY", "spool")
        .or_else(|| under("XDG_STATE_HOME", "connector/spool"))
        .or_else(|| under("HOME", ".local/state/connector/spool"))
        .unwrap_or_else(|| PathBuf::from("connector.spool"))
}
