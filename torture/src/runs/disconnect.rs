//! T9: a person disconnects, or consents anew, while an exchange of the old token stands at one of its failpoints, or was
//! killed there. What was disconnected stays so, and a new consent is not overwritten by an answer to the old token.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use connector_domain::failpoint::{ACTIONS_VAR, Failpoint};

use super::{CHECK_PATIENCE, progress, slug};
use crate::demand::refreshed;
use crate::http::Request;
use crate::ledger::Ledger;
use crate::people::{Grant, connect_at_last};
use crate::report::Figure;
use crate::scene::{Engine, Scene, Setting, Siblings};
use crate::stored;

const PATIENCE: Duration = Duration::from_secs(10);
/// For so long an exchange stands at its failpoint: enough for what is done meanwhile.
const STANDS: Duration = Duration::from_millis(600);
/// After it all that could come late has come.
const SETTLES: Duration = Duration::from_secs(1);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Meanwhile {
    Disconnect,
    Reconnect,
}

/// How the exchange is held at the failpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Held {
    Stands,
    /// The process is killed there, and what is done meanwhile is done after its next start.
    Killed,
}

/// All points that an exchange comes by, and the spool's after a commit that failed.
fn points() -> impl Iterator<Item = (Failpoint, Option<&'static str>)> {
    use Failpoint as F;
    let plain = [
        F::RefreshLocked,
        F::RefreshIntentStored,
        F::RefreshBeforeSend,
        F::RefreshAnswerReceived,
        F::RefreshSealed,
        F::RefreshBeforeCommit,
        F::RefreshCommitted,
    ];
    let spooled = [F::SpoolWritten, F::SpoolFileSynced, F::SpoolDirSynced];
    let with = |before| move |point| (point, before);
    plain
        .into_iter()
        .map(with(None))
        .chain(spooled.into_iter().map(with(Some("refresh.before_commit=error;"))))
}

/// Every failpoint, or each so manieth, with both ways of holding and both things done meanwhile.
pub async fn run(program: &Path, engine: Engine, step: usize) -> anyhow::Result<Figure> {
    let name = slug("disconnect", engine.name());
    let began = Instant::now();
    let setting = Setting {
        people: 100,
        replicas: if engine == Engine::Postgres { 2 } else { 1 },
        ..Setting::scaled(program, engine, Siblings::Lenient)
    };
    let scene = Scene::start(setting).await?;
    scene.without_content().await?;
    let mut figure = Figure {
        run: format!("T9 disconnected or connected anew at each failpoint, {}", engine.name()),
        of: "trials".to_owned(),
        ..Figure::default()
    };
    let (mut person, mut resurrected) = (0, 0);
    for (point, before) in points().step_by(step) {
        for held in [Held::Stands, Held::Killed] {
            for meanwhile in [Meanwhile::Disconnect, Meanwhile::Reconnect] {
                person += 1;
                figure.events += 1;
                let armed = match held {
                    Held::Stands => format!("{point}=pause:{}@1", STANDS.as_millis()),
                    Held::Killed => format!("{point}=kill@1"),
                };
                let armed = format!("{}{armed}", before.unwrap_or_default());
                if let Err(error) = trial(&scene, person, point, &armed, held, meanwhile).await {
                    figure.failures += 1;
                    resurrected += usize::from(error.to_string().contains(RESURRECTED));
                    let fault = format!("{armed}, {meanwhile:?}: {error:#}");
                    progress(&name, &fault);
                    figure.faults.push(fault);
                }
            }
        }
    }
    figure.notes = format!("{} failpoints; {resurrected} resurrected", points().step_by(step).count());
    figure.took = began.elapsed();
    Ok(figure)
}

const RESURRECTED: &str = "tokens came back";

