use std::time::Duration;

/// How syncs go about their work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SyncSettings {
    /// How many lists of a product one run reads at the same time.
    pub windows_at_once: usize,
    /// After which time a connection is synced again by itself; `None` for never.
    pub interval: Option<Duration>,
    /// The hour (UTC, 0 to 23) after which the census of a connection begins.
    pub census_hour: u8,
}

impl Default for SyncSettings {
    fn default() -> Self {
        Self { windows_at_once: 4, interval: Some(Duration::from_mins(5)), census_hour: 2 }
    }
}
