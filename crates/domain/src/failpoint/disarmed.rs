//! Without the feature nothing happens anywhere.

use super::{Failpoint, Injected};

/// A place that goes on whatever happens.
#[inline]
pub fn reach(_: Failpoint) -> std::future::Ready<()> {
    std::future::ready(())
}

/// A place that can fail.
#[inline]
pub fn try_reach(_: Failpoint) -> std::future::Ready<Result<(), Injected>> {
    std::future::ready(Ok(()))
}

/// [`reach`] outside of async code.
#[inline]
pub fn reach_blocking(_: Failpoint) {}

/// [`try_reach`] outside of async code.
#[inline]
pub fn try_reach_blocking(_: Failpoint) -> Result<(), Injected> {
    Ok(())
}