async fn trial(
    scene: &Scene,
    person: usize,
    point: Failpoint,
    armed: &str,
    held: Held,
    meanwhile: Meanwhile,
) -> anyhow::Result<()> {
    restart(scene, None).await?;
    let (service, sandbox) = (scene.addresses[0], scene.sandbox.address());
    let grant = connect_at_last(person, service, sandbox).await?;
    restart(scene, Some(armed)).await?;
    let refresh = grant.refresh();
    let done = async {
        until_visited(scene, point).await?;
        let mut at = service;
        if held == Held::Killed {
            if !scene.replicas[0].lock().await.until_ended(PATIENCE).await? {
                bail!("reached, and the process lives");
            }
            // On PostgreSQL the other process does it at once, before the one that was killed is back.
            match scene.addresses.get(1) {
                Some(other) => at = *other,
                None => restart(scene, None).await?,
            }
        }
        let connected = match meanwhile {
            Meanwhile::Disconnect => disconnect(&grant, at).await.map(|()| None),
            Meanwhile::Reconnect => connect_at_last(person, at, sandbox).await.map(Some),
        };
        if held == Held::Killed && scene.addresses.len() > 1 {
            restart(scene, None).await?;
        }
        connected
    };
    let (_, connected) = tokio::join!(refresh.send(service, PATIENCE), done);
    let connected = connected?;
    if held == Held::Stands {
        // A commit that is told to fail would go on to fail.
        restart(scene, None).await?;
    }
    tokio::time::sleep(SETTLES).await;
    match connected {
        None => stays_disconnected(scene, &grant).await,
        Some(anew) => works_anew(scene, &grant, &anew).await,
    }
}

async fn restart(scene: &Scene, armed: Option<&str>) -> anyhow::Result<()> {
    let mut replica = scene.replicas[0].lock().await;
    replica.kill().await?;
    let _ = std::fs::remove_file(&scene.visits);
    replica.set_variable(ACTIONS_VAR, armed);
    replica.start().await
}

async fn until_visited(scene: &Scene, point: Failpoint) -> anyhow::Result<()> {
    let asked = Instant::now();
    let line = format!(" {point} ");
    while !tokio::fs::read_to_string(&scene.visits).await.unwrap_or_default().contains(&line) {
        if asked.elapsed() > PATIENCE {
            bail!("not reached");
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    Ok(())
}

async fn disconnect(grant: &Grant, at: std::net::SocketAddr) -> anyhow::Result<()> {
    let answer = grant.disconnect().send(at, PATIENCE).await.context("disconnecting")?;
    if !(200..300).contains(&answer.status) {
        bail!("disconnecting answers {}: {}", answer.status, String::from_utf8_lossy(&answer.body));
    }
    Ok(())
}

async fn stays_disconnected(scene: &Scene, grant: &Grant) -> anyhow::Result<()> {
    if stored::generations(scene).await?.contains_key(&grant.connection_id) {
        bail!("{RESURRECTED}: the grant of a disconnected connection is stored");
    }
    let path = format!("/api/connections/{}", grant.connection_id);
    let answer =
        Request::get(path).header("cookie", &grant.cookie).send(scene.addresses[0], PATIENCE).await?;
    match answer.json()["status"].as_str() {
        Some("disconnected") => {}
        status => bail!("{RESURRECTED}: after a disconnection the status is {status:?}"),
    }
    if !scene.spooled().is_empty() {
        bail!("the spool keeps an answer of a disconnected connection");
    }
    Ok(())
}

/// The connection is the same, works with the new consent's tokens, and the old ones are not sent any more.
async fn works_anew(scene: &Scene, old: &Grant, anew: &Grant) -> anyhow::Result<()> {
    if anew.connection_id != old.connection_id {
        bail!("a new consent made another connection");
    }
    if let Err(last) = refreshed(scene, anew, CHECK_PATIENCE).await {
        bail!("the new consent is lost: {last}");
    }
    let ledger = Ledger::read(scene).await?;
    let events = ledger.events(&old.account_id);
    let consented = events.iter().rposition(|event| !event.is_refresh).context("no consent")?;
    let newest = events[consented].issued.as_deref();
    let last = events[consented..].iter().rev().find(|event| event.is_refresh && event.issued.is_some());
    // The last exchange descends from the new consent.
    let mut token = last.and_then(|event| event.presented.as_deref());
    while token.is_some() && token != newest {
        let parent = events.iter().find(|event| event.is_refresh && event.issued.as_deref() == token);
        token = parent.and_then(|event| event.presented.as_deref());
    }
    if token.is_none() {
        bail!("{RESURRECTED}: the last exchange was of a token from before the new consent");
    }
    // The next trial's failpoint is not to be met by this grant.
    disconnect(anew, scene.addresses[0]).await
}
