//! Every failpoint in turn: the process is killed exactly there, at its first visit and at later ones, and started
//! again. A point that no way of work comes by makes the run fail.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use connector_domain::failpoint::{ACTIONS_VAR, Failpoint};
use futures::future::join_all;
use serde_json::json;

use super::{CHECK_PATIENCE, progress};
use crate::chaos::Record;
use crate::demand::refreshed;
use crate::http::Request;
use crate::people::{Grant, connect, connect_all, connect_at_last};
use crate::report::Figure;
use crate::scene::{Engine, Scene, Setting, Siblings};
use crate::stored;

/// How many grants the process has to do with meanwhile.
const GRANTS: usize = 4;
/// Within so long the way of work must have come by a failpoint.
const REACHED_WITHIN: Duration = Duration::from_secs(20);
const PATIENCE: Duration = Duration::from_secs(10);

/// By what the process comes by a failpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// Tokens are refreshed.
    Refresh,
    /// A person has taken the consent back, and the token is refused.
    Refused,
    /// Somebody connects.
    Login,
    /// The database fails as an answer is to be stored.
    Spool,
    /// A process that died left a file in the spool.
    Replay,
    /// An answer in the spool is older than another attempt, whose answer nobody has, and the leeway is over.
    Spare,
}

/// `None` for what is reached by other commands than `serve`, or by other runs.
fn way(point: Failpoint) -> Option<Way> {
    use Failpoint as F;
    match point {
        F::RefreshRefused | F::RefreshRefusalStored | F::RefreshEnded => Some(Way::Refused),
        F::SpoolWritten | F::SpoolFileSynced | F::SpoolDirSynced => Some(Way::Spool),
        F::RefreshSpareTaken => Some(Way::Spare),
        F::SpoolRead | F::SpoolBeforeCommit | F::SpoolCommitted | F::SpoolRemoved => Some(Way::Replay),
        _ if point.name().starts_with("refresh.") => Some(Way::Refresh),
        _ if point.name().starts_with("exchange.") => Some(Way::Login),
        _ => None,
    }
}

struct Stage {
    scene: Scene,
    grants: Vec<Grant>,
    /// The next person who has not connected yet.
    next_person: usize,
    reached: BTreeSet<String>,
}

/// What came of the trials so far.
#[derive(Default)]
struct Tally {
    trials: u64,
    failures: u64,
    faults: Vec<String>,
    reached: BTreeSet<String>,
}

/// All failpoints on one engine, each at visits 1 to `visits`.
pub async fn run(program: &Path, engine: Engine, visits: u64) -> anyhow::Result<Figure> {
    let name = format!("failpoints-{}", engine.name().to_lowercase());
    let began = Instant::now();
    let mut tally = Tally::default();
    let all: Vec<(Failpoint, Way)> =
        Failpoint::ALL.iter().filter_map(|point| Some((*point, way(*point)?))).collect();
    // Where the leeway runs out there may be nobody else whose exchange is under way.
    let (alone, together): (Vec<_>, Vec<_>) = all.iter().copied().partition(|(_, way)| *way == Way::Spare);
    trials(&name, Stage::set(program, engine, 1).await?, &alone, 1, &mut tally).await?;
    trials(&name, Stage::set(program, engine, GRANTS).await?, &together, visits, &mut tally).await?;
    let missed = all.iter().map(|(point, _)| point.name()).filter(|name| !tally.reached.contains(*name));
    let missed: Vec<&str> = missed.collect();
    if !missed.is_empty() {
        tally.faults.push(format!("never reached: {}", missed.join(", ")));
    }
    Ok(Figure {
        run: format!("each failpoint, {}", engine.name()),
        of: "kills and errors".to_owned(),
        events: tally.trials,
        failures: tally.failures,
        notes: format!("{} of {} failpoints reached", tally.reached.len(), all.len()),
        took: began.elapsed(),
        faults: tally.faults,
        ..Figure::default()
    })
}

async fn trials(
    name: &str,
    mut stage: Stage,
    points: &[(Failpoint, Way)],
    visits: u64,
    tally: &mut Tally,
) -> anyhow::Result<()> {
    for (point, way) in points {
        // A refusal is noted once, the second one ends the connection, and the next attempt is an hour away.
        let most = match point {
            Failpoint::RefreshRefusalStored | Failpoint::RefreshEnded => 1,
            Failpoint::RefreshRefused => 2,
            _ => visits,
        };
        let visits = visits.min(most);
        for action in actions(*point, visits) {
            tally.trials += 1;
            if let Err(error) = stage.trial(*point, *way, &action).await {
                tally.failures += 1;
                let fault = format!("{point}={action}: {error:#}");
                progress(name, &fault);
                tally.faults.push(fault);
                stage.mend().await?;
            }
        }
    }
    tally.reached.append(&mut stage.reached);
    let verdict = super::verdict(name, &stage.scene, &stage.grants, &Record::default()).await?;
    tally.failures += verdict.lost.len() as u64;
    tally.faults.extend(verdict.not_linear());
    Ok(())
}

