//! How fast a site is mirrored: the program and the simulator as processes of their own, on SQLite and on PostgreSQL,
//! beside a floor measured in the same run.

mod floor;
mod person;
mod recorder;
mod table;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};

use self::floor::{Floor, Passage};
use self::person::{Person, Run};
use self::recorder::Recorder;
use crate::database::Database;
use crate::simulator::{Calls, Simulator};
use crate::subject::Subject;
use crate::{machine, process};

/// How many issues change before the incremental run.
const CHANGED: usize = 50;
/// What `--limited` injects.
const LATENCY_MS: u64 = 80;
const CALLS_PER_SECOND: u32 = 50;
/// A recording is asked again with the tokens of its own time.
const TOKENS_LIVE: &str = "86400";

#[derive(clap::Args)]
pub struct Args {
    /// The program to measure.
    #[arg(long, value_name = "PATH", default_value = "target/release/connector")]
    server: PathBuf,
    /// How many issues the site has.
    #[arg(long, value_name = "N", default_value_t = 100_000)]
    issues: u32,
    /// How many pages the site has.
    #[arg(long, value_name = "N", default_value_t = 50_000)]
    pages: u32,
    /// Every answer takes 80 ms and an endpoint lets 50 calls a second through; no floor and no incremental run.
    #[arg(long)]
    limited: bool,
    /// Which engines are measured, one after another.
    #[arg(long, value_name = "ENGINE,…", value_delimiter = ',', default_value = "sqlite,postgres")]
    engines: Vec<Engine>,
    /// After so many minutes the measurement is given up.
    #[arg(long, value_name = "N", default_value_t = 90)]
    pub minutes: u64,
}

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Engine {
    Sqlite,
    Postgres,
}

impl Args {
    pub fn longest(&self) -> Duration {
        Duration::from_secs(60 * self.minutes)
    }
}

/// The first sync of a person's account.
struct Backfill {
    run: Run,
    calls: Calls,
    processor_time: Option<Duration>,
    peak_memory: Option<u64>,
}

/// Both syncs on one engine, and the floor before and after them.
struct Measured {
    engine: &'static str,
    backfill: Backfill,
    around: [Passage; 2],
    changes: Run,
    calls_for_changes: Calls,
}

/// A program that runs on a fresh database, with a person who has just connected.
struct Scene {
    // Before the database: what is dropped first ends first.
    subject: Subject,
    database: Database,
    person: Person,
    connected: Instant,
}

/// # Errors
/// Where a sync fails. No figure is too low.
pub async fn figures(args: &Args) -> anyhow::Result<String> {
    let machine = machine::line();
    let (issues, pages) = (args.issues.to_string(), args.pages.to_string());
    let mut options = vec!["--dataset", "large", "--issues", &issues, "--pages", &pages, "--auto-consent"];
    options.extend(["--access-token-ttl", TOKENS_LIVE]);
    let (latency, limit) = (LATENCY_MS.to_string(), CALLS_PER_SECOND.to_string());
    if args.limited {
        options.extend(["--latency", &latency, "--rate-limit", &limit]);
    } else {
        // A site that names no limit is taken for one with the usual 100 calls a second and endpoint.
        options.extend(["--rate-limit", recorder::NO_LIMIT]);
    }
    let bench = Bench { args, options };
    let title = format!("{machine} · release build · {issues} issues, {pages} pages");
    let table = if args.limited {
        table::limited(&bench.limited().await?)
    } else {
        let (floor, measured) = bench.unlimited().await?;
        table::unlimited(&floor, &measured)
    };
    Ok(format!("{title}\n\n{table}"))
}

struct Bench<'a> {
    args: &'a Args,
    options: Vec<&'a str>,
}

