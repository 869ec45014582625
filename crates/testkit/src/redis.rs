//! A part of a Redis server for each test.

use connector_connections::RedisSessions;
use connector_domain::{Entropy as _, Secret, SystemEntropy, Timestamp};

const URL_VAR: &str = "CONNECTOR_TEST_REDIS_URL";
const SKIP_VAR: &str = "CONNECTOR_TEST_SKIP_REDIS";
const DEFAULT_URL: &str = "redis://127.0.0.1:6379";

/// Keys of a Redis server that belong to one test: they begin with a prefix of its own.
#[derive(Debug, Clone)]
pub struct TestRedis {
    url: Secret,
    prefix: String,
}

impl TestRedis {
    /// `None` where the tests were told to do without (`CONNECTOR_TEST_SKIP_REDIS`), which is said on standard error.
    pub fn take() -> Option<Self> {
        if std::env::var_os(SKIP_VAR).is_some() {
            eprintln!("the Redis case is left out: {SKIP_VAR} is set");
            return None;
        }
        let url = Secret::new(std::env::var(URL_VAR).unwrap_or_else(|_| DEFAULT_URL.to_owned()));
        // Not the seeded entropy: other runs may have left keys there.
        let prefix = format!("connector-test-{}:", SystemEntropy.uuid(Timestamp::from_millis(0)));
        Some(Self { url, prefix })
    }

    /// The server.
    pub fn url(&self) -> &str {
        self.url.expose()
    }

    /// # Panics
    /// When the server does not answer.
    pub async fn sessions(&self) -> RedisSessions {
        let connected = RedisSessions::connect(&self.url, &self.prefix).await;
        connected.unwrap_or_else(|error| {
            panic!(
                "the Redis server of the tests does not answer ({error}): start one at {DEFAULT_URL}, or name another \
                 by {URL_VAR}, or set {SKIP_VAR}=1 to leave out its tests"
            )
        })
    }
}
