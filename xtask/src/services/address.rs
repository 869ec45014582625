//! The parts of a service's URL.

use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(2);

#[derive(Debug, PartialEq)]
pub struct Address<'a> {
    pub user: Option<&'a str>,
    pub has_password: bool,
    pub host: &'a str,
    pub port: u16,
    pub path: &'a str,
}

impl<'a> Address<'a> {
    /// Reads `scheme://user:password@host:port/path?query`, of which only the host is needed.
    pub fn parse(url: &'a str, default_port: u16) -> Result<Self, String> {
        let (_, rest) = url.split_once("://").ok_or("not a URL")?;
        let rest = rest.split(['?', '#']).next().unwrap_or_default();
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let (user_info, place) = match authority.rsplit_once('@') {
            Some((user_info, place)) => (Some(user_info), place),
            None => (None, authority),
        };
        let (host, port) = match place.rsplit_once(':').filter(|(_, port)| !port.ends_with(']')) {
            Some((host, port)) => (host, port.parse().map_err(|_| format!("`{port}` is not a port"))?),
            None => (place, default_port),
        };
        if host.is_empty() {
            return Err("names no host".to_owned());
        }
        Ok(Self {
            user: user_info.and_then(|info| info.split(':').next()).filter(|user| !user.is_empty()),
            has_password: user_info.is_some_and(|info| info.contains(':')),
            host: host.trim_matches(['[', ']']),
            port,
            path,
        })
    }

    /// A connection that does not wait for long, neither now nor when it is read.
    pub fn connect(&self) -> Result<TcpStream, String> {
        let mut last = "the host has no address".to_owned();
        for address in (self.host, self.port).to_socket_addrs().map_err(|error| error.to_string())? {
            match TcpStream::connect_timeout(&address, PATIENCE) {
                Ok(stream) => {
                    stream.set_read_timeout(Some(PATIENCE)).map_err(|error| error.to_string())?;
                    stream.set_write_timeout(Some(PATIENCE)).map_err(|error| error.to_string())?;
                    return Ok(stream);
                }
                Err(error) => last = error.to_string(),
            }
        }
        Err(last)
    }
}

/// A URL as it may be shown.
pub fn without_password(url: &str) -> String {
    let parts = url.split_once("://").and_then(|(scheme, rest)| {
        let (user_info, place) = rest.rsplit_once('@')?;
        Some(format!("{scheme}://{}:***@{place}", user_info.split_once(':')?.0))
    });
    parts.unwrap_or_else(|| url.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_url_has_all_parts() {
        let address =
            Address::parse("postgres://ada:secret@db.example:6543/main?sslmode=disable", 5432).unwrap();
        let expected =
            Address { user: Some("ada"), has_password: true, host: "db.example", port: 6543, path: "main" };
        assert_eq!(address, expected);
    }

    #[test]
    fn a_host_is_enough() {
        let address = Address::parse("redis://[::1]", 6379).unwrap();
        assert_eq!(address, Address { user: None, has_password: false, host: "::1", port: 6379, path: "" });
        assert!(Address::parse("postgres:///main", 5432).is_err());
        assert!(Address::parse("postgres://host:many/main", 5432).is_err());
    }

    #[test]
    fn a_password_is_not_shown() {
        assert_eq!(without_password("postgres://ada:s@cret@host/main"), "postgres://ada:***@host/main");
        assert_eq!(without_password("postgres://ada@host/main"), "postgres://ada@host/main");
    }
}
