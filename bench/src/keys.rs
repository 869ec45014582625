//! How long the answer takes to an API key that opens nothing: whether there is a key of its id must not show in it.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use tokio::process::Command;

use crate::database::Database;
use crate::http::{self, Connection};
use crate::machine;
use crate::subject::{self, Subject};

/// Rounds that are not counted.
const WARM_UP: u64 = 2_000;
const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const ID: usize = 12;
const SECRET: usize = 32;
const CHECK: usize = 6;

#[derive(clap::Args)]
pub struct Args {
    /// The program to measure.
    #[arg(long, value_name = "PATH", default_value = "target/release/connector")]
    server: PathBuf,
    /// Measure on a fresh PostgreSQL database instead of SQLite.
    #[arg(long)]
    pub postgres: bool,
    /// How many requests with each kind of key.
    #[arg(long, value_name = "N", default_value_t = 20_000, value_parser = clap::value_parser!(u64).range(100..=1_000_000))]
    requests: u64,
}

/// What is wrong with a key.
#[derive(Clone, Copy)]
enum Wrong {
    Secret,
    Id,
    /// Unknown ids a second time: how far apart two of the same are.
    IdAgain,
    Digits,
}

const ALL: [Wrong; 4] = [Wrong::Secret, Wrong::Id, Wrong::IdAgain, Wrong::Digits];

pub async fn figures(args: &Args, database: &Database) -> anyhow::Result<String> {
    let machine = machine::line();
    // Each request comes from an address of its own, as if through a proxy: of one address, the hundredth key that
    // opens nothing would be refused for that.
    let settings = [("CONNECTOR_AUTH", "required"), ("CONNECTOR_TRUSTED_PROXIES", "127.0.0.1")];
    let subject = Subject::start_with(&args.server, database, &settings).await?;
    let key = make_key(args, database).await?;
    let id = key.split('_').nth(2).context("the key has no id")?;
    let mut connection = Connection::open(subject.address).await?;
    let (status, _) = connection.exchange(&request(&key, 0)).await?;
    ensure!(status == 200, "the key itself opens nothing: {status}\n{}", subject.log_end());

    eprintln!("{}: {} requests with each kind of key", database.engine, args.requests);
    let mut latencies = ALL.map(|_| Vec::new());
    for round in 0..WARM_UP + args.requests {
        // Each kind is as often at each place of a round.
        for place in 0..ALL.len() {
            let kind = (place + usize::try_from(round)?) % ALL.len();
            let number = round * ALL.len() as u64 + kind as u64;
            let request = request(&wrong_key(ALL[kind], id, number), number);
            let sent = Instant::now();
            let (status, kept) = connection.exchange(&request).await?;
            let took = sent.elapsed();
            ensure!(status == 401, "a wrong key was answered with {status}\n{}", subject.log_end());
            if round >= WARM_UP {
                latencies[kind].push(took);
            }
            if !kept {
                connection = Connection::open(subject.address).await?;
            }
        }
    }
    subject.stop().await?;
    Ok(markdown(&machine, database.engine, args.requests, latencies))
}

/// Made at the command line, as an operator makes the first one.
async fn make_key(args: &Args, database: &Database) -> anyhow::Result<String> {
    let mut command = Command::new(args.server.canonicalize()?);
    command.args(["api-keys", "create", "--name", "bench"]).current_dir(database.directory.path());
    command.env_clear().envs(subject::place(database)).stdin(Stdio::null()).kill_on_drop(true);
    let made = command.output().await?;
    ensure!(made.status.success(), "no key could be made: {}", String::from_utf8_lossy(&made.stderr));
    Ok(String::from_utf8(made.stdout)?.trim().to_owned())
}

fn request(key: &str, number: u64) -> Vec<u8> {
    let [_, _, _, _, _, a, b, c] = number.to_be_bytes();
    let (bearer, from) = (format!("Bearer {key}"), format!("10.{a}.{b}.{c}"));
    let headers =
        [("host", "localhost"), ("authorization", bearer.as_str()), ("x-forwarded-for", from.as_str())];
    http::request("GET", "/api/me", &headers, b"")
}

