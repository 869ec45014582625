use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;
use std::str::FromStr;

use percent_encoding::percent_decode_str;
use sqlx::postgres::{PgConnectOptions, PgSslMode};

/// Where the database is: a SQLite file or a PostgreSQL server.
///
/// Understands SQLAlchemy's spellings (`sqlite:///./x.db`, `sqlite:////abs/x.db`, `postgresql+psycopg://…`) and the
/// plain ones (`sqlite://x.db`, `postgres://…`). Shows no password.
#[derive(Clone, PartialEq, Eq)]
pub enum DatabaseUrl {
    Sqlite(PathBuf),
    Postgres(PostgresUrl),
}

/// A PostgreSQL address, which may hold a password: it is not shown.
#[derive(Clone, PartialEq, Eq)]
pub struct PostgresUrl(String);

impl PostgresUrl {
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }

    /// Whether nobody between here and the server can read along: it is this machine, or its certificate is checked.
    pub fn is_guarded(&self) -> bool {
        let Ok(options) = PgConnectOptions::from_str(&self.0) else { return false };
        is_here(&options) || matches!(options.get_ssl_mode(), PgSslMode::VerifyFull)
    }
}

/// Whether the server is on this machine.
pub(crate) fn is_here(options: &PgConnectOptions) -> bool {
    let host = options.get_host();
    host == "localhost"
        || host.starts_with('/')
        || options.get_socket().is_some()
        || host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidDatabaseUrl(String);

impl FromStr for DatabaseUrl {
    type Err = InvalidDatabaseUrl;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        let (scheme, rest) = text.split_once(':').ok_or_else(|| {
            InvalidDatabaseUrl(
                "has no scheme: write sqlite:///./integration.db or postgresql://user@host/name".into(),
            )
        })?;
        // SQLAlchemy names its driver behind a plus.
        match scheme.split('+').next().unwrap_or_default() {
            "sqlite" => sqlite_path(rest).map(Self::Sqlite),
            "postgres" | "postgresql" if rest.starts_with("//") && rest.len() > 2 => {
                Ok(Self::Postgres(PostgresUrl(format!("postgres:{rest}"))))
            }
            "postgres" | "postgresql" => {
                Err(InvalidDatabaseUrl("names no server: write postgresql://user@host:5432/name".into()))
            }
            other => Err(InvalidDatabaseUrl(format!(
                "has the scheme `{}`: only sqlite and postgresql are known",
                other.chars().take(20).collect::<String>()
            ))),
        }
    }
}

fn sqlite_path(rest: &str) -> Result<PathBuf, InvalidDatabaseUrl> {
    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    // `mode=rwc` is what we do anyway; other options would be dropped without a word.
    if !matches!(query, "" | "mode=rwc") {
        return Err(InvalidDatabaseUrl(format!(
            "has options that are not known (`?{query}`): leave them out"
        )));
    }
    let path = path
        .strip_prefix("///") // SQLAlchemy: a third slash, then the path
        .or_else(|| path.strip_prefix("//"))
        .unwrap_or(path);
    let path = percent_decode_str(path)
        .decode_utf8()
        .map_err(|_| InvalidDatabaseUrl("names a file that is not UTF-8".into()))?;
    if path.is_empty() || path.contains(":memory:") {
        return Err(InvalidDatabaseUrl(
            "names no file: tokens must outlive the process, so write sqlite:///./integration.db".into(),
        ));
    }
    Ok(PathBuf::from(path.as_ref()))
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "SQLite {}", path.display()),
            Self::Postgres(url) => {
                let host =
                    url.0.rsplit_once('@').map_or(url.0.trim_start_matches("postgres://"), |(_, host)| host);
                write!(f, "PostgreSQL {}", host.split('?').next().unwrap_or_default())
            }
        }
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sqlite(text: &str) -> PathBuf {
        match text.parse() {
            Ok(DatabaseUrl::Sqlite(path)) => path,
            other => panic!("{text} gave {other:?}"),
        }
    }

    #[test]
    fn understands_both_spellings_of_sqlite() {
        assert_eq!(sqlite("sqlite:///./x.db"), PathBuf::from("./x.db"));
        assert_eq!(sqlite("sqlite:////abs/x.db"), PathBuf::from("/abs/x.db"));
        assert_eq!(sqlite("sqlite+aiosqlite:///x.db"), PathBuf::from("x.db"));
        assert_eq!(sqlite("sqlite://x.db?mode=rwc"), PathBuf::from("x.db"));
        assert_eq!(sqlite("sqlite:x.db"), PathBuf::from("x.db"));
        assert_eq!(sqlite("sqlite:///./my%20data.db"), PathBuf::from("./my data.db"));
    }

    #[test]
    fn understands_spellings_of_postgresql() {
        for text in
            ["postgresql+psycopg://u:p@h:5432/d", "postgresql://u:p@h:5432/d", "postgres://u:p@h:5432/d"]
        {
            let DatabaseUrl::Postgres(url) = text.parse().unwrap() else { panic!("{text}") };
            assert_eq!(url.expose(), "postgres://u:p@h:5432/d");
        }
    }

    #[test]
    fn shows_no_password() {
        let url: DatabaseUrl = "postgres://u:hunter2@h/d?password=hunter2".parse().unwrap();
        assert_eq!(format!("{url} {url:?}"), "PostgreSQL h/d PostgreSQL h/d");
    }

    #[test]
    fn refuses_what_would_lose_data() {
        for text in [
            "",
            "x.db",
            "mysql://h/d",
            "sqlite://",
            "sqlite::memory:",
            "sqlite:///x.db?cache=shared",
            "postgres:",
        ] {
            assert!(text.parse::<DatabaseUrl>().is_err(), "{text}");
        }
    }
}
