use std::collections::BTreeSet;

use axum::Json;
use axum::extract::State;
use connector_connections::{Choice, Chosen};
use connector_domain::{CloudId, Connection};
use connector_sync::Stream;
use serde::{Deserialize, Deserializer};
use utoipa::ToSchema;

use super::connections::ConnectionBody;
use crate::App;
use crate::http::access::{Access, Write};
use crate::http::extract::{self, Path};
use crate::http::problem::{Problem, Problems};
use crate::http::text::Checks;

/// What is to be synchronized. What is left out stays as it was chosen.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChooseWhatToSync {
    /// Ids of sites of the connection; null for all that the consent reaches, also those to come.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<Vec<String>>, example = json!(["11111111-1111-4111-8111-111111111111"]))]
    sites: Given<String>,
    /// Names of streams; null for all that the consent covers.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<Vec<String>>, example = json!(["jira_projects", "jira_issues"]))]
    streams: Given<String>,
}

/// A list, null, or not there at all.
#[derive(Default)]
enum Given<T> {
    #[default]
    Nothing,
    All,
    These(Vec<T>),
}

fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Given<T>, D::Error> {
    Ok(Option::deserialize(deserializer)?.map_or(Given::All, Given::These))
}

/// Choose which sites and which streams are synchronized, from the next sync on.
///
/// What is left out is neither read nor compared; its rows stay as they are. What is chosen again is read whole.
/// Projects and spaces are read for the sake of what lies in them, chosen or not.
#[utoipa::path(patch, path = "/api/connections/{id}", tag = "Connections", params(("id" = String, Path)),
    request_body = ChooseWhatToSync,
    responses((status = 200, description = "The connection.", body = ConnectionBody), Problems)
)]
pub(crate) async fn choose(
    State(app): State<App>,
    caller: Access<Write>,
    Path(id): Path<String>,
    extract::Json(body): extract::Json<ChooseWhatToSync>,
) -> Result<Json<ConnectionBody>, Problem> {
    let connection = caller.connection(&app, &id).await?;
    let mut checks = Checks::new();
    let sites = checked(&mut checks, "/sites", body.sites, |id| site(&connection, id));
    let streams = checked(&mut checks, "/streams", body.streams, stream);
    checks.finish()?;
    let choice = Choice { sites, streams };
    app.connections().choose(connection.id, choice, caller.actor()).await?;
    Ok(Json(ConnectionBody::of(&app, caller.connection(&app, &id).await?)))
}

/// The list without doubles. Every fault in it is noted where it is.
fn checked<T: Ord>(
    checks: &mut Checks,
    pointer: &str,
    given: Given<String>,
    read: impl Fn(&str) -> Result<T, String>,
) -> Chosen<T> {
    let named = match given {
        Given::Nothing => return Chosen::AsBefore,
        Given::All => return Chosen::All,
        Given::These(named) => named,
    };
    if named.is_empty() {
        checks.fault(pointer, "must name one at least; null stands for all".to_owned());
    }
    let mut chosen = BTreeSet::new();
    for (at, name) in named.iter().enumerate() {
        match read(name) {
            Ok(one) => {
                chosen.insert(one);
            }
            Err(fault) => checks.fault(&format!("{pointer}/{at}"), fault),
        }
    }
    Chosen::These(chosen)
}

fn site(connection: &Connection, id: &str) -> Result<CloudId, String> {
    let known = connection.sites.iter().map(|known| &known.site.cloud_id);
    let found = known.clone().find(|known| known.as_str() == id).cloned();
    found.ok_or_else(|| {
        let known: Vec<_> = known.map(CloudId::as_str).collect();
        format!("is no site of this connection: its sites are {}", known.join(", "))
    })
}

fn stream(name: &str) -> Result<String, String> {
    let stream: Stream = name.parse().map_err(|error: connector_sync::UnknownStream| error.to_string())?;
    Ok(stream.as_str().to_owned())
}
