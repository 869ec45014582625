//! What happens where, as the environment says.

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::Duration;

use super::{ACTIONS_VAR, Failpoint, Injected, LOG_VAR};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Action {
    Kill,
    Pause(Duration),
    /// As a mistake in the code would: the task unwinds with all that it holds.
    Panic,
    Error,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Rule {
    action: Action,
    /// At this visit only, counted from 1.
    visit: Option<u64>,
}

type Rules = HashMap<Failpoint, Vec<Rule>>;

struct Points {
    rules: Rules,
    visits: Mutex<HashMap<Failpoint, u64>>,
    log: Option<File>,
}

static POINTS: LazyLock<Points> = LazyLock::new(|| Points {
    rules: std::env::var(ACTIONS_VAR).ok().and_then(|text| parse(&text).ok()).unwrap_or_default(),
    visits: Mutex::default(),
    log: std::env::var_os(LOG_VAR)
        .and_then(|path| OpenOptions::new().create(true).append(true).open(path).ok()),
});

/// Says what is wrong with a value of [`ACTIONS_VAR`], to go on behind the variable's name.
pub fn check(text: &str) -> Result<(), String> {
    parse(text).map(drop)
}

/// A place that goes on whatever happens.
pub async fn reach(point: Failpoint) {
    // A place that takes no error has no rule with one.
    let _ = try_reach(point).await;
}

/// A place that can fail.
pub async fn try_reach(point: Failpoint) -> Result<(), Injected> {
    for action in visit(point) {
        match action {
            Action::Kill => kill(),
            Action::Pause(time) => tokio::time::sleep(time).await,
            Action::Panic => panic!("the failpoint {point} was told to panic"),
            Action::Error => return Err(Injected(point)),
        }
    }
    Ok(())
}

/// [`reach`] outside of async code.
pub fn reach_blocking(point: Failpoint) {
    let _ = try_reach_blocking(point);
}

/// [`try_reach`] outside of async code.
pub fn try_reach_blocking(point: Failpoint) -> Result<(), Injected> {
    for action in visit(point) {
        match action {
            Action::Kill => kill(),
            Action::Pause(time) => std::thread::sleep(time),
            Action::Panic => panic!("the failpoint {point} was told to panic"),
            Action::Error => return Err(Injected(point)),
        }
    }
    Ok(())
}

/// Counts and logs the visit; answers what is to happen.
fn visit(point: Failpoint) -> Vec<Action> {
    let points = &*POINTS;
    let number = {
        let mut visits = points.visits.lock().unwrap_or_else(PoisonError::into_inner);
        let number = visits.entry(point).or_default();
        *number += 1;
        *number
    };
    if let Some(mut log) = points.log.as_ref() {
        // One write, so that lines of several processes do not mix.
        let line = format!("{} {point} {number}\n", std::process::id());
        let _ = log.write_all(line.as_bytes());
    }
    let rules = points.rules.get(&point).map(Vec::as_slice).unwrap_or_default();
    let now = rules.iter().filter(|rule| rule.visit.is_none_or(|at| at == number));
    now.map(|rule| rule.action).collect()
}

/// Exactly here: no destructor runs, no buffer is written.
fn kill() -> ! {
    let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
    std::process::abort()
}

fn parse(text: &str) -> Result<Rules, String> {
    let mut rules = Rules::new();
    for entry in text.split(';').map(str::trim).filter(|entry| !entry.is_empty()) {
        let (name, action) =
            entry.split_once('=').ok_or_else(|| format!("has `{entry}` without an action"))?;
        let point = Failpoint::ALL
            .iter()
            .copied()
            .find(|point| point.name() == name.trim())
            .ok_or_else(|| format!("names `{name}`, which is no failpoint"))?;
        let rule = rule(action.trim()).ok_or_else(|| format!("has `{action}`, which is no action"))?;
        if rule.action == Action::Error && !point.can_fail() {
            return Err(format!("tells {point} to fail, which cannot"));
        }
        rules.entry(point).or_default().push(rule);
    }
    Ok(rules)
}

fn rule(text: &str) -> Option<Rule> {
    let (action, visit) = match text.split_once('@') {
        Some((action, visit)) => (action, Some(visit.parse().ok().filter(|visit: &u64| *visit > 0)?)),
        None => (text, None),
    };
    let (action, visit) = match action.split_once(':') {
        None if action == "kill" => (Action::Kill, visit.or(Some(1))),
        None if action == "panic" => (Action::Panic, visit),
        None if action == "error" => (Action::Error, visit),
        Some(("pause", millis)) => (Action::Pause(Duration::from_millis(millis.parse().ok()?)), visit),
        _ => return None,
    };
    Some(Rule { action, visit })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_the_docstring_shows() {
        let rules =
            parse("refresh.intent_stored=kill@3; refresh.answer_received=pause:200;spool.dir_synced=error@2")
                .unwrap();
        let of = |point: Failpoint| rules[&point].as_slice();
        assert_eq!(of(Failpoint::RefreshIntentStored), [Rule { action: Action::Kill, visit: Some(3) }]);
        let pause = Action::Pause(Duration::from_millis(200));
        assert_eq!(of(Failpoint::RefreshAnswerReceived), [Rule { action: pause, visit: None }]);
        assert_eq!(of(Failpoint::SpoolDirSynced), [Rule { action: Action::Error, visit: Some(2) }]);
        let panics = &parse("refresh.locked=panic@4").unwrap()[&Failpoint::RefreshLocked];
        assert_eq!(panics[..], [Rule { action: Action::Panic, visit: Some(4) }]);
        assert_eq!(parse("refresh.locked=kill").unwrap()[&Failpoint::RefreshLocked][0].visit, Some(1));
    }

    #[test]
    fn refuses_what_it_cannot_do() {
        for bad in [
            "refresh.locked",
            "refresh.nowhere=kill",
            "refresh.locked=explode",
            "refresh.locked=kill@0",
            "refresh.locked=pause:soon",
            "refresh.locked=error",
        ] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}
