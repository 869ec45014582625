//! Dynamic webhooks, delivered to a receiver on this machine.

use std::{collections::VecDeque, sync::Arc};

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, StatusCode, Uri},
};
use connector_sandbox::{DEFAULT_CLOUD_ID, SandboxOptions};
use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};
use tokio::{
    net::TcpListener,
    sync::{
        Mutex,
        mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
    },
};

use crate::atlassian::{ALL_SCOPES, Atlassian, Tokens, json_of, read};

/// What arrived.
struct Delivery {
    uri: Uri,
    headers: HeaderMap,
    body: Value,
}

impl Delivery {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().expect("text"))
    }
}

struct Receiver {
    url: String,
    arrived: UnboundedReceiver<Delivery>,
}

type Answers = (UnboundedSender<Delivery>, Arc<Mutex<VecDeque<StatusCode>>>);

impl Receiver {
    /// Answers with the given statuses, then with 200.
    async fn start(answers: &[u16]) -> Self {
        let (sender, arrived) = unbounded_channel();
        let answers = answers.iter().map(|status| StatusCode::from_u16(*status).expect("a status"));
        let state = (sender, Arc::new(Mutex::new(answers.collect())));
        let take =
            async |State((sender, answers)): State<Answers>, uri: Uri, headers: HeaderMap, body: String| {
                let body = serde_json::from_str(&body).expect("JSON");
                sender.send(Delivery { uri, headers, body }).ok();
                answers.lock().await.pop_front().unwrap_or(StatusCode::OK)
            };
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}/hooks/secret-path", listener.local_addr().expect("an address"));
        let router = Router::new().fallback(take).with_state(state);
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, arrived }
    }

    async fn next(&mut self) -> Delivery {
        self.arrived.recv().await.expect("a delivery")
    }
}

async fn start(options: SandboxOptions) -> (Atlassian, Tokens) {
    let options = SandboxOptions { auto_consent: true, webhook_backoff: 1, ..options };
    let atlassian = Atlassian::start(options).await;
    let tokens = atlassian.log_in(&format!("{ALL_SCOPES} manage:jira-webhook")).await;
    (atlassian, tokens)
}

async fn call(
    atlassian: &Atlassian,
    tokens: &Tokens,
    method: Method,
    path: &str,
    body: Value,
) -> (u16, Value) {
    let request = atlassian.request(method, &format!("/ex/jira/{DEFAULT_CLOUD_ID}/rest/api/3{path}"));
    let answer = request.bearer_auth(&tokens.access).json(&body).send().await.expect("an answer");
    let status = answer.status().as_u16();
    (status, answer.json().await.unwrap_or_default())
}

async fn register(atlassian: &Atlassian, tokens: &Tokens, url: &str, webhooks: Value) -> Vec<Value> {
    let body = json!({ "url": url, "webhooks": webhooks });
    let (status, body) = call(atlassian, tokens, Method::POST, "/webhook", body).await;
    assert_eq!(status, 200);
    body["webhookRegistrationResult"].as_array().expect("a list").clone()
}

const EVERYTHING: [&str; 6] = [
    "jira:issue_created",
    "jira:issue_updated",
    "jira:issue_deleted",
    "comment_created",
    "comment_updated",
    "comment_deleted",
];

async fn listening(options: SandboxOptions, answers: &[u16]) -> (Atlassian, Tokens, Receiver) {
    let (atlassian, tokens) = start(options).await;
    let receiver = Receiver::start(answers).await;
    let wanted = json!([{ "events": EVERYTHING, "jqlFilter": "project != null" }]);
    assert_eq!(
        register(&atlassian, &tokens, &receiver.url, wanted).await,
        [json!({ "createdWebhookId": 1 })]
    );
    (atlassian, tokens, receiver)
}

async fn create(atlassian: &Atlassian, summary: &str) -> String {
    let new = json!({ "project": "SEC", "summary": summary, "description": "A *plain* text" });
    let created = atlassian.control(Method::POST, "/sites/acme/issues", new).await;
    String::from(created["id"].as_str().expect("an id"))
}

