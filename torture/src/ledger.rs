//! What the token endpoint saw: the simulator's own record, which the program cannot colour.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context;
use chrono::DateTime;
use serde_json::Value;

use crate::http::Request;
use crate::scene::Scene;

/// How an answer left the simulator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    Whole,
    /// Closed, cut off, mangled, or a fault stands in its place.
    Spoiled,
    /// The client was gone before there was an answer.
    Unanswered,
}

/// A request to the token endpoint. Tokens are named by fingerprints.
#[derive(Debug, Clone)]
pub struct Event {
    /// Milliseconds since the Unix epoch, when it was worked on.
    pub at: i64,
    pub is_refresh: bool,
    pub presented: Option<String>,
    /// The refresh token that was made, whether or not its answer arrived.
    pub issued: Option<String>,
    /// Why it was refused, where it was.
    pub why: Option<String>,
    pub delivery: Delivery,
}

impl Event {
    fn read(row: &Value) -> Option<(String, Self)> {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let delivery = match row["answer"]["delivery"].as_str() {
            Some("whole") => Delivery::Whole,
            Some(_) => Delivery::Spoiled,
            None => Delivery::Unanswered,
        };
        let event = Self {
            at: DateTime::parse_from_rfc3339(row["at"].as_str()?).ok()?.timestamp_millis(),
            is_refresh: row["kind"] == "refresh_token",
            presented: text(&row["presented"]),
            issued: text(&row["issued"]["refresh_token"]),
            why: text(&row["why"]),
            delivery,
        };
        Some((text(&row["account_id"])?, event))
    }
}

impl std::fmt::Display for Event {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let name = |token: &Option<String>| token.clone().unwrap_or_else(|| "-".to_owned());
        let kind = if self.is_refresh { "refresh" } else { "code" };
        write!(f, "{kind} {} -> {}", name(&self.presented), name(&self.issued))?;
        if let Some(why) = &self.why {
            write!(f, " refused: {why}")?;
        }
        write!(f, " {:?}", self.delivery)
    }
}

/// All events by the account whose grant they are about.
#[derive(Debug, Default)]
pub struct Ledger {
    pub accounts: BTreeMap<String, Vec<Event>>,
    /// Requests that named no known token or code.
    pub unknown: usize,
    /// Requests whose answer did not leave as it was made.
    pub spoiled: usize,
}

impl Ledger {
    pub async fn read(scene: &Scene) -> anyhow::Result<Self> {
        let history = scene.control(Request::get("/__sandbox/tokens/history")).await?;
        Self::of(&history)
    }

    fn of(history: &Value) -> anyhow::Result<Self> {
        let mut ledger = Self::default();
        for row in history["events"].as_array().context("the simulator has no history")? {
            let Some((account, event)) = Event::read(row) else {
                ledger.unknown += 1;
                continue;
            };
            if event.delivery != Delivery::Whole {
                ledger.spoiled += 1;
            }
            ledger.accounts.entry(account).or_default().push(event);
        }
        Ok(ledger)
    }

    pub fn events(&self, account: &str) -> &[Event] {
        self.accounts.get(account).map(Vec::as_slice).unwrap_or_default()
    }

    /// What the record says about each of these accounts, added up.
    pub fn judge<'a>(&self, accounts: impl Iterator<Item = &'a str>) -> Judgement {
        let mut whole = Judgement::default();
        for account in accounts {
            whole.add(account, self.events(account));
        }
        whole
    }
}

/// How the exchanges of grants followed each other.
#[derive(Debug, Default)]
pub struct Judgement {
    /// Exchanges that were worked on, and how many different tokens they exchanged.
    pub exchanges: usize,
    pub generations: usize,
    /// A token was sent although one that came of it had been exchanged already: the store, or a request under way,
    /// had gone back.
    pub regressions: Vec<String>,
    /// Two answers to the same token were both gone on with.
    pub forks: Vec<String>,
    /// By account that consented once: which generations may be stored.
    pub generations_of: BTreeMap<String, std::ops::RangeInclusive<i64>>,
}

