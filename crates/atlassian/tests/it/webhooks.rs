use connector_atlassian::jira::{NewWebhook, WebhookEvent, WebhookFilter, WebhookRefused};
use connector_atlassian::{ApiError, Listing};
use serde_json::{Value, json};
use url::Url;

use crate::stub::{Asked, Reply, Stub};
use crate::{NoPause, client, cloud_id, token};

const BASE: &str = "/api/ex/jira/cloud-1/rest/api/3";

fn body(asked: &Asked) -> Value {
    serde_json::from_slice(&asked.body).unwrap()
}

fn address() -> Url {
    Url::parse("https://connector.example/hooks/s3cret").unwrap()
}

fn webhooks() -> [NewWebhook; 2] {
    let keys = vec!["ENG".to_owned(), "A\"B".to_owned()];
    [
        NewWebhook { events: vec![WebhookEvent::IssueCreated], filter: WebhookFilter::AllIssues },
        NewWebhook {
            events: vec![WebhookEvent::IssueDeleted, WebhookEvent::CommentUpdated],
            filter: WebhookFilter::Projects(keys),
        },
    ]
}

#[tokio::test]
async fn trap_18_a_success_may_hold_refusals() {
    let stub = Stub::in_turn(vec![Reply::json(&json!({"webhookRegistrationResult": [
        {"createdWebhookId": 1000}, {"errors": ["The clause\nwatchCount is unsupported", "And more"]},
    ]}))])
    .await;
    let registered = client(&stub.url)
        .jira(&cloud_id())
        .register_webhooks(&token(), &address(), &webhooks())
        .await
        .unwrap();
    let errors = vec!["The clause watchCount is unsupported".to_owned(), "And more".to_owned()];
    assert_eq!(registered, [Ok(1000), Err(WebhookRefused { errors })]);
    let asked = stub.asked();
    assert_eq!((asked[0].method.as_str(), asked[0].path.clone()), ("POST", format!("{BASE}/webhook")));
    assert_eq!(
        body(&asked[0]),
        json!({"url": "https://connector.example/hooks/s3cret", "webhooks": [
            {"events": ["jira:issue_created"], "jqlFilter": "project != null"},
            {"events": ["jira:issue_deleted", "comment_updated"], "jqlFilter": r#"project IN ("ENG", "A\"B")"#},
        ]})
    );
}

#[tokio::test]
async fn a_registration_is_never_sent_twice_and_its_answer_must_be_complete() {
    for reply in [Reply::new(503, ""), Reply::json(&json!({"webhookRegistrationResult": []}))] {
        let stub = Stub::in_turn(vec![reply]).await;
        let (client, pause) = NoPause::install(client(&stub.url));
        let jira_id = cloud_id();
        let jira = client.jira(&jira_id);
        let error = jira.register_webhooks(&token(), &address(), &webhooks()).await.unwrap_err();
        assert!(matches!(error, ApiError::Unavailable { .. } | ApiError::Malformed { .. }), "{error}");
        assert_eq!((pause.waits().len(), stub.asked().len()), (0, 1));
    }
}

#[tokio::test]
async fn webhooks_are_listed_refreshed_and_deleted() {
    let hook = |id: u64, expires: Value| json!({"id": id, "jqlFilter": "project = A", "events": ["jira:issue_created"], "expirationDate": expires});
    let stub = Stub::in_turn(vec![
        Reply::json(&json!({"isLast": true, "startAt": 0, "total": 2, "values": [
            hook(1, json!("2026-06-01T12:42:30.000+0000")), hook(2, json!(1_780_317_750_000_i64)),
        ]})),
        Reply::new(503, ""),
        Reply::json(&json!({"expirationDate": "2026-06-01T12:42:30.000+0000"})),
        Reply::new(202, ""),
    ])
    .await;
    let (client, _) = NoPause::install(client(&stub.url));
    let cloud_id = cloud_id();
    let jira = client.jira(&cloud_id);
    let list = jira.webhooks().fetch(&token(), None).await.unwrap().items;
    assert_eq!((list[0].id, list[0].expires_at, list.len()), (1, list[1].expires_at, 2));
    let until = jira.refresh_webhooks(&token(), &[1, 2]).await.unwrap();
    assert_eq!(until.unwrap().to_string(), "2026-06-01T12:42:30.000Z");
    jira.delete_webhooks(&token(), &[1]).await.unwrap();
    let asked: Vec<_> = stub.asked();
    let calls: Vec<_> = asked.iter().map(|asked| format!("{} {}", asked.method, asked.path)).collect();
    let refresh = format!("PUT {BASE}/webhook/refresh");
    assert_eq!(
        calls,
        [format!("GET {BASE}/webhook"), refresh.clone(), refresh, format!("DELETE {BASE}/webhook")]
    );
    assert_eq!(body(&asked[2]), json!({"webhookIds": [1, 2]}));
    assert_eq!(body(&asked[3]), json!({"webhookIds": [1]}));
}