#[tokio::test]
async fn the_life_of_an_issue_is_told() {
    let (atlassian, _, mut receiver) = listening(SandboxOptions::default(), &[]).await;
    let id = create(&atlassian, "Told").await;
    let path = format!("/sites/acme/issues/{id}");
    atlassian.control(Method::PATCH, &path, json!({ "status": "Done" })).await;
    let comment =
        atlassian.control(Method::POST, &format!("{path}/comments"), json!({ "body": "Said" })).await;
    let comment_path = format!("{path}/comments/{}", comment["id"].as_str().expect("an id"));
    atlassian.control(Method::PATCH, &comment_path, json!({ "body": "Said better" })).await;
    atlassian.control(Method::DELETE, &comment_path, Value::Null).await;
    atlassian.control(Method::DELETE, &path, Value::Null).await;

    let created = receiver.next().await;
    assert_eq!(created.body["webhookEvent"], json!("jira:issue_created"));
    let issue = &created.body["issue"];
    assert_eq!((&issue["id"], &issue["fields"]["description"]), (&json!(id), &json!("A *plain* text")));
    let own = format!("{}/sites/acme/rest/api/2/issue/{id}", atlassian.url);
    assert_eq!(issue["self"], json!(own));
    assert_eq!(created.body["matchedWebhookIds"], json!([1]));
    let account = created.body["user"]["accountId"].as_str().expect("an id").replace(':', "%3A");
    assert_eq!(created.uri.path(), "/hooks/secret-path");
    assert_eq!(created.uri.query(), Some(format!("triggeredByUser={account}").as_str()));
    assert_eq!(created.header("x-atlassian-webhook-flow"), Some("Primary"));
    assert_eq!(created.header("x-atlassian-webhook-retry"), None);
    let token =
        created.header("authorization").and_then(|text| text.strip_prefix("Bearer ")).expect("a token");
    assert_eq!(token.split('.').count(), 3);

    let updated = receiver.next().await;
    assert_eq!(updated.body["changelog"]["items"][0]["toString"], json!("Done"));
    assert_eq!(updated.body["issue_event_type_name"], json!("issue_generic"));
    for (event, text) in
        [("comment_created", "Said"), ("comment_updated", "Said better"), ("comment_deleted", "Said better")]
    {
        let told = receiver.next().await.body;
        assert_eq!((&told["webhookEvent"], &told["comment"]["body"]), (&json!(event), &json!(text)));
        assert!(told.get("user").is_none() && told.get("issue_event_type_name").is_none());
        assert_eq!(told["issue"]["fields"].as_object().map(serde_json::Map::len), Some(6));
    }
    let deleted = receiver.next().await.body;
    assert_eq!(deleted["webhookEvent"], json!("jira:issue_deleted"));
    assert_eq!(deleted["issue"]["fields"]["summary"], json!("Told"));
    assert!(deleted.get("issue_event_type_name").is_none());
}

#[rstest]
#[case::server_error(&[503, 500, 429, 408, 425], 6)]
#[case::for_good(&[500, 500, 500, 500, 500, 500], 6)]
#[case::refused(&[400], 1)]
#[case::redirected(&[302], 1)]
#[tokio::test]
async fn failures_are_tried_again_five_times(#[case] answers: &[u16], #[case] attempts: usize) {
    let (atlassian, _, mut receiver) = listening(SandboxOptions::default(), answers).await;
    create(&atlassian, "First").await;
    let mut identifiers = Vec::new();
    for attempt in 0..attempts {
        let delivery = receiver.next().await;
        let retry = delivery.header("x-atlassian-webhook-retry").map(String::from);
        assert_eq!(retry, (attempt > 0).then(|| attempt.to_string()));
        identifiers.push(delivery.header("x-atlassian-webhook-identifier").map(String::from));
    }
    identifiers.dedup();
    assert_eq!(identifiers.len(), 1, "{identifiers:?}");
    // Nothing but the next event follows.
    create(&atlassian, "Second").await;
    assert_eq!(receiver.next().await.body["issue"]["fields"]["summary"], json!("Second"));
}

#[tokio::test]
async fn only_what_matches_is_told() {
    let (atlassian, tokens) = start(SandboxOptions::default()).await;
    let mut receiver = Receiver::start(&[]).await;
    let wanted = json!([
        { "events": ["jira:issue_updated"], "jqlFilter": "project = SEC", "fieldIdsFilter": ["summary"] },
        { "events": ["jira:issue_updated"], "jqlFilter": "status = Done" },
    ]);
    register(&atlassian, &tokens, &receiver.url, wanted).await;
    let path = format!("/sites/acme/issues/{}", create(&atlassian, "Not told").await);
    atlassian.control(Method::PATCH, &path, json!({ "priority": "High" })).await;
    atlassian.control(Method::PATCH, &path, json!({ "summary": "Told" })).await;
    atlassian.control(Method::PATCH, &path, json!({ "summary": "Told twice", "status": "Done" })).await;
    assert_eq!(receiver.next().await.body["matchedWebhookIds"], json!([1]));
    assert_eq!(receiver.next().await.body["matchedWebhookIds"], json!([1, 2]));
}