fn wrong_key(wrong: Wrong, known_id: &str, number: u64) -> String {
    let made_up = word(2 * number, ID);
    let id = if let Wrong::Secret = wrong { known_id } else { &made_up };
    let before = format!("jcc_live_{id}_{}", word(2 * number + 1, SECRET));
    let mut check = check_digits(&before);
    if let Wrong::Digits = wrong {
        let other = if check.starts_with('0') { "1" } else { "0" };
        check.replace_range(..1, other);
    }
    before + &check
}

/// Digits that differ for each number (`SplitMix64`).
fn word(number: u64, length: usize) -> String {
    let mut state = number.wrapping_mul(0x1000);
    let digits = (0..length).map(|_| {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        digit((z ^ (z >> 31)) % 62)
    });
    digits.collect()
}

/// CRC-32 (that of zlib) of a text as six digits of base 62: how the last digits of a key check all before them.
fn check_digits(text: &str) -> String {
    let mut crc = u32::MAX;
    for byte in text.bytes() {
        crc ^= u32::from(byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 };
        }
    }
    let mut left = u64::from(!crc);
    let mut digits = ['0'; CHECK];
    for place in digits.iter_mut().rev() {
        *place = digit(left % 62);
        left /= 62;
    }
    digits.iter().collect()
}

fn digit(value: u64) -> char {
    usize::try_from(value).ok().and_then(|at| DIGITS.get(at)).map_or('0', |digit| char::from(*digit))
}

/// The one that so many of a thousand do not exceed; not rounded to buckets, because a few percent are what it is about.
fn permille(sorted: &[Duration], permille: usize) -> f64 {
    let rank = (sorted.len() * permille).div_ceil(1000).max(1);
    sorted.get(rank - 1).map_or(0.0, |latency| latency.as_secs_f64() * 1e6)
}

fn markdown(machine: &str, engine: &str, requests: u64, mut latencies: [Vec<Duration>; ALL.len()]) -> String {
    for of_kind in &mut latencies {
        of_kind.sort_unstable();
    }
    let unknown = permille(&latencies[Wrong::Id as usize], 500);
    let mut text = format!(
        "{engine} · {machine} · release build · {requests} requests of each kind, in turn on one connection\n\n\
         | a key that opens nothing | p50 µs | p99 µs | p50, ratio to an unknown id | aim |\n|---|--:|--:|--:|--:|\n"
    );
    for (wrong, sorted) in ALL.into_iter().zip(&latencies) {
        let (what, aim) = match wrong {
            Wrong::Secret => ("known id, wrong secret", "0.95 to 1.05"),
            Wrong::Id => ("unknown id", ""),
            Wrong::IdAgain => ("unknown id, measured twice", ""),
            Wrong::Digits => ("mistyped: refused before the database is asked", ""),
        };
        let (half, most) = (permille(sorted, 500), permille(sorted, 990));
        let _ = writeln!(text, "| {what} | {half:.1} | {most:.1} | {:.3} | {aim} |", half / unknown);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_have_the_form_of_real_ones_and_differ_in_what_is_wrong() {
        // The check value of CRC-32 is 0xCBF43926 for these digits.
        assert_eq!(check_digits("123456789"), "3jZRME");
        let keys = ALL.map(|wrong| wrong_key(wrong, "knownknownid", 7));
        for (key, wrong) in keys.iter().zip(ALL) {
            let (before, check) = key.split_at(key.len() - CHECK);
            assert_eq!((key.len(), key.split('_').count()), (60, 4), "{key}");
            assert_eq!(check_digits(before) == check, !matches!(wrong, Wrong::Digits), "{key}");
            assert_eq!(key.contains("knownknownid"), matches!(wrong, Wrong::Secret), "{key}");
        }
        assert_ne!(wrong_key(Wrong::Id, "knownknownid", 8), keys[1]);
    }

    #[test]
    fn ranks_are_counted_from_one() {
        let of = |micros: u64| (1..=micros).map(Duration::from_micros).collect::<Vec<_>>();
        assert!((permille(&of(100), 500) - 50.0).abs() < 1e-9);
        assert!((permille(&of(100), 990) - 99.0).abs() < 1e-9);
        assert!((permille(&of(1), 500) - 1.0).abs() < 1e-9);
    }
}
