//! Runs the measurements, one after the other.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::Context;

use crate::HttpArgs;
use crate::bare::Bare;
use crate::checks;
use crate::database::Database;
use crate::http::Connection;
use crate::load::{self, Load};
use crate::report::{Figures, Row, Side};
use crate::routes::{self, Route, Seed};
use crate::subject::Subject;
use crate::{machine, process};

const WARM_UP: Duration = Duration::from_millis(500);
/// How many routes are measured, and the time for all but that.
const ROUTES: usize = 5;
const CHECKS: Duration = Duration::from_mins(3);
/// Memory is idle when what the start needed is done.
const SETTLING: Duration = Duration::from_secs(1);

/// Twice the time that everything takes when nothing hangs.
pub fn longest(args: &HttpArgs) -> Duration {
    let turns = args.connections.len() * ROUTES * 2;
    let turns = u32::try_from(turns).unwrap_or(u32::MAX) * args.rounds;
    (args.seconds + WARM_UP) * turns * 2 + CHECKS
}

pub async fn all(args: &HttpArgs, database: &Database) -> anyhow::Result<Figures> {
    let machine = machine::line();
    eprintln!("{}: creating the schema and the seed", database.engine);
    let subject = Subject::start(&args.server, database).await?;
    let seed = routes::seed(subject.address).await?;
    subject.stop().await?;

    eprintln!("start to first answer on an existing database");
    let started_in = checks::start_times(&args.server, database).await?;
    let counter = Arc::new(AtomicU64::new(0));
    let (mut rows, mut idle_memory) = (Vec::new(), None);
    for &connections in &args.connections {
        // A fresh process for each number of connections, so that its memory is told by itself.
        let subject = Subject::start(&args.server, database).await?;
        tokio::time::sleep(SETTLING).await;
        idle_memory = idle_memory.or_else(|| process::resident_memory(subject.id()));
        for route in seed.routes() {
            let bench = RouteBench { args, subject: &subject, route: &route, counter: &counter, connections };
            rows.push(
                bench.measure().await.with_context(|| format!("{}\n{}", route.name, subject.log_end()))?,
            );
        }
        subject.stop().await?;
    }
    let crowd = crowd(args, database, &seed).await?;
    Ok(Figures {
        machine,
        engine: database.engine,
        seconds: args.seconds,
        rounds: args.rounds,
        rows,
        idle_memory,
        started_in,
        crowd,
    })
}

async fn crowd(args: &HttpArgs, database: &Database, seed: &Seed) -> anyhow::Result<checks::Crowd> {
    eprintln!("{} connections on database routes for {} s", checks::CROWD, checks::CROWD_STAYS.as_secs());
    let subject = Subject::start(&args.server, database).await?;
    let crowd = checks::crowd(subject.address, seed).await.with_context(|| subject.log_end())?;
    subject.stop().await?;
    Ok(crowd)
}

struct RouteBench<'a> {
    args: &'a HttpArgs,
    subject: &'a Subject,
    route: &'a Route,
    counter: &'a Arc<AtomicU64>,
    connections: u32,
}

impl RouteBench<'_> {
    async fn measure(&self) -> anyhow::Result<Row> {
        let request = (self.route.request)(self.counter.fetch_add(1, Ordering::Relaxed));
        let sample = Connection::open(self.subject.address).await?.ask(&request).await?;
        let bare = Bare::start(self.route.path.split('?').next().unwrap_or_default(), &sample).await?;
        let (mut floor, mut subject) = (Side::default(), Side::default());
        process::forget_peak(self.subject.id());
        for _ in 0..self.args.rounds {
            self.turn(&mut floor, bare.address, bare.id()).await;
            self.turn(&mut subject, self.subject.address, self.subject.id()).await;
            self.subject.clear_log();
        }
        let row = Row {
            route: self.route.name,
            connections: self.connections,
            bytes: sample.body.len(),
            peak_memory: process::peak_memory(self.subject.id()),
            floor,
            subject,
        };
        eprintln!("{}", row.progress());
        Ok(row)
    }

    async fn turn(&self, side: &mut Side, address: SocketAddr, process: Option<u32>) {
        let load = Load {
            address,
            connections: self.connections,
            warm_up: WARM_UP,
            duration: self.args.seconds,
            request: self.route.request.clone(),
            counter: self.counter.clone(),
            expected: self.route.expected,
        };
        let (time_before, sent_before) =
            (process::processor_time(process), self.counter.load(Ordering::Relaxed));
        let outcome = load::run(&load).await;
        let sent = self.counter.load(Ordering::Relaxed) - sent_before;
        let time = process::processor_time(process)
            .zip(time_before)
            .map(|(after, before)| after.saturating_sub(before));
        side.add(&outcome, time, sent);
    }
}
