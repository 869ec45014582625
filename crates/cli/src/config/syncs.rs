use std::time::Duration;

use connector_sync::SyncSettings;

use super::env::Env;

/// A shorter interval than this asks Atlassian more often than anything changes.
const SHORTEST: u64 = 30;

/// When connections are synced by themselves, and how much at once.
pub(super) fn settings(env: &mut Env) -> SyncSettings {
    let mut settings = SyncSettings::default();
    if let Some(text) = env.text("CONNECTOR_SYNC_INTERVAL") {
        match text.parse::<u64>() {
            Ok(0) => settings.interval = None,
            Ok(seconds) if seconds >= SHORTEST => settings.interval = Some(Duration::from_secs(seconds)),
            _ => env.fault(
                "CONNECTOR_SYNC_INTERVAL",
                "is not a number of seconds: write 0 for never, or 30 and more",
            ),
        }
    }
    if let Some(text) = env.text("CONNECTOR_CENSUS_HOUR") {
        match text.parse::<u8>() {
            Ok(hour @ 0..=23) => settings.census_hour = hour,
            _ => env.fault("CONNECTOR_CENSUS_HOUR", "is not an hour of the day (UTC): write 0 to 23"),
        }
    }
    if let Some(text) = env.text("CONNECTOR_SYNC_WINDOWS") {
        match text.parse::<usize>() {
            Ok(windows @ 1..=32) => settings.windows_at_once = windows,
            _ => env.fault("CONNECTOR_SYNC_WINDOWS", "is not a number from 1 to 32"),
        }
    }
    settings
}
