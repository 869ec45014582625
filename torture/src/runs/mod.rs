//! The runs: each sets a scene, does something to it, and says what came of it as figures.

pub mod canary;
pub mod crashloop;
pub mod disconnect;
pub mod enumerate;
pub mod errors;
pub mod hang_up;
pub mod holder;
pub mod many;
pub mod outage;
pub mod refused_writes;
pub mod revoked;
pub mod rotation;
pub mod single_flight;
pub mod wrong_secret;

use std::path::Path;
use std::time::Duration;

use crate::chaos::Record;
use crate::people::Grant;
use crate::scene::Scene;

/// For how long a grant may be refused, or busy, before it counts as lost.
pub(crate) const CHECK_PATIENCE: Duration = Duration::from_secs(20);

/// Where the stories of what went wrong are appended.
pub(crate) const STORIES: &str = "connector-torture-stories.log";

/// Lets all that ended be started, waits until everybody serves, and then for two lives of a token.
pub(crate) async fn quiet(scene: &Scene) -> anyhow::Result<()> {
    scene.without_faults().await?;
    for replica in &scene.replicas {
        let mut replica = replica.lock().await;
        replica.resume();
        if replica.has_ended()?.is_some() {
            replica.start().await?;
        } else if !replica.until_healthy(Duration::from_mins(1)).await? {
            anyhow::bail!("a process does not serve:\n{}", replica.log_end());
        }
    }
    tokio::time::sleep(Duration::from_secs(2 * scene.setting.token_life)).await;
    Ok(())
}

/// Checks the grants, and leaves the logs and stories of what was lost where they can be read.
pub(crate) async fn verdict(
    name: &str,
    scene: &Scene,
    grants: &[Grant],
    record: &Record,
) -> anyhow::Result<crate::checker::Verdict> {
    let verdict = crate::checker::check(scene, grants, record, CHECK_PATIENCE).await?;
    if !verdict.lost.is_empty() || !verdict.not_linear().is_empty() {
        let stories = std::env::temp_dir().join(STORIES);
        verdict.tell(name, &stories)?;
        let logs = scene.keep_logs(name);
        progress(name, &format!("stories in {}, logs in {logs:?}", stories.display()));
    }
    Ok(verdict)
}

/// A line for who watches.
pub(crate) fn progress(name: &str, what: &str) {
    eprintln!("[{name}] {what}");
}

/// A name for files: letters, digits and hyphens.
pub(crate) fn slug(engine: &str, rest: &str) -> String {
    format!("{engine}-{rest}").to_lowercase()
}

/// The program that is tortured must exist, and know failpoints.
pub fn program_fits(program: &Path) -> anyhow::Result<()> {
    let directory = tempfile::tempdir()?;
    let known = std::process::Command::new(program)
        .arg("doctor")
        .current_dir(directory.path())
        .env_clear()
        .env("CONNECTOR_FAILPOINTS", "nothing")
        .output();
    let Ok(output) = known else {
        anyhow::bail!("`{}` cannot be run", program.display());
    };
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    if !said.contains("CONNECTOR_FAILPOINTS") || said.contains("unknown") {
        anyhow::bail!("`{}` was built without the feature `failpoints`: {said}", program.display());
    }
    Ok(())
}
