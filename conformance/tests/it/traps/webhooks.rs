//! Webhooks: success that is none, and who has sent a delivery.

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use connector_atlassian::delivery::{DeliveryHeaders, Hint, Untrusted, verify_token};
use connector_atlassian::jira::{NewWebhook, WebhookEvent, WebhookFilter};
use connector_domain::{ClientSecret, Clock as _, SystemClock};
use connector_sandbox::CLIENT_SECRET;
use connector_testkit::within;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use url::Url;

use super::issues::Desk;

type Delivery = (HeaderMap, Bytes);

async fn receiver() -> (Url, UnboundedReceiver<Delivery>) {
    let (sender, arrived) = unbounded_channel();
    let take = async |State(sender): State<UnboundedSender<Delivery>>, headers: HeaderMap, body: Bytes| {
        drop(sender.send((headers, body)));
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = format!("http://{}/hooks/secret", listener.local_addr().expect("an address"));
    let router = Router::new().fallback(take).with_state(sender);
    tokio::spawn(axum::serve(listener, router).into_future());
    (Url::parse(&address).expect("an address"), arrived)
}

fn webhook(filter: WebhookFilter) -> NewWebhook {
    NewWebhook { events: vec![WebhookEvent::IssueCreated], filter }
}

#[tokio::test]
async fn trap_18_each_webhook_has_a_result_of_its_own_and_deliveries_are_verified() {
    let desk = Desk::with(|_| {}).await;
    let (address, mut arrived) = receiver().await;
    let jira = desk.client.jira(&desk.cloud_id);
    // One of a project that does not exist: Jira answers the whole request with 200.
    let unknown = webhook(WebhookFilter::Projects(vec!["NOPE".to_owned()]));
    let wanted = [webhook(WebhookFilter::AllIssues), unknown];
    let results = jira.register_webhooks(&desk.token, &address, &wanted).await.expect("200");
    assert!(results[0].is_ok(), "{results:?}");
    let refused = results[1].as_ref().expect_err("a refusal inside of a success");
    assert!(refused.errors.iter().any(|error| error.contains("NOPE")), "{refused}");

    let new = json!({ "project": "SEC", "summary": "Told" });
    let id = desk.control("POST", "/sites/acme/issues", new).await["id"].clone();
    let (headers, body) = within("a delivery", arrived.recv()).await.expect("a delivery");
    let authorization = headers["authorization"].to_str().expect("text");
    let now = SystemClock.now();
    let secret = ClientSecret::new(CLIENT_SECRET);
    verify_token(authorization, &secret, now).expect("it is Jira's");
    let forged = verify_token(authorization, &ClientSecret::new("another app's"), now);
    assert_eq!(forged, Err(Untrusted::WrongSignature));
    let headers = DeliveryHeaders::read(|name| headers.get(name).and_then(|value| value.to_str().ok()));
    assert!(headers.identifier.is_some(), "what retries are known by");
    let hint = Hint::read(&body).expect("a hint");
    assert_eq!(hint.issue_id.as_deref(), id.as_str());
}