fn actions(point: Failpoint, visits: u64) -> Vec<String> {
    let kills = (1..=visits).map(|visit| format!("kill@{visit}"));
    let errors = point.can_fail().then(|| "error@1".to_owned());
    kills.chain(errors).collect()
}

impl Stage {
    async fn set(program: &Path, engine: Engine, count: usize) -> anyhow::Result<Self> {
        let setting =
            Setting { replicas: 1, people: 500, ..Setting::scaled(program, engine, Siblings::Lenient) };
        let scene = Scene::start(setting).await?;
        scene.without_content().await?;
        let grants = connect_all(&scene, count).await?;
        Ok(Self { scene, grants, next_person: count + 1, reached: BTreeSet::new() })
    }

    async fn trial(&mut self, point: Failpoint, way: Way, action: &str) -> anyhow::Result<()> {
        let armed = match way {
            // The answer cannot be committed, so it goes to the spool.
            Way::Spool => format!("refresh.before_commit=error;{point}={action}"),
            _ => format!("{point}={action}"),
        };
        match way {
            Way::Replay => self.leave_spooled_answers(action).await?,
            Way::Spare => self.leave_an_older_answer().await?,
            _ => {}
        }
        let dies = action.starts_with("kill");
        let victim = if way == Way::Refused { Some(self.revoke().await?) } else { None };
        self.restart(Some(&armed)).await?;
        let (person, connected) = (self.next_person, stored::generations(&self.scene).await?.len());
        let asked = Instant::now();
        while !self.came_by(point, action).await? {
            if asked.elapsed() > REACHED_WITHIN {
                bail!("not reached");
            }
            self.work(way, victim.as_ref()).await;
        }
        if dies && !self.scene.replicas[0].lock().await.until_ended(PATIENCE).await? {
            bail!("reached, and the process lives");
        }
        self.reached.insert(point.name().to_owned());
        self.restart(None).await?;
        if way == Way::Login {
            self.logged_in(point, person, connected).await?;
        }
        self.all_work(victim.as_ref()).await
    }

