//! Many grants that are all due within one hour of the token's life: each is refreshed in time, in the background.

use std::path::Path;
use std::time::{Duration, Instant};

use super::progress;
use crate::child::peak_memory;
use crate::clock::now_millis;
use crate::http::Request;
use crate::ledger::{Event, Ledger};
use crate::people::connect_all;
use crate::report::Figure;
use crate::scene::{Engine, Scene, Setting, Siblings};

/// `count` grants on one process, looked at for one hour of theirs, which is divided by `scale`: by 12 it lasts five
/// minutes. Nobody asks for a token.
pub async fn run(program: &Path, engine: Engine, count: usize, scale: u32) -> anyhow::Result<Figure> {
    let began = Instant::now();
    let hour = 3_600 / u64::from(scale);
    let setting = Setting {
        replicas: 1,
        people: count,
        scale,
        token_life: hour,
        leeway: 600 / u64::from(scale),
        ..Setting::scaled(program, engine, Siblings::Lenient)
    };
    let scene = Scene::start(setting).await?;
    scene.without_content().await?;
    let grants = connect_all(&scene, count).await?;
    progress("many", &format!("{count} grants after {} s", began.elapsed().as_secs()));
    scene.control(Request::new("DELETE", "/__sandbox/stats")).await?;
    let from = now_millis();
    tokio::time::sleep(Duration::from_secs(hour)).await;
    let to = now_millis();
    let memory = scene.replicas[0].lock().await.id().and_then(peak_memory).unwrap_or_default();
    let ledger = Ledger::read(&scene).await?;
    let mut late = Vec::new();
    let mut exchanges = Vec::new();
    for grant in &grants {
        let events = ledger.events(&grant.account_id);
        late.extend(
            oldest(events, from, to).filter(|age| *age > i64::try_from(hour * 1_000).unwrap_or(i64::MAX)),
        );
        exchanges
            .extend(events.iter().filter(|event| event.is_refresh && event.at >= from).map(|event| event.at));
    }
    let judgement = ledger.judge(grants.iter().map(|grant| grant.account_id.as_str()));
    Ok(Figure {
        run: format!("{count} grants due within an hour, {}", engine.name()),
        of: "grants".to_owned(),
        events: grants.len() as u64,
        failures: late.len() as u64,
        notes: format!(
            "an hour of {hour} s; {} exchanges in it, {:.3} per generation, {} in the busiest second; peak memory of the \
             process {} MB, with the logins before",
            exchanges.len(),
            judgement.ratio(),
            busiest_second(&mut exchanges),
            memory / 1_000_000,
        ),
        took: began.elapsed(),
        ..Figure::default()
    })
}

/// The greatest age that the grant's access token came to between `from` and `to`.
fn oldest(events: &[Event], from: i64, to: i64) -> impl Iterator<Item = i64> {
    let mut issued: Vec<i64> =
        events.iter().filter(|event| event.issued.is_some()).map(|event| event.at).collect();
    issued.push(to);
    let ages = issued.windows(2).filter(|pair| pair[1] >= from).map(|pair| pair[1] - pair[0]);
    ages.max().into_iter()
}

/// The most of these moments, in milliseconds, within one second.
fn busiest_second(moments: &mut [i64]) -> usize {
    moments.sort_unstable();
    let within = |(index, at): (usize, &i64)| moments[index..].partition_point(|other| *other < at + 1_000);
    moments.iter().enumerate().map(within).max().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_busiest_second_slides() {
        assert_eq!(busiest_second(&mut [900, 0, 1_100, 1_899, 1_901, 5_000]), 3);
        assert_eq!(busiest_second(&mut []), 0);
    }
}
