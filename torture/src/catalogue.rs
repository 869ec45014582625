//! Which runs there are, and how large each is.

use std::path::Path;
use std::time::Duration;

use clap::ValueEnum;
use connector_torture::postgres;
use connector_torture::report::Figure;
use connector_torture::runs::outage::{End, Outages};
use connector_torture::runs::refused_writes::{self, Way};
use connector_torture::runs::single_flight::{self, Crowds};
use connector_torture::runs::{
    canary, crashloop, disconnect, enumerate, errors, hang_up, holder, many, outage, revoked, rotation,
    wrong_secret,
};
use connector_torture::scene::{Engine, Siblings};

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Run {
    /// Each failpoint in turn.
    Failpoints,
    /// T1 on SQLite, every answer to a token stays good.
    SqliteLenient,
    /// T1 on SQLite, only the newest does.
    SqliteStrict,
    /// T1 with three processes on PostgreSQL.
    PostgresLenient,
    PostgresStrict,
    /// T2: the database away for longer than the leeway.
    Outage,
    /// T3: one exchange for many callers.
    SingleFlight,
    /// T4: who holds a grant's lock is stopped beyond every timeout.
    Holder,
    /// T5: the database takes no writes.
    RefusedWrites,
    /// T6: errors of the token endpoint that say nothing about a grant, and those that do.
    Errors,
    /// T6: the app's secret is wrong for an hour.
    WrongSecret,
    /// T7: clients that hang up.
    HangUp,
    /// T8: a token ends while many use it.
    Revoked,
    /// T9: disconnected, or connected anew, in the middle of an exchange.
    Disconnect,
    /// S1 and S2: no secret in anything that is written.
    Canary,
    /// S4: the sealing key is changed under load.
    Rotation,
    /// 10,000 grants due within an hour.
    Many,
}

impl Run {
    pub fn needs_postgres(self) -> bool {
        matches!(
            self,
            Self::PostgresLenient
                | Self::PostgresStrict
                | Self::Outage
                | Self::SingleFlight
                | Self::Holder
                | Self::Revoked
        )
    }
}

#[derive(Clone, Copy)]
pub enum Size {
    /// As small as it still says something.
    Smoke,
    /// With so many minutes of the crash loop.
    Short { minutes: u64 },
    /// For the published figures.
    Long,
}

/// How much is done.
pub struct Sizes {
    pub size: Size,
    pub grants: Option<usize>,
    pub scale: Option<u32>,
    pub seed: u64,
}

/// The hour in which many grants are due lasts five minutes.
const HOUR_PARTS: u32 = 12;
/// How long each round of the crash loop goes on with its misfortune.
const ROUND: Duration = Duration::from_mins(1);
const SMOKE_ROUND: Duration = Duration::from_secs(30);
/// What a round takes besides: logins, two quiet lives, the check.
const AROUND: Duration = Duration::from_secs(75);
/// Three thousand grant-runs and a thousand kills over the four variants, with some to spare.
const LONG_ROUNDS: usize = 3;
const LONG_KILLS: u64 = 250;

impl Sizes {
    fn of<T>(&self, smoke: T, short: T, long: T) -> T {
        match self.size {
            Size::Smoke => smoke,
            Size::Short { .. } => short,
            Size::Long => long,
        }
    }

    fn grants(&self) -> usize {
        self.grants.unwrap_or_else(|| self.of(30, 300, 300))
    }

    pub async fn figures_of(&self, run: Run, program: &Path) -> anyhow::Result<Vec<Figure>> {
        match run {
            Run::SqliteLenient => self.crash_loop(program, Engine::Sqlite, Siblings::Lenient).await,
            Run::SqliteStrict => self.crash_loop(program, Engine::Sqlite, Siblings::Strict).await,
            Run::PostgresLenient => self.crash_loop(program, Engine::Postgres, Siblings::Lenient).await,
            Run::PostgresStrict => self.crash_loop(program, Engine::Postgres, Siblings::Strict).await,
            Run::Outage => self.outages(program).await,
            Run::SingleFlight => self.crowds(program).await,
            // The first says nothing where it is small; the second loses a grant now and then, which the page about
            // reliability explains.
            Run::Many | Run::Holder if matches!(self.size, Size::Smoke) => Ok(Vec::new()),
            Run::Holder => self.holders(program).await,
            Run::RefusedWrites => self.refused_writes(program).await,
            Run::Revoked => Ok(vec![revoked::run(program, self.of(2, 4, 20)).await?]),
            Run::Many => {
                Ok(vec![many::run(program, Engine::Sqlite, self.of(100, 500, 10_000), HOUR_PARTS).await?])
            }
            _ => self.on_each_engine(run, program).await,
        }
    }

