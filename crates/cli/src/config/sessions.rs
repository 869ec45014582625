//! Where sessions are kept, and when they end.

use std::time::Duration;

use connector_connections::SessionLimits;
use connector_domain::Secret;
use url::Url;

use super::Env;

pub(super) const IDLE_DAYS: &str = "14";
pub(super) const DAYS: &str = "90";

/// The address of the Redis server, which may hold a password.
pub(super) fn redis_url(env: &mut Env) -> Option<Secret> {
    let text = env.secret("CONNECTOR_SESSION_URL")?;
    let is_redis = Url::parse(text.expose())
        .is_ok_and(|url| matches!(url.scheme(), "redis" | "rediss") && url.has_host());
    if !is_redis {
        env.fault(
            "CONNECTOR_SESSION_URL",
            "is not the address of a Redis server: write redis://[user:password@]host[:port][/database], with rediss:// for \
             TLS; without it sessions are kept in the database",
        );
        return None;
    }
    Some(text)
}

pub(super) fn limits(env: &mut Env) -> SessionLimits {
    let limits = SessionLimits {
        idle: days(env, "CONNECTOR_SESSION_IDLE_DAYS", IDLE_DAYS),
        lifetime: days(env, "CONNECTOR_SESSION_DAYS", DAYS),
    };
    if limits.idle > limits.lifetime {
        env.fault(
            "CONNECTOR_SESSION_IDLE_DAYS",
            "is more than CONNECTOR_SESSION_DAYS: a session cannot be idle for longer than it lasts",
        );
    }
    limits
}

fn days(env: &mut Env, name: &str, default: &str) -> Duration {
    let text = env.text(name).unwrap_or_else(|| default.to_owned());
    let days = match text.parse::<u16>() {
        Ok(days @ 1..=365) => days,
        _ => {
            env.fault(name, "must be a number of days from 1 to 365");
            1
        }
    };
    Duration::from_hours(24 * u64::from(days))
}
