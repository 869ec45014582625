//! A run: which windows there are to read, how they are read side by side, and how it ends.

mod error;
mod pace;
mod place;
mod plan;
mod progress;
mod side_by_side;
mod site;
mod stages;
mod task;
mod totals;
mod window;

pub(crate) use error::{FIRST_WAIT, Fate, RunError};
pub(crate) use place::Place;
pub(crate) use plan::OVERLAP;
pub(crate) use progress::{Counts, Progress, add, note_notice};
pub(crate) use site::{Container, SiteContext};
pub(crate) use stages::Run;
pub(crate) use task::Task;
pub(crate) use window::Window;