    /// The smoke form looks at both engines where the failpoints are, and else at the one that has more to go wrong.
    fn engines(&self, run: Run) -> Vec<Engine> {
        let installed = postgres::is_installed();
        match (self.size, run) {
            (Size::Smoke, Run::Canary | Run::Disconnect | Run::Rotation) if installed => {
                vec![Engine::Postgres]
            }
            (Size::Smoke, Run::Errors | Run::WrongSecret | Run::HangUp) => vec![Engine::Sqlite],
            _ if installed => vec![Engine::Sqlite, Engine::Postgres],
            _ => vec![Engine::Sqlite],
        }
    }

    async fn on_each_engine(&self, run: Run, program: &Path) -> anyhow::Result<Vec<Figure>> {
        let mut figures = Vec::new();
        for engine in self.engines(run) {
            match run {
                Run::Failpoints => figures.push(enumerate::run(program, engine, self.of(1, 2, 3)).await?),
                Run::Errors => figures.extend(errors::run(program, engine, self.of(5, 20, 50)).await?),
                Run::WrongSecret => {
                    figures.push(
                        wrong_secret::run(program, engine, self.of(10, 50, 50), self.of(150, 60, 60)).await?,
                    );
                }
                Run::HangUp => figures.extend(hang_up::run(program, engine, self.of(20, 60, 500)).await?),
                Run::Disconnect => figures.push(disconnect::run(program, engine, self.of(3, 1, 1)).await?),
                Run::Canary => {
                    let (count, trouble) = self.of((10, 15), (50, 30), (200, 200));
                    figures.extend(canary::run(program, engine, count, Duration::from_secs(trouble)).await?);
                }
                _ => {
                    let (count, visits) = self.of((10, 1), (60, 2), (300, 4));
                    figures.push(rotation::run(program, engine, count, visits).await?);
                }
            }
        }
        Ok(figures)
    }

    async fn crash_loop(
        &self,
        program: &Path,
        engine: Engine,
        siblings: Siblings,
    ) -> anyhow::Result<Vec<Figure>> {
        let times = match self.size {
            Size::Smoke => 1,
            Size::Short { minutes } => {
                usize::try_from(minutes * 60 / (4 * (ROUND + AROUND).as_secs()))?.max(1)
            }
            Size::Long => LONG_ROUNDS,
        };
        // The smoke form has one loop for each engine, with the reading of siblings that forgives less.
        if matches!(self.size, Size::Smoke) && siblings == Siblings::Lenient {
            return Ok(Vec::new());
        }
        let of = crashloop::Loop {
            grants: self.grants(),
            each: self.of(SMOKE_ROUND, ROUND, ROUND),
            times,
            seed: self.seed,
            scale: self.scale.unwrap_or(60),
            least_kills: self.of(10, 1, LONG_KILLS),
        };
        Ok(vec![crashloop::run(program, engine, siblings, &of).await?])
    }

    async fn outages(&self, program: &Path) -> anyhow::Result<Vec<Figure>> {
        let mut figures = Vec::new();
        let times = self.of(1, 2, 3);
        let all = [
            (Siblings::Strict, End::Stopped),
            (Siblings::Strict, End::Killed),
            (Siblings::Lenient, End::Stopped),
            (Siblings::Lenient, End::Killed),
        ];
        for (siblings, end) in all.into_iter().take(self.of(1, 4, 4)) {
            let of = Outages { siblings, end, grants: self.grants(), times, seed: self.seed };
            figures.push(outage::run(program, &of).await?);
        }
        Ok(figures)
    }

    async fn crowds(&self, program: &Path) -> anyhow::Result<Vec<Figure>> {
        let mut figures = Vec::new();
        // The smoke form shares the machine with other runs: only the count of exchanges says something there, and a
        // crowd that has to wait for the processor longer than for a connection to the database is told to come back.
        let timed = !matches!(self.size, Size::Smoke);
        let callers = self.of(16, 64, 64);
        for replicas in self.of(vec![4], vec![1, 2, 4], vec![1, 2, 4]) {
            for (millis, rounds) in
                self.of(vec![(50, 3)], vec![(5, 8), (500, 8)], vec![(5, 40), (500, 40), (15_000, 6)])
            {
                let endpoint = Duration::from_millis(millis);
                let of = Crowds { replicas, callers, endpoint, rounds, timed };
                figures.push(single_flight::run(program, &of).await?);
            }
        }
        Ok(figures)
    }

    async fn holders(&self, program: &Path) -> anyhow::Result<Vec<Figure>> {
        let mut figures = Vec::new();
        let sleeps = self.of(2, 4, 12);
        for siblings in
            self.of(vec![Siblings::Strict], vec![Siblings::Strict], vec![Siblings::Lenient, Siblings::Strict])
        {
            figures.push(holder::run(program, siblings, self.grants(), sleeps).await?);
        }
        Ok(figures)
    }

    async fn refused_writes(&self, program: &Path) -> anyhow::Result<Vec<Figure>> {
        let mut figures = Vec::new();
        for way in Way::ALL {
            if way.can_be_had() {
                figures.push(refused_writes::run(program, way, self.of(10, 50, 100)).await?);
            } else {
                eprintln!("skipped: {} cannot be made here", way.name());
            }
        }
        Ok(figures)
    }
}
