//! What searches know: everything, or what was true a while ago where the index lags behind.

use std::collections::HashMap;

use super::{Millis, issues::Issue};

/// The states that issues had before their latest changes.
#[derive(Debug)]
pub struct Index {
    lag: Millis,
    /// By issue, oldest first: when it changed, and how it was before; nothing where it did not exist.
    former: HashMap<u64, Vec<(Millis, Option<Issue>)>>,
}

impl Index {
    pub fn new(lag: Millis) -> Self {
        Self { lag, former: HashMap::new() }
    }

    /// From now on the index lags so far behind; changes that it did not have to remember stay known.
    pub fn set_lag(&mut self, lag: Millis) {
        self.lag = lag;
    }

    pub fn lags(&self) -> bool {
        self.lag > 0
    }

    /// Remembers how an issue was until now.
    pub fn note(&mut self, id: u64, former: Option<Issue>, now: Millis) {
        if self.lags() {
            let lag = self.lag;
            let states = self.former.entry(id).or_default();
            states.retain(|(changed, _)| now - changed < lag);
            states.push((now, former));
        }
    }

    /// An issue as searches see it.
    pub fn seen<'a>(&'a self, issue: &'a Issue, now: Millis) -> Option<&'a Issue> {
        let states = self.former.get(&issue.id).into_iter().flatten();
        let known = states.into_iter().find(|(changed, _)| now - changed < self.lag);
        known.map_or(Some(issue), |(_, former)| former.as_ref())
    }

    /// Whether something that was made at a time can be found yet.
    pub fn reaches(&self, created: Millis, now: Millis) -> bool {
        !self.lags() || now - created >= self.lag
    }
}