impl Bench<'_> {
    async fn unlimited(&self) -> anyhow::Result<(Floor, Vec<Measured>)> {
        let simulator = self.simulator().await?;
        let floor = self.record(&simulator).await?;
        let mut before = floor.pass(simulator.address).await?;
        let mut measured = Vec::new();
        for engine in &self.args.engines {
            let mut scene = self.scene(*engine, &simulator, None).await?;
            let backfill = scene.backfill(&simulator).await?;
            let (changes, calls_for_changes) = scene.changes(&simulator).await?;
            let engine = scene.end().await?;
            let after = floor.pass(simulator.address).await?;
            let around = [before, after];
            measured.push(Measured { engine, backfill, around, changes, calls_for_changes });
            before = after;
        }
        Ok((floor, measured))
    }

    async fn limited(&self) -> anyhow::Result<Vec<(&'static str, Backfill)>> {
        let mut measured = Vec::new();
        for engine in &self.args.engines {
            let simulator = self.simulator().await?;
            let mut scene = self.scene(*engine, &simulator, None).await?;
            let backfill = scene.backfill(&simulator).await?;
            measured.push((scene.end().await?, backfill));
        }
        Ok(measured)
    }

    /// What a first sync asks for. It is not measured: everything goes through the recorder.
    async fn record(&self, simulator: &Simulator) -> anyhow::Result<Floor> {
        eprintln!("recording what a first sync asks for");
        let recorder = Recorder::start(simulator.address).await?;
        let mut scene = self.scene(Engine::Sqlite, simulator, Some(&recorder)).await?;
        scene.backfill(simulator).await?;
        scene.end().await?;
        let (requests, at_once) = recorder.end();
        Ok(Floor { requests: requests.into(), at_once })
    }

    async fn simulator(&self) -> anyhow::Result<Simulator> {
        Simulator::start(&self.args.server, &self.options).await
    }

    async fn scene(
        &self,
        engine: Engine,
        simulator: &Simulator,
        recorder: Option<&Recorder>,
    ) -> anyhow::Result<Scene> {
        let database = Database::create(engine == Engine::Postgres).await?;
        let auth = format!("http://{}", simulator.address);
        let api = format!("http://{}", recorder.map_or(simulator.address, |recorder| recorder.address));
        let settings = [
            ("ATLASSIAN_CLIENT_ID", "sandbox-client"),
            ("ATLASSIAN_CLIENT_SECRET", "sandbox-secret"),
            ("ATLASSIAN_REDIRECT_URI", person::CALLBACK),
            ("ATLASSIAN_AUTH_URL", auth.as_str()),
            ("ATLASSIAN_API_URL", api.as_str()),
            // Nothing but what is measured is synced.
            ("CONNECTOR_SYNC_INTERVAL", "0"),
        ];
        let subject = Subject::start_with(&self.args.server, &database, &settings).await?;
        simulator.forget_calls().await?;
        let connected = Instant::now();
        let person = Person::connect(subject.address, simulator.address).await;
        let person = person.with_context(|| subject.log_end())?;
        Ok(Scene { subject, database, person, connected })
    }
}

impl Scene {
    async fn backfill(&mut self, simulator: &Simulator) -> anyhow::Result<Backfill> {
        let run = self.person.until_synced(self.connected).await.with_context(|| self.subject.log_end())?;
        let calls = simulator.calls().await?;
        eprintln!("{}: {} rows in {:.1?}: {}", self.database.engine, run.rows, run.took, calls.told());
        Ok(Backfill {
            run,
            calls,
            // The process is new: all that it has used is for this.
            processor_time: process::processor_time(self.subject.id()),
            peak_memory: process::peak_memory(self.subject.id()),
        })
    }

    async fn changes(&mut self, simulator: &Simulator) -> anyhow::Result<(Run, Calls)> {
        let keys = self.person.issues(CHANGED).await?;
        ensure!(keys.len() == CHANGED, "there are {} issues to change", keys.len());
        for key in keys {
            let path = format!("/__sandbox/sites/acme/issues/{key}");
            simulator.ask("PATCH", &path, br#"{"summary":"Changed by the benchmark"}"#).await?;
        }
        simulator.forget_calls().await?;
        let run = self.person.sync().await.with_context(|| self.subject.log_end())?;
        let (engine, calls) = (self.database.engine, simulator.calls().await?);
        eprintln!("{engine}: {} rows of changes in {:.1?}: {}", run.rows, run.took, calls.told());
        Ok((run, calls))
    }

    async fn end(self) -> anyhow::Result<&'static str> {
        let engine = self.database.engine;
        self.subject.stop().await?;
        self.database.remove().await?;
        Ok(engine)
    }
}