#[rstest]
#[case::empty("", "must not be empty")]
#[case::field("watchCount = 1", "The clause watchCount is unsupported")]
#[case::operator("status ~ done", "The operator ~ is unsupported in the clause status")]
#[case::unknown_project("project = NOPE", "The value 'NOPE' does not exist for the field 'project'.")]
#[case::syntax("project = ", "Error in the JQL Query")]
#[tokio::test]
async fn a_filter_that_is_no_good_is_an_error_inside_a_good_answer(
    #[case] filter: &str,
    #[case] problem: &str,
) {
    let (atlassian, tokens) = start(SandboxOptions::default()).await;
    let wanted = json!([
        { "events": ["jira:issue_created"], "jqlFilter": filter },
        { "events": ["jira:issue_created"], "jqlFilter": "project = SEC" },
    ]);
    let results = register(&atlassian, &tokens, "http://localhost:9/hook", wanted).await;
    let errors = results[0]["errors"][0].as_str().expect("an error");
    assert!(errors.contains(problem), "{errors}");
    assert_eq!(results[1], json!({ "createdWebhookId": 1 }));
}

#[tokio::test]
async fn addresses_and_numbers_are_limited() {
    let (atlassian, tokens) = start(SandboxOptions::default()).await;
    let one = || json!([{ "events": ["jira:issue_created"], "jqlFilter": "project = SEC" }]);
    for url in ["https://example.com/hook", "http://10.0.0.1/", "https://localhost/", "nonsense"] {
        let results = register(&atlassian, &tokens, url, one()).await;
        assert!(results[0]["errors"][0].is_string(), "{url}");
    }
    for id in 1..=5 {
        let results = register(&atlassian, &tokens, "http://127.0.0.1:9/hook", one()).await;
        assert_eq!(results, [json!({ "createdWebhookId": id })]);
    }
    let sixth = register(&atlassian, &tokens, "http://127.0.0.1:9/hook", one()).await;
    assert!(sixth[0]["errors"][0].as_str().is_some_and(|error| error.contains("limit of 5")));
    let other = register(&atlassian, &tokens, "http://127.0.0.1:9/other", one()).await;
    assert!(other[0]["errors"][0].as_str().is_some_and(|error| error.contains("single URL")));
    let (status, _) =
        call(&atlassian, &tokens, Method::DELETE, "/webhook", json!({ "webhookIds": [1, 2, 99] })).await;
    assert_eq!(status, 202);
    assert_eq!(call(&atlassian, &tokens, Method::GET, "/webhook", json!(null)).await.1["total"], json!(3));
    let site = atlassian.site("ada@example.com", "/rest/api/3/webhook").await;
    assert_eq!(read(site).await.0, 403);
    let without = atlassian.log_in(ALL_SCOPES).await;
    assert_eq!(call(&atlassian, &without, Method::GET, "/webhook", json!(null)).await.0, 401);
}

#[tokio::test]
async fn webhooks_end_after_thirty_days_unless_they_are_refreshed() {
    const DAY: i64 = 86_400;
    let options = SandboxOptions { access_token_ttl: 100 * 86_400, ..SandboxOptions::default() };
    let (atlassian, tokens, mut receiver) = listening(options, &[]).await;
    let wanted = json!([{ "events": ["jira:issue_created"], "jqlFilter": "project = SEC" }]);
    register(&atlassian, &tokens, &receiver.url, wanted).await;
    atlassian.advance(20 * DAY).await;
    let ids = json!({ "webhookIds": [1, 77] });
    let (status, refreshed) = call(&atlassian, &tokens, Method::PUT, "/webhook/refresh", ids).await;
    assert_eq!(status, 200);
    atlassian.advance(15 * DAY).await;
    let list = json_of(atlassian.jira(&tokens, "/webhook").await).await;
    assert_eq!((&list["total"], &list["values"][0]["id"]), (&json!(1), &json!(1)));
    assert_eq!(list["values"][0]["expirationDate"], refreshed["expirationDate"]);
    assert!(refreshed["expirationDate"].as_str().is_some_and(|date| date.ends_with("+0000")));
    create(&atlassian, "Told once").await;
    assert_eq!(receiver.next().await.body["matchedWebhookIds"], json!([1]));
}

