//! Dynamic webhooks: who registered which, and their delivery.
//!
//! Deliveries go out one after the other. One that fails is tried again later, so that what follows may overtake it.

mod delivery;
mod event;
mod filter;
mod post;
mod registry;

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
};

use serde::{Deserialize, Serialize};

pub use event::Event;
pub use filter::problems;
pub use registry::{Hook, Wanted, expiration_date};

use self::{
    delivery::{Attempt, Delivery},
    registry::Registry,
};

/// All webhooks, and what is on its way to them.
#[derive(Default)]
pub struct Webhooks(Mutex<State>);

#[derive(Default)]
struct State {
    registry: Registry,
    mode: Mode,
    waiting: VecDeque<Delivery>,
    /// Whether somebody is working on what waits.
    busy: bool,
    /// What has to wait until another delivery has overtaken it.
    held: Option<Delivery>,
    log: Vec<Attempt>,
}

/// How reliable deliveries are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    #[default]
    Reliable,
    /// Everything arrives twice.
    Duplicate,
    /// Every second delivery overtakes the one before it.
    Reorder,
    /// Nothing arrives.
    Lose,
}

impl Webhooks {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn mode(&self) -> Mode {
        self.state().mode
    }
}
