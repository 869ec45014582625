//! Recorded and quoted answers of Atlassian, where a folder of them is at hand: the one that the variable
//! `CONNECTOR_ATLASSIAN_FIXTURES` names, or one beside the repository.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use connector_atlassian::confluence::{PageQuery, SpaceQuery};
use connector_atlassian::jira::ProjectQuery;
use connector_atlassian::{ApiError, TokenError};
use connector_domain::RefreshToken;
use serde_json::Value;

use crate::stub::{Reply, Stub};
use crate::{app, client, cloud_id, token};

fn folder() -> Option<PathBuf> {
    let folder = std::env::var_os("CONNECTOR_ATLASSIAN_FIXTURES").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/atlassian/fixtures"),
        PathBuf::from,
    );
    folder.is_dir().then_some(folder)
}

/// Name without extension, and content.
fn read_all(folder: &Path) -> BTreeMap<String, Value> {
    let mut files = BTreeMap::new();
    for entry in folder.read_dir().unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "json") {
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            files.insert(name, serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap());
        }
    }
    files
}

/// Either a bare body, or an object of status, headers and body.
fn reply(file: &Value) -> Reply {
    let (Some(status), Some(body)) = (file.get("status").and_then(Value::as_u64), file.get("body")) else {
        return Reply::json(file);
    };
    let headers = file.get("headers").and_then(Value::as_object).into_iter().flatten();
    let reply = Reply::new(u16::try_from(status).unwrap(), body.to_string());
    headers.fold(reply, |reply, (name, value)| reply.header(name, value.as_str().unwrap()))
}

/// What the client makes of a file, in a few words; `None` where it does not know the kind.
async fn read(name: &str, file: &Value) -> Option<String> {
    let stub = Stub::in_turn(vec![reply(file)]).await;
    let (client, token, cloud_id) = (client(&stub.url), token(), cloud_id());
    let count = |items: usize, bad: usize| format!("{items} good, {bad} bad");
    Some(match name {
        "jira-project-search" | "spec-jira-project-search-nextpage" => {
            let page = client.jira(&cloud_id).projects(&token, &ProjectQuery::default()).await.unwrap();
            count(page.items.len(), page.bad.len())
        }
        "confluence-spaces" => {
            let page = client.confluence(&cloud_id).spaces(&token, &SpaceQuery::default()).await.unwrap();
            assert!(page.items.iter().all(|space| space.link("").is_some()));
            count(page.items.len(), page.bad.len())
        }
        // A blog post has the fields of a page.
        "confluence-empty-list" | "confluence-blogposts" => {
            let page = client.confluence(&cloud_id).pages(&token, &PageQuery::default()).await.unwrap();
            assert!(page.items.iter().all(|page| page.modified_at().is_some()));
            count(page.items.len(), page.bad.len())
        }
        "obs-confluence-v2-page-midpage" => {
            let page = client.confluence(&cloud_id).pages(&token, &PageQuery::default()).await.unwrap();
            format!("next {}", page.next.unwrap())
        }
        "jira-myself" => client.jira(&cloud_id).myself(&token).await.unwrap().time_zone.unwrap(),
        "spec-jira-serverinfo" => {
            client.jira(&cloud_id).server_info(&token).await.unwrap().server_time.unwrap().to_string()
        }
        "doc-me" => client.me(&token).await.unwrap().zoneinfo.unwrap(),
        "doc-oauth-token-response" => {
            let grant = client.refresh(&app(), &RefreshToken::new("old")).await.unwrap();
            format!("{:?}", grant.expires_in.unwrap())
        }
        _ if name.contains("accessible-resources") => {
            let resources = client.accessible_resources(&token).await.unwrap();
            let scopes = resources.iter().map(|resource| resource.scopes.iter().count()).sum::<usize>();
            format!("{} with {scopes} scopes", resources.len())
        }
        // An answer to the browser, not to the client.
        "obs-oauth-callback-denied" => return None,
        _ if name.starts_with("obs-oauth-") => {
            match client.refresh(&app(), &RefreshToken::new("old")).await.unwrap_err() {
                TokenError::Refused { .. } => "refused",
                TokenError::Misconfigured { .. } => "misconfigured",
                other => panic!("{name}: {other}"),
            }
            .to_owned()
        }
        _ if name.starts_with("obs-") => match client.me(&token).await.unwrap_err() {
            ApiError::TokenExpired => "token expired",
            ApiError::ScopeMissing { .. } => "scope missing",
            ApiError::NotVisible { .. } => "not visible",
            ApiError::NotInstalled { .. } => "not installed",
            ApiError::QuotaExceeded { .. } => "quota",
            ApiError::BurstLimited { .. } => "burst",
            ApiError::InvalidRequest { .. } => "invalid request",
            other => panic!("{name}: {other}"),
        }
        .to_owned(),
        _ => return None,
    })
}

#[tokio::test]
async fn recorded_answers_are_read() {
    let Some(folder) = folder() else {
        // Past the test harness, which hides what a passing test prints.
        let _ = writeln!(
            std::io::stderr(),
            "recorded answers of Atlassian are not checked: CONNECTOR_ATLASSIAN_FIXTURES names no folder"
        );
        return;
    };
    let files = read_all(&folder);
    assert!(!files.is_empty(), "no file in {}", folder.display());
    let expected = BTreeMap::from([
        ("confluence-empty-list", "0 good, 0 bad"),
        ("doc-me", "Australia/Sydney"),
        ("doc-oauth-token-response", "3600s"),
        ("jira-myself", "Europe/Warsaw"),
        ("jira-project-search", "1 good, 0 bad"),
        ("confluence-spaces", "3 good, 0 bad"),
        ("spec-jira-project-search-nextpage", "2 good, 0 bad"),
        ("spec-jira-serverinfo", "2020-03-31T16:43:50.000Z"),
        ("obs-confluence-v1-410", "invalid request"),
        ("obs-confluence-v1-error-shape", "not visible"),
        ("obs-confluence-v2-400-cursor", "invalid request"),
        ("obs-confluence-v2-404", "not visible"),
        ("obs-confluence-v2-page-midpage", "next OPAQUE"),
        ("obs-gateway-401-scope", "scope missing"),
        ("obs-gateway-401-token", "token expired"),
        ("obs-gateway-403-not-installed", "not installed"),
        ("obs-jira-400-maxresults", "invalid request"),
        ("obs-jira-400-project-value", "not visible"),
        ("obs-jira-400-unbounded-jql", "invalid request"),
        ("obs-jira-404-issue", "not visible"),
        ("obs-jira-404-route", "not visible"),
        ("obs-jira-410-old-search", "invalid request"),
        ("obs-jira-429-burst", "burst"),
        ("obs-jira-429-quota", "quota"),
        ("obs-oauth-bad-client-secret", "misconfigured"),
        ("obs-oauth-refresh-invalid-grant", "refused"),
        ("obs-oauth-refresh-unauthorized-client", "refused"),
        ("obs-site-403-opaque-bearer", "not visible"),
        ("oauth-accessible-resources-jira", "1 with 34 scopes"),
        ("doc-accessible-resources-two-products", "2 with 3 scopes"),
    ]);
    let mut checked = 0;
    for (name, file) in &files {
        let read = read(name, file).await;
        if let Some(expected) = expected.get(name.as_str()) {
            assert_eq!(read.as_deref(), Some(*expected), "{name}");
            checked += 1;
        }
    }
    assert!(checked > 0, "no file in {} has a known name", folder.display());
}