impl Judgement {
    fn add(&mut self, account: &str, events: &[Event]) {
        let mut parents: BTreeMap<&str, &str> = BTreeMap::new();
        let mut depths: BTreeMap<&str, i64> = BTreeMap::new();
        let mut exchanged: BTreeSet<&str> = BTreeSet::new();
        // Tokens of which a child has been exchanged, and by which child.
        let mut gone_on: BTreeMap<&str, &str> = BTreeMap::new();
        let (mut deepest, mut consents, mut spares) = (0, 0, 0);
        let mut answers: BTreeMap<&str, usize> = BTreeMap::new();
        for event in events {
            let Some(presented) = event.presented.as_deref() else { continue };
            if event.is_refresh {
                if let Some(child) = gone_on.get(presented) {
                    self.regressions.push(format!("{account}: {event}, after {child}"));
                }
                if event.issued.is_some() {
                    self.exchanges += 1;
                    if exchanged.insert(presented)
                        && let Some(parent) = parents.get(presented)
                    {
                        // Which of several answers was stored, and which was only kept aside, cannot be seen here.
                        spares += i64::from(answers.get(parent).is_some_and(|answers| *answers > 1));
                        if let Some(other) = gone_on.insert(parent, presented) {
                            self.forks.push(format!("{account}: {event}, beside {other}"));
                        }
                    }
                    deepest = deepest.max(depths.get(presented).copied().unwrap_or(1));
                }
            }
            if let Some(issued) = event.issued.as_deref() {
                let depth = if event.is_refresh {
                    parents.insert(issued, presented);
                    *answers.entry(presented).or_default() += 1;
                    depths.get(presented).copied().unwrap_or(1) + 1
                } else {
                    consents += 1;
                    1
                };
                depths.insert(issued, depth);
            }
        }
        self.generations += exchanged.len();
        if consents == 1 {
            // One for the consent and one for each exchange in the chain; an answer that was kept aside and then
            // exchanged is in the chain and was never stored.
            self.generations_of.insert(account.to_owned(), deepest + 1 - spares..=deepest + 1);
        }
    }

    /// Exchanges per generation, where there were any.
    pub fn ratio(&self) -> f64 {
        let count = |number: usize| f64::from(u32::try_from(number).unwrap_or(u32::MAX));
        count(self.exchanges) / count(self.generations.max(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Refreshes in their order: what was presented, and what was issued for it.
    fn judged(refreshes: &[(&str, Option<&str>)]) -> Judgement {
        let mut events = vec![event(false, "code", Some("a"))];
        events.extend(refreshes.iter().map(|(presented, issued)| event(true, presented, *issued)));
        let mut judgement = Judgement::default();
        judgement.add("ada", &events);
        judgement
    }

    fn event(is_refresh: bool, presented: &str, issued: Option<&str>) -> Event {
        Event {
            at: 0,
            is_refresh,
            presented: Some(presented.to_owned()),
            issued: issued.map(str::to_owned),
            why: None,
            delivery: Delivery::Whole,
        }
    }

    #[test]
    fn a_line_of_exchanges_is_linear() {
        let judgement = judged(&[("a", Some("b")), ("b", Some("c")), ("c", Some("d"))]);
        assert_eq!((judgement.exchanges, judgement.generations), (3, 3));
        assert!(judgement.regressions.is_empty() && judgement.forks.is_empty());
        assert_eq!(judgement.generations_of["ada"], 4..=4);
    }

    #[test]
    fn a_lost_answer_makes_a_sibling_and_no_fork() {
        let judgement = judged(&[("a", Some("b1")), ("a", Some("b2")), ("b2", Some("c"))]);
        assert_eq!((judgement.exchanges, judgement.generations), (3, 2));
        assert!(judgement.regressions.is_empty() && judgement.forks.is_empty());
        // Either b2 was stored as the second generation, or b1 was lost and b2 kept aside.
        assert_eq!(judgement.generations_of["ada"], 2..=3);
    }

    #[test]
    fn a_token_sent_after_its_childs_exchange_is_a_regression() {
        let judgement = judged(&[("a", Some("b")), ("b", Some("c")), ("a", None)]);
        assert_eq!(judgement.regressions.len(), 1, "{judgement:?}");
    }

    #[test]
    fn two_siblings_that_are_gone_on_with_are_a_fork() {
        let judgement = judged(&[("a", Some("b1")), ("a", Some("b2")), ("b2", Some("c")), ("b1", Some("d"))]);
        assert_eq!((judgement.forks.len(), judgement.regressions.len()), (1, 0), "{judgement:?}");
    }

    #[test]
    fn the_simulators_rows_are_read() {
        let history = serde_json::json!({"events": [
            {"at": "2026-01-02T03:04:05.678+00:00", "kind": "refresh_token", "account_id": "ada", "presented": "a1",
             "issued": {"access_token": "x", "refresh_token": "b1"}, "answer": {"status": 0, "delivery": "dropped"}},
            {"at": "2026-01-02T03:04:06+00:00", "kind": "refresh_token", "account_id": "ada", "presented": "a1",
             "issued": null, "why": "used_too_long_ago", "answer": {"status": 403, "delivery": "whole"}},
            {"at": "2026-01-02T03:04:06+00:00", "kind": null, "account_id": null}
        ]});
        let ledger = Ledger::of(&history).unwrap();
        assert_eq!((ledger.unknown, ledger.spoiled), (1, 1));
        let events = ledger.events("ada");
        assert_eq!((events[0].delivery, events[0].at % 1_000), (Delivery::Spoiled, 678));
        assert_eq!(events[1].why.as_deref(), Some("used_too_long_ago"));
    }
}
