//! After a run: which grants still work, which do not and whether any client could have kept them, and whether the
//! histories are linear.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use futures::stream::{self, StreamExt};

use crate::chaos::Record;
use crate::demand::refreshed;
use crate::ledger::{Delivery, Event, Judgement, Ledger};
use crate::people::Grant;
use crate::report::Figure;
use crate::scene::Scene;
use crate::stored;

const CHECKS_AT_ONCE: usize = 8;

/// Whether a client could have kept a grant that was lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cause {
    /// No answer to the last exchanges ever reached a process that lived on, and nobody could ask again in the leeway.
    AnswerNeverArrived,
    /// The simulator ended the stored token because the token before it was exchanged once more, by a request whose
    /// answer reached nobody (strict reading of siblings).
    EndedBySibling,
    /// None of the above: the program's fault, until somebody shows another.
    Program,
}

#[derive(Debug)]
pub struct Lost {
    pub person: usize,
    pub cause: Cause,
    /// What was answered at last, and the end of the history.
    pub story: String,
}

#[derive(Debug)]
pub struct Verdict {
    pub grants: usize,
    pub lost: Vec<Lost>,
    pub judgement: Judgement,
    /// Requests at the token endpoint of these grants whose answers did not arrive as made, of how many.
    pub spoiled: usize,
    pub requests: usize,
    /// Connections whose stored generation is not what the history says.
    pub generations_off: Vec<String>,
}

impl Verdict {
    pub fn lost_by(&self, cause: Cause) -> usize {
        self.lost.iter().filter(|lost| lost.cause == cause).count()
    }

    /// Adds its grants and losses to a figure. A history that is not linear is a fault even where nothing is lost.
    pub fn add_to(&self, figure: &mut Figure) {
        figure.events += self.grants as u64;
        figure.failures += self.lost_by(Cause::Program) as u64;
        figure.by_sibling += self.lost_by(Cause::EndedBySibling) as u64;
        figure.unavoidable += self.lost_by(Cause::AnswerNeverArrived) as u64;
        figure.faults.extend(self.not_linear());
    }

    /// What the histories show besides losses, counted.
    pub fn not_linear(&self) -> Vec<String> {
        let Judgement { regressions, forks, .. } = &self.judgement;
        let found = [
            (regressions.len(), "tokens sent after their grandchild"),
            (forks.len(), "tokens of which two answers were gone on with"),
            (self.generations_off.len(), "stored generations that are not what the history says"),
        ];
        let found = found.into_iter().filter(|(count, _)| *count > 0);
        found.map(|(count, what)| format!("{count} {what}")).collect()
    }

    /// Appends the stories of what was lost or not linear to a file.
    pub fn tell(&self, name: &str, to: &Path) -> anyhow::Result<()> {
        use std::io::Write as _;
        let mut file = std::fs::File::options().create(true).append(true).open(to)?;
        for lost in &self.lost {
            writeln!(file, "== {name}: person {} lost, {:?}\n{}", lost.person, lost.cause, lost.story)?;
        }
        for line in
            self.judgement.regressions.iter().chain(&self.judgement.forks).chain(&self.generations_off)
        {
            writeln!(file, "== {name}: {line}")?;
        }
        Ok(())
    }
}

/// Refreshes every grant once more, stops the processes, and reads the whole history.
pub async fn check(
    scene: &Scene,
    grants: &[Grant],
    record: &Record,
    patience: Duration,
) -> anyhow::Result<Verdict> {
    let checks =
        stream::iter(grants.iter().map(async |grant| (grant, refreshed(scene, grant, patience).await)));
    let results: Vec<_> = checks.buffer_unordered(CHECKS_AT_ONCE).collect().await;
    // Nothing may move between the two readings that are compared.
    for replica in &scene.replicas {
        replica.lock().await.stop().await?;
    }
    let stored = stored::generations(scene).await?;
    let ledger = Ledger::read(scene).await?;
    let judgement = ledger.judge(grants.iter().map(|grant| grant.account_id.as_str()));
    let leeway = i64::try_from(scene.setting.leeway * 1_000)?;
    let mut lost = Vec::new();
    for (grant, result) in &results {
        let Err(answer) = result else { continue };
        let events = ledger.events(&grant.account_id);
        lost.push(Lost {
            person: grant.person,
            cause: cause(events, &record.outages(), leeway),
            story: story(answer, events, record),
        });
    }
    let kept: Vec<&Grant> =
        results.iter().filter(|(_, result)| result.is_ok()).map(|(grant, _)| *grant).collect();
    let of_grants = || grants.iter().flat_map(|grant| ledger.events(&grant.account_id));
    Ok(Verdict {
        grants: grants.len(),
        lost,
        generations_off: generations_off(&kept, &ledger, &judgement, &stored),
        judgement,
        spoiled: of_grants().filter(|event| event.is_refresh && event.delivery != Delivery::Whole).count(),
        requests: of_grants().filter(|event| event.is_refresh).count(),
    })
}

