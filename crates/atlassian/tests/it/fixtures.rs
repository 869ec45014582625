//! Recorded and quoted answers of Atlassian, where a folder of them is at hand: the one that the variable
//! `CONNECTOR_ATLASSIAN_FIXTURES` names, or one beside the repository.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use connector_atlassian::confluence::{CommentsOf, PageQuery, SpaceQuery};
use connector_atlassian::delivery::{DeliveryHeaders, Hint};
use connector_atlassian::jira::{Jql, NewWebhook, ProjectQuery, Search, WebhookEvent, WebhookFilter};
use connector_atlassian::{Atlassian, Listing, Page};
use connector_domain::{RefreshToken, Timestamp};
use serde_json::{Value, json};

use crate::stub::{Reply, Stub};
use crate::{app, client, cloud_id, token};

/// `None` where no folder is at hand, which is said past the test harness (it hides what a passing test prints). In
/// CI that is a failure: the folder is there to be read.
fn folder() -> Option<PathBuf> {
    let folder = std::env::var_os("CONNECTOR_ATLASSIAN_FIXTURES").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/atlassian/fixtures"),
        PathBuf::from,
    );
    if folder.is_dir() {
        return Some(folder);
    }
    assert!(
        std::env::var_os("CI").is_none_or(|value| value != "true"),
        "recorded answers of Atlassian are not at {}; CONNECTOR_ATLASSIAN_FIXTURES names their folder",
        folder.display()
    );
    let _ = writeln!(
        std::io::stderr(),
        "recorded answers of Atlassian are not checked: CONNECTOR_ATLASSIAN_FIXTURES names no folder"
    );
    None
}

