use tokio_util::sync::CancellationToken;

use super::{Progress, RunError, Window};
use crate::Stream;
use crate::census::CensusTask;

/// What a run does side by side.
pub(crate) enum Task {
    Window(Window),
    Census(CensusTask),
}

impl Task {
    pub(crate) async fn read(&self, progress: &Progress, stop: &CancellationToken) -> Result<(), RunError> {
        match self {
            Self::Window(window) => window.read(progress, stop).await,
            Self::Census(census) => census.read(progress, stop).await,
        }
    }

    /// For people.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Window(window) => window.name.clone(),
            Self::Census(census) => census.name(),
        }
    }

    pub(crate) fn streams(&self) -> &[Stream] {
        match self {
            Self::Window(window) => &window.streams,
            Self::Census(census) => &census.streams,
        }
    }

    /// Whether it is of one project or space, which may be gone since the list was read.
    pub(crate) fn is_of_container(&self) -> bool {
        match self {
            Self::Window(window) => window.of_container,
            Self::Census(_) => true,
        }
    }
}