    /// Something that leads by the failpoint; what becomes of it is not looked at here.
    async fn work(&mut self, way: Way, victim: Option<&Grant>) {
        let address = self.scene.addresses[0];
        match (way, victim) {
            (Way::Login, _) => {
                let person = self.next_person;
                self.next_person += 1;
                let _ = connect(person, address, self.scene.sandbox.address()).await;
            }
            (Way::Refused, Some(victim)) => {
                let _ = victim.refresh().send(address, PATIENCE).await;
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            _ => {
                let wishes = self.grants.iter().map(Grant::refresh).collect::<Vec<_>>();
                join_all(wishes.iter().map(|wish| wish.send(address, PATIENCE))).await;
            }
        }
    }

    /// Whether the failpoint was visited as often as the action needs.
    async fn came_by(&self, point: Failpoint, action: &str) -> anyhow::Result<bool> {
        let number = action.split_once('@').map_or("1", |(_, number)| number);
        let end = format!(" {point} {number}");
        let visits = tokio::fs::read_to_string(&self.scene.visits).await.unwrap_or_default();
        Ok(visits.lines().any(|line| line.ends_with(&end)))
    }

    /// Stops the process, forgets its visits, and starts it with these actions; it may die before it serves.
    async fn restart(&mut self, armed: Option<&str>) -> anyhow::Result<()> {
        let mut replica = self.scene.replicas[0].lock().await;
        replica.kill().await?;
        let _ = std::fs::remove_file(&self.scene.visits);
        replica.set_variable(ACTIONS_VAR, armed);
        replica.spawn()?;
        match replica.until_healthy(Duration::from_mins(1)).await {
            Ok(true) => Ok(()),
            Ok(false) => bail!("the process does not serve:\n{}", replica.log_end()),
            // Killed by its failpoint, which is looked at by the caller.
            Err(_) if armed.is_some() => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// As many answers in the spool as the action needs visits.
    async fn leave_spooled_answers(&mut self, action: &str) -> anyhow::Result<()> {
        let action = if action.starts_with("kill") { action } else { "kill@1" };
        self.restart(Some(&format!("refresh.before_commit=error;spool.dir_synced={action}"))).await?;
        let asked = Instant::now();
        while !self.came_by(Failpoint::SpoolDirSynced, action).await? {
            if asked.elapsed() > REACHED_WITHIN {
                bail!("no answer came to the spool");
            }
            self.work(Way::Refresh, None).await;
        }
        self.scene.replicas[0].lock().await.until_ended(PATIENCE).await?;
        if self.scene.spooled().is_empty() {
            bail!("the spool is empty after a kill that followed its fsync");
        }
        Ok(())
    }

    /// Leaves an answer in the spool, has the same token exchanged once more by a process that dies of it, and waits
    /// until the leeway is over.
    async fn leave_an_older_answer(&mut self) -> anyhow::Result<()> {
        self.restart(Some("refresh.before_commit=error;spool.before_commit=error")).await?;
        let asked = Instant::now();
        while self.scene.spooled().is_empty() {
            if asked.elapsed() > REACHED_WITHIN {
                bail!("no answer came to the spool");
            }
            self.work(Way::Refresh, None).await;
        }
        self.scene.replicas[0].lock().await.kill().await?;
        let spooled: Vec<(PathBuf, Vec<u8>)> = self
            .scene
            .spooled()
            .into_iter()
            .map(|path| Ok((path.clone(), std::fs::read(path)?)))
            .collect::<std::io::Result<_>>()?;
        for (path, _) in &spooled {
            std::fs::remove_file(path)?;
        }
        // As another replica would, without that spool.
        self.restart(Some("refresh.answer_received=kill")).await?;
        if !self.scene.replicas[0].lock().await.until_ended(REACHED_WITHIN).await? {
            bail!("an open intent was not taken up");
        }
        tokio::time::sleep(Duration::from_millis(self.scene.setting.leeway * 1_000 + 500)).await;
        for (path, content) in &spooled {
            // The folder of a dead process is removed once nothing lies in it.
            std::fs::create_dir_all(path.parent().context("a spool")?)?;
            std::fs::write(path, content)?;
        }
        Ok(())
    }

    /// The first person takes the consent back.
    async fn revoke(&mut self) -> anyhow::Result<Grant> {
        let victim = self.grants.first().context("no grant")?.clone();
        let account = json!({"account": victim.account_id});
        self.scene.control(Request::post("/__sandbox/grants/revoke").json(&account)).await?;
        Ok(victim)
    }

    /// Where the code was exchanged and the answer kept, the person is connected; else a new login connects.
    async fn logged_in(&mut self, point: Failpoint, person: usize, connected: usize) -> anyhow::Result<()> {
        use Failpoint as F;
        let (service, sandbox) = (self.scene.addresses[0], self.scene.sandbox.address());
        let kept = matches!(
            point,
            F::ExchangeSpooled | F::ExchangeIdentified | F::ExchangeBeforeCommit | F::ExchangeCommitted
        );
        let asked = Instant::now();
        let wanted = connected + (self.next_person - person);
        while kept && stored::generations(&self.scene).await?.len() < wanted {
            if asked.elapsed() > CHECK_PATIENCE {
                bail!("the code of person {person} was exchanged, and nothing came of it");
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        for person in person..self.next_person {
            let login = connect_at_last(person, service, sandbox).await;
            self.grants.push(login.context("a new login")?);
        }
        Ok(())
    }

    /// All grants work, but for the one whose consent was taken back: that one says so, and a new consent mends it.
    async fn all_work(&mut self, victim: Option<&Grant>) -> anyhow::Result<()> {
        for grant in &self.grants {
            if victim.is_some_and(|victim| victim.connection_id == grant.connection_id) {
                continue;
            }
            if let Err(last) = refreshed(&self.scene, grant, CHECK_PATIENCE).await {
                bail!("person {} is lost: {last}", grant.person);
            }
        }
        let Some(victim) = victim else { return Ok(()) };
        let (service, sandbox) = (self.scene.addresses[0], self.scene.sandbox.address());
        let asked = Instant::now();
        loop {
            let answer = victim.refresh().send(service, PATIENCE).await?;
            if answer.status == 409 {
                break;
            }
            if asked.elapsed() > CHECK_PATIENCE {
                bail!("a grant that was taken back answers {}", answer.status);
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        self.grants[0] = connect_at_last(victim.person, service, sandbox).await?;
        Ok(())
    }

    /// After a failed trial: only what works goes on.
    async fn mend(&mut self) -> anyhow::Result<()> {
        self.restart(None).await?;
        let (service, sandbox) = (self.scene.addresses[0], self.scene.sandbox.address());
        let people: Vec<usize> = self.grants.iter().map(|grant| grant.person).collect();
        self.grants.clear();
        for person in people {
            self.grants.push(connect_at_last(person, service, sandbox).await?);
        }
        Ok(())
    }
}
