//! T5: the database can be read and not written. Nothing is asked of the token endpoint, because its answer could not be
//! kept, and all goes on soon after the database takes writes again. T2's full disk is one of the ways.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _, Executor as _, SqliteConnection};

use super::{progress, slug, verdict};
use crate::chaos::Record;
use crate::clock::now_millis;
use crate::demand::{self, Demand, Served, refreshed};
use crate::disk::SmallDisk;
use crate::ledger::Ledger;
use crate::people::connect_all;
use crate::postgres::PROGRAM;
use crate::report::Figure;
use crate::scene::{Database, Engine, Scene, Setting, Siblings};

/// Within so long after the database takes writes again every grant must have a new token.
const RESUMES_WITHIN: Duration = Duration::from_secs(15);
/// What was under way as the database began to refuse may still ask, and ask again; nothing after this.
const GRACE: Duration = Duration::from_secs(2);

/// Why the database takes no writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// PostgreSQL is read-only, as a standby is.
    ReadOnly,
    /// The right to record an attempt was taken from the program's role.
    NoRight,
    /// Another program holds SQLite's lock.
    Locked,
    /// The disk below SQLite and the spool is full.
    FullDisk,
}

impl Way {
    pub const ALL: [Self; 4] = [Self::ReadOnly, Self::NoRight, Self::Locked, Self::FullDisk];

    pub fn engine(self) -> Engine {
        match self {
            Self::ReadOnly | Self::NoRight => Engine::Postgres,
            Self::Locked | Self::FullDisk => Engine::Sqlite,
        }
    }

    /// Whether it can be made here.
    pub fn can_be_had(self) -> bool {
        match self {
            Self::ReadOnly | Self::NoRight => crate::postgres::is_installed(),
            Self::Locked => true,
            Self::FullDisk => SmallDisk::can_be_had(),
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::ReadOnly => "PostgreSQL read-only",
            Self::NoRight => "PostgreSQL without the right to insert",
            Self::Locked => "SQLite locked by another program",
            Self::FullDisk => "SQLite on a full disk",
        }
    }
}

/// `count` grants; the database refuses for one and a half leeways.
pub async fn run(program: &Path, way: Way, count: usize) -> anyhow::Result<Figure> {
    let name = slug("refused-writes", &format!("{way:?}"));
    let began = Instant::now();
    let engine = way.engine();
    let setting = Setting {
        people: count,
        small_disk: way == Way::FullDisk,
        ..Setting::scaled(program, engine, Siblings::Lenient)
    };
    let refuses = Duration::from_secs(setting.leeway) * 3 / 2;
    let scene = Scene::start(setting).await?;
    scene.without_content().await?;
    let grants = connect_all(&scene, count).await?;
    let (served, done) = (Served::default(), AtomicBool::new(false));
    let wishes = Demand { callers: 8, think: Duration::from_millis(40), forced_percent: 20 };
    let refusal = async {
        let hold = begin(&scene, way).await;
        let from = now_millis();
        tokio::time::sleep(GRACE + refuses).await;
        let to = now_millis();
        let ended = async { end(&scene, way, hold?).await }.await;
        done.store(true, Ordering::Relaxed);
        ended.map(|()| (from, to))
    };
    let (refusal, ()) = tokio::join!(refusal, demand::run(&scene, &grants, &wishes, &done, &served));
    let (from, to) = refusal?;
    let resumed = Instant::now();
    let mut late = 0;
    for grant in &grants {
        let left = RESUMES_WITHIN.saturating_sub(resumed.elapsed());
        late += usize::from(refreshed(&scene, grant, left).await.is_err());
    }
    let resumed = resumed.elapsed();
    let verdict = verdict(&name, &scene, &grants, &Record::default()).await?;
    let ledger = Ledger::read(&scene).await?;
    let grace = i64::try_from(GRACE.as_millis())?;
    let events = grants.iter().flat_map(|grant| ledger.events(&grant.account_id));
    let calls = events.filter(|event| event.is_refresh && (from + grace..to).contains(&event.at)).count();
    let answers: u64 = served.by_status().values().sum();
    progress(&name, &format!("{calls} calls, resumed after {resumed:?}, wishes {:?}", served.by_status()));
    let mut figure =
        Figure { run: format!("T5 {}", way.name()), of: "grants".to_owned(), ..Figure::default() };
    verdict.add_to(&mut figure);
    // The write-ahead log may hold room for an attempt and its answer even on a full disk: those are good calls.
    if calls > 0 && way != Way::FullDisk {
        figure.faults.push(format!("{calls} token requests while the database took no writes"));
    }
    if late > 0 {
        figure.faults.push(format!("{late} grants without a new token {} s after", RESUMES_WITHIN.as_secs()));
    }
    figure.notes = format!(
        "{calls} token requests in {} s of refused writes with {answers} wishes; all {count} grants had a new token {:.1} s \
         after",
        refuses.as_secs(),
        resumed.as_secs_f64(),
    );
    figure.took = began.elapsed();
    Ok(figure)
}

/// What keeps the database from taking writes for as long as it is there.
type Hold = Option<SqliteConnection>;

async fn begin(scene: &Scene, way: Way) -> anyhow::Result<Hold> {
    match (way, &scene.database) {
        (Way::Locked, Database::Sqlite(path)) => {
            let options = SqliteConnectOptions::new().filename(path).busy_timeout(Duration::from_secs(10));
            let mut connection = options.connect().await?;
            connection.execute("BEGIN IMMEDIATE").await?;
            Ok(Some(connection))
        }
        (Way::FullDisk, _) => scene.disk.as_ref().context("no disk of its own")?.fill().map(|()| None),
        (_, Database::Postgres(_)) => {
            let statements = match way {
                Way::ReadOnly => vec![read_only("on"), end_sessions()],
                _ => vec![format!("REVOKE INSERT ON grant_intents FROM {PROGRAM}")],
            };
            execute(scene, &statements).await.map(|()| None)
        }
        _ => anyhow::bail!("{way:?} is not of this engine"),
    }
}

async fn end(scene: &Scene, way: Way, hold: Hold) -> anyhow::Result<()> {
    if let Some(connection) = hold {
        return Ok(connection.close().await?);
    }
    match way {
        Way::FullDisk => scene.disk.as_ref().context("no disk of its own")?.empty(),
        Way::ReadOnly => execute(scene, &[read_only("off"), end_sessions()]).await,
        _ => execute(scene, &[format!("GRANT INSERT ON grant_intents TO {PROGRAM}")]).await,
    }
}

/// For sessions to come; those that are open are ended.
fn read_only(value: &str) -> String {
    format!("ALTER ROLE {PROGRAM} SET default_transaction_read_only = {value}")
}

fn end_sessions() -> String {
    format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{PROGRAM}'")
}

async fn execute(scene: &Scene, statements: &[String]) -> anyhow::Result<()> {
    let server = scene.server().context("no PostgreSQL")?;
    let postgres = server.postgres.lock().await;
    for statement in statements {
        postgres.execute(&server.name, statement).await?;
    }
    Ok(())
}
