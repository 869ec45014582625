//! What a torture run sets. A program built without the feature `failpoints` knows none of it, and so refuses it.

#[cfg(feature = "failpoints")]
mod armed {
    use connector_connections::Timings;
    use connector_domain::failpoint;

    use crate::config::Env;

    /// By how much all times by which tokens are kept are divided.
    const SCALE_VAR: &str = "CONNECTOR_TORTURE_SCALE";

    pub(crate) const VARIABLES: &[&str] = &[failpoint::ACTIONS_VAR, failpoint::LOG_VAR, SCALE_VAR];

    pub(crate) fn check(env: &mut Env) {
        if let Some(text) = env.text(failpoint::ACTIONS_VAR)
            && let Err(fault) = failpoint::check(&text)
        {
            env.fault(failpoint::ACTIONS_VAR, &fault);
        }
    }

    pub(crate) fn timings(env: &mut Env) -> Timings {
        let scale = env.parsed(SCALE_VAR, "1").unwrap_or(1);
        Timings::default().divided_by(scale)
    }
}

#[cfg(not(feature = "failpoints"))]
mod disarmed {
    use connector_connections::Timings;

    use crate::config::Env;

    pub(crate) const VARIABLES: &[&str] = &[];

    pub(crate) fn check(_: &mut Env) {}

    pub(crate) fn timings(_: &mut Env) -> Timings {
        Timings::default()
    }
}

#[cfg(feature = "failpoints")]
pub(crate) use armed::{VARIABLES, check, timings};
#[cfg(not(feature = "failpoints"))]
pub(crate) use disarmed::{VARIABLES, check, timings};
