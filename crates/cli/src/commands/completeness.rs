use anyhow::Context as _;
use connector_domain::Timestamp;
use connector_store::{CompletenessProof, ProofState};
use serde_json::json;

use super::find_user::find_user;
use super::print;
use crate::config::Config;
use crate::service::Service;
use crate::telemetry;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Whose connection, by id or e-mail address [default: the first user's]
    #[arg(long, value_name = "ID_OR_EMAIL")]
    user: Option<String>,
    /// Print the comparisons as JSON, one array
    #[arg(long)]
    json: bool,
}

pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let config = Config::load(None)?;
    telemetry::init(config.log_level, config.log_format);
    let service = Service::open(&config).await?;
    let owner = find_user(&service.store, arguments.user.as_deref()).await?;
    let connection = service.connections.current(owner).await?;
    let connection =
        connection.with_context(|| format!("user {owner} has connected no Atlassian account yet"))?;
    let proofs = service.store.list_proofs(connection.id).await?;
    service.store.close().await?;
    if arguments.json {
        let items: Vec<_> = proofs.iter().map(as_json).collect();
        print(&json!(items).to_string());
    } else if proofs.is_empty() {
        print("nothing was compared yet: `connector sync --census` does");
    } else {
        for proof in &proofs {
            print(&line(proof));
        }
        print(&summary(&proofs));
    }
    Ok(())
}

fn as_json(proof: &CompletenessProof) -> serde_json::Value {
    json!({
        "cloud_id": proof.at.cloud_id.as_str(),
        "stream": proof.at.stream.as_str(),
        "scope": Some(&proof.at.scope).filter(|scope| !scope.is_empty()),
        "state": proof.state.as_str(),
        "remote_count": proof.remote_count,
        "local_count": proof.local_count,
        "checked_at": proof.checked_at,
        "equal_at": proof.equal_at,
        "detail": proof.detail,
    })
}

fn line(proof: &CompletenessProof) -> String {
    let name = format!("{} {}", proof.at.stream, proof.at.scope);
    let (state, local, remote) = (proof.state.as_str(), proof.local_count, proof.remote_count);
    let equal = match proof.equal_at {
        Some(at) if proof.state == ProofState::Equal => format!("equal at {at}"),
        at => {
            let last = at.as_ref().map_or_else(|| "never".to_owned(), Timestamp::to_string);
            format!("compared at {}, last equal: {last}", proof.checked_at)
        }
    };
    let detail = proof.detail.as_ref().map(|detail| format!(": {detail}")).unwrap_or_default();
    format!("{:9} {:<36} {local} here, {remote} at Atlassian, {equal}{detail}", state, name.trim_end())
}

fn summary(proofs: &[CompletenessProof]) -> String {
    let equal = proofs.iter().filter(|proof| proof.state == ProofState::Equal).count();
    format!("{equal} of {} lists are as at Atlassian", proofs.len())
}
