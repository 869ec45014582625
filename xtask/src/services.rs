//! What the tests use besides the Rust toolchain: found where it answers, started where it can be, and named
//! with a remedy where it is missing.

mod address;
mod cluster;
mod postgres;
mod redis;

use self::cluster::Cluster;

pub struct Service {
    pub name: &'static str,
    /// Where the tests read its URL; a URL set by the developer is the only one that is tried.
    pub url_var: &'static str,
    /// Set to 1 for the tests when there is none.
    pub skip_var: &'static str,
    /// What is left out without it; nothing while no test uses it.
    pub needed_by: Option<&'static str>,
    pub how_to_start: &'static str,
    defaults: fn() -> Vec<String>,
    probe: fn(&str) -> Result<(), String>,
    /// Starts a private one from programs on this machine, where that is possible.
    start: Option<fn() -> Result<Cluster, String>>,
}

pub const SERVICES: &[Service] = &[
    Service {
        name: "PostgreSQL",
        url_var: "CONNECTOR_TEST_POSTGRES_URL",
        skip_var: "CONNECTOR_TEST_SKIP_POSTGRES",
        needed_by: Some("every test that runs on PostgreSQL (the same tests still run on SQLite)"),
        how_to_start:
            "    docker run --rm -d -p 127.0.0.1:5432:5432 -e POSTGRES_HOST_AUTH_METHOD=trust postgres:17
    apt-get install postgresql     (its programs are enough: a private server is started from them)
    brew install postgresql@17
    or name one: CONNECTOR_TEST_POSTGRES_URL=postgres://user:password@host/database",
        defaults: postgres::defaults,
        probe: postgres::probe,
        start: Some(cluster::start),
    },
    Service {
        name: "Redis",
        url_var: "CONNECTOR_TEST_REDIS_URL",
        skip_var: "CONNECTOR_TEST_SKIP_REDIS",
        needed_by: Some("the tests of sessions in Redis (the same tests still run on the databases)"),
        how_to_start: "    docker run --rm -d -p 127.0.0.1:6379:6379 redis:8
    apt-get install redis-server, or brew install redis",
        defaults: || vec!["redis://127.0.0.1:6379".to_owned()],
        probe: redis::probe,
        start: None,
    },
];

pub enum Found {
    Running {
        url: String,
    },
    /// Ours: it ends when this value does.
    Started {
        url: String,
        _cluster: Cluster,
    },
    Missing {
        reasons: Vec<String>,
    },
}

impl Found {
    pub fn url(&self) -> Option<&str> {
        match self {
            Self::Running { url } | Self::Started { url, .. } => Some(url),
            Self::Missing { .. } => None,
        }
    }
}

impl Service {
    pub fn find(&self) -> Found {
        if std::env::var_os(self.skip_var).is_some() {
            return Found::Missing { reasons: vec![format!("{} is set", self.skip_var)] };
        }
        let named = std::env::var(self.url_var).ok();
        let candidates = named.clone().map_or_else(self.defaults, |url| vec![url]);
        let mut reasons = Vec::new();
        for url in candidates {
            match (self.probe)(&url) {
                Ok(()) => return Found::Running { url },
                Err(reason) => reasons.push(format!("{}: {reason}", address::without_password(&url))),
            }
        }
        match self.start.filter(|_| named.is_none()) {
            None => Found::Missing { reasons },
            Some(start) => match start() {
                Ok(cluster) => Found::Started { url: cluster.url(), _cluster: cluster },
                Err(reason) => {
                    reasons.push(format!("a private one: {reason}"));
                    Found::Missing { reasons }
                }
            },
        }
    }

    /// What is said before the tests run.
    pub fn announce(&self, found: &Found) {
        match (found, self.needed_by) {
            (Found::Running { url }, _) => eprintln!("{}: {}", self.name, address::without_password(url)),
            (Found::Started { url, .. }, _) => eprintln!("{}: started for this run, {url}", self.name),
            (Found::Missing { .. }, None) => eprintln!("{}: not there; no test needs it", self.name),
            (Found::Missing { reasons }, Some(needed_by)) => {
                eprintln!("{}: NOT THERE", self.name);
                for reason in reasons {
                    eprintln!("    {reason}");
                }
                eprintln!("  This leaves out {needed_by}.");
                eprintln!("  To have it:\n{}", self.how_to_start);
            }
        }
    }
}

/// Finds what the tests use, and tells a command that runs them where it is. What was started lives as long as the
/// answer.
pub fn for_tests(test: &mut std::process::Command) -> Vec<Found> {
    let mut found = Vec::new();
    for service in SERVICES {
        let here = service.find();
        service.announce(&here);
        match here.url() {
            Some(url) => test.env(service.url_var, url).env_remove(service.skip_var),
            None => test.env(service.skip_var, "1").env_remove(service.url_var),
        };
        found.push(here);
    }
    found
}