/// Of the grants that are not lost: what the program has stored beside what the simulator saw.
fn generations_off(
    grants: &[&Grant],
    ledger: &Ledger,
    judgement: &Judgement,
    stored: &BTreeMap<String, i64>,
) -> Vec<String> {
    let off = grants.iter().filter_map(|grant| {
        let possible = judgement.generations_of.get(&grant.account_id)?;
        let generation = stored.get(&grant.connection_id)?;
        (!possible.contains(generation)).then(|| {
            let events = ledger.events(&grant.account_id).iter();
            let events: Vec<String> = events.map(|event| format!("\n  {} {event}", event.at)).collect();
            let person = grant.person;
            format!("person {person}: generation {generation} instead of {possible:?}{}", events.concat())
        })
    });
    off.collect()
}

fn cause(events: &[Event], outages: &[(i64, i64)], leeway: i64) -> Cause {
    let refused = events.iter().rev().find(|event| event.is_refresh && event.why.is_some());
    let Some((refused, presented)) = refused.and_then(|event| Some((event, event.presented.as_deref()?)))
    else {
        return Cause::Program;
    };
    let exchanges_of = |token: &str| -> Vec<&Event> {
        let of_token = |event: &&Event| event.issued.is_some() && event.presented.as_deref() == Some(token);
        events.iter().filter(of_token).collect()
    };
    match refused.why.as_deref() {
        Some("used_too_long_ago" | "login_ended") => {
            // The chain's end: the last token whose exchange nobody went on from.
            let own = exchanges_of(presented);
            let Some(first) = own.first() else { return Cause::Program };
            let arrived = own.iter().any(|event| event.delivery == Delivery::Whole);
            let ended = first.at + leeway;
            let away: i64 =
                outages.iter().map(|(from, to)| ((*to).min(ended) - (*from).max(first.at)).max(0)).sum();
            // Somebody could have asked again where the outage left half a second of the leeway.
            if !arrived && away >= leeway - 500 { Cause::AnswerNeverArrived } else { Cause::Program }
        }
        Some("unknown") => {
            let parent = events.iter().find(|event| event.issued.as_deref() == Some(presented));
            let Some(parent) = parent.and_then(|event| event.presented.as_deref()) else {
                return Cause::Program;
            };
            let newest = exchanges_of(parent).last().map(|event| event.delivery);
            match newest {
                Some(Delivery::Spoiled | Delivery::Unanswered) => Cause::EndedBySibling,
                _ => Cause::Program,
            }
        }
        _ => Cause::Program,
    }
}

/// What was answered at last, and what happened around the first refusal.
fn story(answer: &str, events: &[Event], record: &Record) -> String {
    let refused = events.iter().position(|event| event.why.is_some()).unwrap_or(events.len());
    let shown = &events[refused.saturating_sub(10)..events.len().min(refused + 3)];
    let from = shown.first().map_or(0, |event| event.at - 1_000);
    let to = shown.last().map_or(0, |event| event.at + 1_000);
    let mut lines: Vec<(i64, String)> = record.between(from, to);
    lines.extend(shown.iter().map(|event| (event.at, event.to_string())));
    lines.sort_by_key(|(at, _)| *at);
    let text: Vec<String> = lines.into_iter().map(|(at, what)| format!("  {:6} {what}", at - from)).collect();
    let more = events.len().saturating_sub(refused + 3);
    format!("  the last answer: {answer}\n{}\n  and {more} events more", text.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(at: i64, presented: &str, issued: Option<&str>, why: Option<&str>, delivery: Delivery) -> Event {
        Event {
            at,
            is_refresh: true,
            presented: Some(presented.to_owned()),
            issued: issued.map(str::to_owned),
            why: why.map(str::to_owned),
            delivery,
        }
    }

    #[test]
    fn an_answer_that_nobody_got_in_a_long_outage_is_nobodys_fault() {
        let late = event(9_000, "a", None, Some("used_too_long_ago"), Delivery::Whole);
        let events = [event(1_000, "a", Some("b"), None, Delivery::Unanswered), late.clone()];
        assert_eq!(cause(&events, &[(1_100, 8_000)], 4_000), Cause::AnswerNeverArrived);
        assert_eq!(cause(&events, &[(1_100, 2_000)], 4_000), Cause::Program);
        let events = [event(1_000, "a", Some("b"), None, Delivery::Whole), late];
        assert_eq!(cause(&events, &[(1_100, 8_000)], 4_000), Cause::Program);
    }

    #[test]
    fn a_token_that_its_own_sibling_ended_is_told_apart() {
        let refused = event(3_000, "b1", None, Some("unknown"), Delivery::Whole);
        let first = event(1_000, "a", Some("b1"), None, Delivery::Whole);
        let lost = event(1_500, "a", Some("b2"), None, Delivery::Unanswered);
        assert_eq!(cause(&[first.clone(), lost, refused.clone()], &[], 4_000), Cause::EndedBySibling);
        let arrived = event(1_500, "a", Some("b2"), None, Delivery::Whole);
        assert_eq!(cause(&[first, arrived, refused], &[], 4_000), Cause::Program);
    }
}