#[tokio::test]
async fn deliveries_can_be_doubled_swapped_and_lost() {
    let (atlassian, _, mut receiver) = listening(SandboxOptions::default(), &[]).await;
    let mode = async |mode: &str| atlassian.control(Method::POST, "/webhooks", json!({ "mode": mode })).await;
    mode("duplicate").await;
    create(&atlassian, "Twice").await;
    let (first, second) = (receiver.next().await, receiver.next().await);
    let identifier = "x-atlassian-webhook-identifier";
    assert_eq!(first.header(identifier), second.header(identifier));
    mode("lose").await;
    create(&atlassian, "Never").await;
    mode("reorder").await;
    for summary in ["A", "B", "C"] {
        create(&atlassian, summary).await;
    }
    mode("reliable").await;
    let mut order = Vec::new();
    for _ in 0..3 {
        order.push(receiver.next().await.body["issue"]["fields"]["summary"].clone());
    }
    assert_eq!(order, [json!("B"), json!("A"), json!("C")]);
    let log = atlassian.control(Method::GET, "/webhooks", Value::Null).await;
    assert!(log["attempts"].as_array().is_some_and(|attempts| attempts.len() >= 4));
}

#[tokio::test]
async fn who_took_the_consent_back_is_told_nothing() {
    let (atlassian, _, mut receiver) = listening(SandboxOptions::default(), &[]).await;
    atlassian.control(Method::POST, "/grants/revoke", Value::Null).await;
    create(&atlassian, "Not told").await;
    atlassian.log_in(ALL_SCOPES).await;
    create(&atlassian, "Told").await;
    assert_eq!(receiver.next().await.body["issue"]["fields"]["summary"], json!("Told"));
}

#[tokio::test]
async fn sprints_versions_and_properties_can_be_told_of_too() {
    let (atlassian, tokens) = start(SandboxOptions::default()).await;
    let mut receiver = Receiver::start(&[]).await;
    let wanted = json!([
        { "events": ["sprint_started", "jira:version_released"], "jqlFilter": "project = SEC" },
        { "events": ["issue_property_set"], "jqlFilter": "project = SEC" },
    ]);
    register(&atlassian, &tokens, &receiver.url, wanted).await;
    let happen = async |event: &str, issue: Option<&str>, about: Value| {
        let event = json!({ "event": event, "issue": issue, "about": about });
        atlassian.control(Method::POST, "/sites/acme/events", event).await;
    };
    happen("sprint_started", None, json!({ "sprint": { "id": 7, "name": "Seven" } })).await;
    // Of an issue that the filter leaves out.
    happen("issue_property_set", Some("WEB-1"), json!({ "property": { "key": "mood" } })).await;
    happen("issue_property_set", Some("SEC-1"), json!({ "property": { "key": "mood" } })).await;
    let sprint = receiver.next().await.body;
    assert_eq!(
        (&sprint["webhookEvent"], &sprint["sprint"]["name"]),
        (&json!("sprint_started"), &json!("Seven"))
    );
    let property = receiver.next().await.body;
    assert_eq!((&property["issue"]["key"], &property["matchedWebhookIds"]), (&json!("SEC-1"), &json!([2])));
    let failed = call(&atlassian, &tokens, Method::GET, "/webhook/failed", Value::Null).await;
    assert_eq!(failed.0, 403);
}

#[tokio::test]
async fn a_private_app_is_told_by_its_owners_webhooks_only() {
    let (atlassian, tokens, mut receiver) = listening(SandboxOptions::default(), &[]).await;
    let scopes = format!("{ALL_SCOPES} manage:jira-webhook");
    let code = atlassian.code(&[("scope", &scopes), ("login_hint", "ben@example.com")]).await;
    let ben = crate::atlassian::tokens(atlassian.exchange(&code, &[]).await).await;
    let wanted = json!([{ "events": EVERYTHING, "jqlFilter": "project != null" }]);
    register(&atlassian, &ben, &receiver.url, wanted).await;
    atlassian.control(Method::PATCH, "/switches", json!({ "app": "private" })).await;
    let new = json!({ "project": "WEB", "summary": "Seen by both" });
    for _ in 0..2 {
        atlassian.control(Method::POST, "/sites/acme/issues", new.clone()).await;
    }
    // Two deliveries for two issues: none of them for Ben.
    for _ in 0..2 {
        assert_eq!(receiver.next().await.body["matchedWebhookIds"], json!([1]));
    }
    assert_eq!(atlassian.jira(&tokens, "/myself").await.status(), 200);
}
