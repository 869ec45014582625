//! Everything secret that a scene has had, to be looked for afterwards.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use connector_leaks::LeakScanner;

use crate::people::Consented;
use crate::scene::{CLIENT_SECRET, KEY, KEY_BYTES, Scene};

/// Of a long token its two ends are looked for: in whatever form it is written down, they are written down too.
const PIECE: usize = 40;
/// What the token endpoint is told and answers.
const MEMBERS: [&str; 6] =
    ["access_token", "refresh_token", "client_secret", "code", "code_verifier", "id_token"];

#[derive(Debug, Default)]
pub struct Secrets(BTreeSet<(String, Vec<u8>)>);

impl Secrets {
    /// The keys and the app's secret.
    pub fn of_operator() -> Self {
        let mut secrets = Self::default();
        secrets.add("client secret", CLIENT_SECRET.as_bytes());
        secrets.add("key", KEY.split_once(':').map_or(KEY, |(_, key)| key).as_bytes());
        secrets.add("key bytes", KEY_BYTES);
        secrets
    }

    pub fn add(&mut self, name: &str, secret: &[u8]) {
        let head = secret.get(..PIECE).unwrap_or(secret);
        let tail = secret.len().checked_sub(PIECE).map_or(secret, |start| &secret[start..]);
        for piece in [head, tail] {
            self.0.insert((name.to_owned(), piece.to_vec()));
        }
    }

    /// The code, the state and the cookies of a login.
    pub fn add_login(&mut self, login: &Consented) {
        let query = login.callback.split_once('?').map_or("", |(_, query)| query);
        for (name, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
            if ["code", "state"].contains(&name) {
                self.add(name, value.as_bytes());
            }
        }
        self.add_cookies(&login.cookie);
    }

    /// As a `Cookie` header has them.
    pub fn add_cookies(&mut self, header: &str) {
        for (name, value) in header.split("; ").filter_map(|cookie| cookie.split_once('=')) {
            self.add(&format!("cookie {name}"), value.as_bytes());
        }
    }

    /// What has passed between the program and the token endpoint.
    pub fn add_heard(&mut self, scene: &Scene) {
        for said in scene.before_sandbox.heard() {
            let text = String::from_utf8_lossy(&said);
            for member in MEMBERS {
                for rest in text.split(&format!("\"{member}\":\"")).skip(1) {
                    if let Some((secret, _)) = rest.split_once('"') {
                        self.add(member, secret.as_bytes());
                    }
                }
            }
        }
    }

    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// The names that are not among them.
    pub fn missing<'n>(&self, names: &[&'n str]) -> Vec<&'n str> {
        let has = |name: &str| self.0.iter().any(|(known, _)| known == name);
        names.iter().copied().filter(|name| !has(name)).collect()
    }

    pub fn scanner(&self) -> LeakScanner {
        LeakScanner::new(self.0.iter().map(|(name, secret)| (name.as_str(), secret.as_slice())))
    }
}

/// What was looked at, and what was found.
#[derive(Debug, Default)]
pub struct Scan {
    pub places: u64,
    pub bytes: u64,
    pub hits: Vec<String>,
}

impl Scan {
    pub fn look_at(&mut self, scanner: &LeakScanner, place: &str, bytes: &[u8]) {
        self.places += 1;
        self.bytes += bytes.len() as u64;
        self.hits.extend(scanner.find(bytes).into_iter().map(|what| format!("{place}: {what}")));
    }

    /// All files below a directory but those that `except` names.
    pub fn look_below(
        &mut self,
        scanner: &LeakScanner,
        directory: &Path,
        except: &str,
    ) -> std::io::Result<()> {
        for path in files(directory)? {
            if path.file_name().is_some_and(|name| name.to_string_lossy() == except) {
                continue;
            }
            match std::fs::read(&path) {
                Ok(bytes) => self.look_at(scanner, &path.display().to_string(), &bytes),
                // PostgreSQL moves its files meanwhile.
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

fn files(directory: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory)? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(files(&path)?);
        } else {
            found.push(path);
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_token_is_found_by_either_end() {
        let token = format!("{}{}", "head-".repeat(20), "tail+".repeat(20));
        let mut secrets = Secrets::default();
        secrets.add("token", token.as_bytes());
        let scanner = secrets.scanner();
        assert!(!scanner.find(format!("x{}", &token[..45]).as_bytes()).is_empty());
        assert!(!scanner.find(format!("{}x", &token[150..]).as_bytes()).is_empty());
        assert_eq!(secrets.missing(&["token", "code"]), ["code"]);
        let mut scan = Scan::default();
        scan.look_at(&scanner, "here", token.as_bytes());
        assert!(scan.hits.iter().all(|hit| hit.starts_with("here: token (")) && !scan.hits.is_empty());
    }
}