/// The recorded answer of this name, where a folder is at hand.
pub fn recorded(name: &str) -> Option<Reply> {
    let text = std::fs::read(folder()?.join(name).with_extension("json")).unwrap();
    Some(reply(&serde_json::from_slice(&text).unwrap()))
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

/// What the client makes of a file, in a few words; `None` where nothing reads it.
async fn read(name: &str, file: &Value) -> Option<String> {
    let stub = Stub::in_turn(vec![reply(file)]).await;
    let client = client(&stub.url);
    if let Some(read) = read_jira(&client, name).await {
        return Some(read);
    }
    if let Some(read) = read_confluence(&client, name).await {
        return Some(read);
    }
    match name {
        _ if name.contains("webhook") => Some(read_webhook(file)),
        "doc-me" => client.me(&token()).await.unwrap().zoneinfo,
        "doc-oauth-token-response" => {
            let grant = client.refresh(&app(), &RefreshToken::new("old")).await.unwrap();
            Some(format!("{:?}", grant.expires_in.unwrap()))
        }
        _ if name.contains("accessible-resources") => {
            let resources = client.accessible_resources(&token()).await.unwrap();
            let scopes = resources.iter().map(|resource| resource.scopes.iter().count()).sum::<usize>();
            Some(format!("{} with {scopes} scopes", resources.len()))
        }
        // What the browser brings back. Its reader is in another crate; the error has the form of the token
        // endpoint's.
        "obs-oauth-callback-denied" => Some(file.to_string().contains("access_denied").to_string()),
        _ if name.starts_with("obs-oauth-") => {
            let error = client.refresh(&app(), &RefreshToken::new("old")).await.unwrap_err();
            Some(crate::token_errors::class(&error).to_owned())
        }
        _ if name.starts_with("obs-") => {
            Some(crate::errors::class(&client.me(&token()).await.unwrap_err()).to_owned())
        }
        _ => None,
    }
}

fn count<T, N>(page: &Page<T, N>) -> String {
    format!("{} good, {} bad", page.items.len(), page.bad.len())
}

async fn first<L: Listing>(list: L) -> String {
    count(&list.fetch(&token(), None).await.unwrap())
}

async fn read_jira(client: &Atlassian, name: &str) -> Option<String> {
    let (token, cloud_id) = (token(), cloud_id());
    let jira = client.jira(&cloud_id);
    let search = Search::new(Jql::project(1));
    Some(match name {
        "jira-project-search" | "spec-jira-project-search-nextpage" => {
            count(&jira.projects(&token, &ProjectQuery::default()).await.unwrap())
        }
        "jira-project-get" => jira.project(&token, "10000").await.unwrap().key,
        "jira-search-jql-page1" => {
            let page = jira.search(&token, &search).await.unwrap();
            format!("{}, next {}", count(&page), page.next.unwrap())
        }
        "jira-search-jql-last" | "jira-search-jql-post-empty" | "spec-jira-search-jql-example" => {
            let page = jira.search(&token, &search).await.unwrap();
            assert_eq!(page.next, None);
            count(&page)
        }
        "spec-jira-approximate-count" => {
            jira.approximate_count(&token, &search.jql).await.unwrap().to_string()
        }
        "spec-jira-bulkfetch-response" => {
            let ids = ["10002", "10005"].map(str::to_owned);
            let batch = jira.bulk_fetch(&token, &ids, &["*all".to_owned()]).await.unwrap();
            format!("{} good, {} bad, {} absent", batch.issues.len(), batch.bad.len(), batch.absent.len())
        }
        "jira-issue-changelog" => first(jira.changelog("KAN-6")).await,
        "spec-jira-changelog-bulkfetch-response" => first(jira.changelogs(Vec::new(), Vec::new())).await,
        "jira-issue-comments-empty" => first(jira.comments("10002")).await,
        "spec-jira-worklog-deleted" => first(jira.worklogs_deleted(Timestamp::from_millis(1))).await,
        "jira-myself" => jira.myself(&token).await.unwrap().time_zone.unwrap(),
        "jira-issuetypes" => count(&jira.issue_types(&token).await.unwrap()),
        "spec-jira-serverinfo" => jira.server_info(&token).await.unwrap().server_time.unwrap().to_string(),
        "spec-jira-webhook-list" => first(jira.webhooks()).await,
        "spec-jira-webhook-refresh-response" => {
            jira.refresh_webhooks(&token, &[1]).await.unwrap().unwrap().to_string()
        }
        "spec-jira-webhook-register-response" => {
            let wanted = || NewWebhook { events: Vec::new(), filter: WebhookFilter::AllIssues };
            let wanted = [wanted(), wanted(), wanted()];
            let url = "https://connector.example/".parse().unwrap();
            let registered = jira.register_webhooks(&token, &url, &wanted).await.unwrap();
            registered.iter().map(|result| if result.is_ok() { "yes " } else { "no " }).collect()
        }
        _ => return None,
    })
}

async fn read_confluence(client: &Atlassian, name: &str) -> Option<String> {
    let (token, cloud_id) = (token(), cloud_id());
    let confluence = client.confluence(&cloud_id);
    Some(match name {
        "confluence-spaces" => {
            let page = confluence.spaces(&token, &SpaceQuery::default()).await.unwrap();
            assert!(page.items.iter().all(|space| space.link("").is_some()));
            count(&page)
        }
        "confluence-space-get" => confluence.space(&token, "294916").await.unwrap().key,
        "confluence-empty-list" => count(&confluence.pages(&token, &PageQuery::default()).await.unwrap()),
        "confluence-blogposts" => {
            let page = confluence.blog_posts(&token, &PageQuery::default()).await.unwrap();
            assert!(page.items.iter().all(|post| post.modified_at().is_some() && post.link("").is_some()));
            count(&page)
        }
        "confluence-page-attachments" => first(confluence.attachments("295028")).await,
        "confluence-page-footer-comments" => {
            first(confluence.comments(CommentsOf::PageFooter("1"), None)).await
        }
        "confluence-inline-comments" => first(confluence.comments(CommentsOf::PageInline("1"), None)).await,
        "confluence-v1-search-cql-page1" => {
            let page = confluence.search("type=page").fetch(&token, None).await.unwrap();
            assert!(page.items.iter().all(|found| found.content.is_some() && found.link("").is_some()));
            format!("{} of {}, next {}", count(&page), page.total.unwrap(), page.next.is_some())
        }
        "obs-confluence-v2-page-midpage" => {
            let page = confluence.pages(&token, &PageQuery::default()).await.unwrap();
            format!("next {}", page.next.unwrap())
        }
        _ => return None,
    })
}

/// Deliveries; and the headers of one, which a file has for itself.
fn read_webhook(file: &Value) -> String {
    if let Some(headers) = file.get("headers") {
        let header = |wanted: &str| {
            let mut headers = headers.as_object().unwrap().iter();
            headers
                .find_map(|(name, value)| name.eq_ignore_ascii_case(wanted).then(|| value.as_str().unwrap()))
        };
        return DeliveryHeaders::read(header).flow.unwrap();
    }
    let hint = Hint::read(file.to_string().as_bytes()).unwrap();
    let or_none = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
    let what = [hint.issue_id, hint.issue_key, hint.comment_id].map(or_none).join(" ");
    assert!(hint.timestamp.is_some());
    format!("{} {what} {}", hint.event.unwrap(), hint.changed_fields.join(","))
}

/// Files in the form of one record, or of a list that is asked for in another form here: they are put into an answer
/// that is asked for, by name.
fn in_an_answer(name: &str, file: &Value) -> Option<(&'static str, Value)> {
    let array = |record: &Value| json!([record]);
    Some(match name {
        "jira-comment-created" => ("comments", json!({"total": 1, "comments": [file]})),
        "jira-status-get" => ("statuses", array(file)),
        "jira-statuses-search" => ("statuses", file["values"].clone()),
        "jira-priority-search" => ("priorities", file["values"].clone()),
        // Where an issue may go from its status: the statuses are what is of use here.
        "jira-issue-transitions" => {
            let transitions = file["transitions"].as_array().unwrap().iter();
            ("statuses", transitions.map(|transition| transition["to"].clone()).collect())
        }
        _ => return None,
    })
}

async fn read_in_an_answer(reader: &str, answer: &Value) -> String {
    let stub = Stub::in_turn(vec![Reply::json(answer)]).await;
    let (client, token, cloud_id) = (client(&stub.url), token(), cloud_id());
    let jira = client.jira(&cloud_id);
    match reader {
        "comments" => {
            let page = jira.comments("10011").fetch(&token, None).await.unwrap();
            assert_eq!(page.items[0].issue_id(), Some("10011"));
            count(&page)
        }
        "statuses" => count(&jira.statuses(&token).await.unwrap()),
        _ => count(&jira.priorities(&token).await.unwrap()),
    }
}

/// Requests as the documents have them: each key that the client sends must be among those documented.
async fn read_request(name: &str, file: &Value) -> Option<String> {
    let stub = Stub::start(|_| Reply::new(400, "{}")).await;
    let (client, token, cloud_id) = (client(&stub.url), token(), cloud_id());
    let jira = client.jira(&cloud_id);
    match name {
        "spec-jira-bulkfetch-request" => {
            let (ids, fields) = (["EX-1".to_owned()], ["summary".to_owned()]);
            jira.bulk_fetch(&token, &ids, &fields).await.unwrap_err();
        }
        "spec-jira-webhook-register-request" => {
            let wanted =
                NewWebhook { events: vec![WebhookEvent::IssueCreated], filter: WebhookFilter::AllIssues };
            let url = "https://connector.example/".parse().unwrap();
            jira.register_webhooks(&token, &url, &[wanted]).await.unwrap_err();
        }
        _ => return None,
    }
    let sent: Value = serde_json::from_slice(&stub.asked()[0].body).unwrap();
    assert_same_keys(&sent, file, name);
    Some("as documented".to_owned())
}

fn assert_same_keys(sent: &Value, documented: &Value, path: &str) {
    match (sent, documented) {
        (Value::Object(sent), Value::Object(documented)) => {
            for (name, value) in sent {
                let path = format!("{path}.{name}");
                assert_same_keys(value, documented.get(name).unwrap_or_else(|| panic!("{path}")), &path);
            }
        }
        (Value::Array(sent), Value::Array(documented)) => {
            for value in sent {
                assert_same_keys(value, &documented[0], path);
            }
        }
        _ => assert_eq!(sent.is_string(), documented.is_string(), "{path}"),
    }
}

#[tokio::test]
async fn every_recorded_body_is_read() {
    let Some(folder) = folder() else { return };
    let mut read_as = BTreeMap::new();
    for (name, file) in &read_all(&folder) {
        let read = if let Some((reader, answer)) = in_an_answer(name, file) {
            Some(read_in_an_answer(reader, &answer).await)
        } else if let Some(read) = read_request(name, file).await {
            Some(read)
        } else {
            read(name, file).await
        };
        let read = read.unwrap_or_else(|| panic!("nothing reads {name}.json in {}", folder.display()));
        read_as.insert(name.clone(), read);
    }
    for (name, expected) in EXPECTED {
        assert_eq!(read_as.get(*name).map(String::as_str), Some(*expected), "{name}");
    }
    assert!(read_as.values().all(|read| !read.contains(" bad") || read.contains("0 bad")), "{read_as:#?}");
}

const EXPECTED: &[(&str, &str)] = &[
    ("confluence-empty-list", "0 good, 0 bad"),
    ("confluence-spaces", "3 good, 0 bad"),
    ("doc-accessible-resources-two-products", "2 with 3 scopes"),
    ("doc-me", "Australia/Sydney"),
    ("doc-oauth-token-response", "3600s"),
    ("jira-myself", "Europe/Warsaw"),
    ("jira-project-search", "1 good, 0 bad"),
    ("jira-search-jql-last", "1 good, 0 bad"),
    ("jira-search-jql-page1", "1 good, 0 bad, next opaque-token-page-2"),
    ("jira-search-jql-post-empty", "0 good, 0 bad"),
    ("oauth-accessible-resources-jira", "1 with 34 scopes"),
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
    ("spec-jira-approximate-count", "153"),
    ("spec-jira-bulkfetch-response", "3 good, 0 bad, 0 absent"),
    ("spec-jira-project-search-nextpage", "2 good, 0 bad"),
    ("spec-jira-serverinfo", "2020-03-31T16:43:50.000Z"),
    ("spec-jira-webhook-list", "3 good, 0 bad"),
    ("spec-jira-webhook-refresh-response", "2019-06-01T12:42:30.000Z"),
    ("spec-jira-webhook-register-response", "yes no yes "),
    ("spec-jira-worklog-deleted", "3 good, 0 bad"),
];
