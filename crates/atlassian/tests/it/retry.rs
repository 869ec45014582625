use connector_atlassian::ApiError;
use serde_json::json;

use crate::stub::{Reply, Stub};
use crate::{NoPause, client, token};

fn good() -> Reply {
    Reply::json(&json!({"account_id": "a"}))
}

#[tokio::test]
async fn goes_on_after_errors_that_pass() {
    let burst = Reply::new(429, "").header("retry-after", "7").header("ratelimit-reason", "jira-burst-based");
    let stub = Stub::in_turn(vec![
        Reply::new(503, ""),
        burst,
        Reply::new(200, "<html>"),
        Reply::new(429, ""),
        good(),
    ])
    .await;
    let (client, pause) = NoPause::install(client(&stub.url));
    client.me(&token()).await.unwrap();
    assert_eq!(pause.waits(), [2, 7, 8, 16]);
    assert_eq!(stub.asked().len(), 5);
}

#[tokio::test]
async fn gives_up_after_four_retries() {
    let stub = Stub::start(|_| Reply::new(500, "")).await;
    let (client, pause) = NoPause::install(client(&stub.url));
    assert!(client.me(&token()).await.unwrap_err().is_transient());
    assert_eq!((pause.waits().len(), stub.asked().len()), (4, 5));
}

#[tokio::test]
async fn leaves_long_waits_quotas_and_lasting_errors_to_the_caller() {
    for (reply, retry_after) in [
        (Reply::new(503, "").header("retry-after", "31"), Some(31)),
        (Reply::new(429, "").header("retry-after", "31"), Some(31)),
        (
            Reply::new(429, "")
                .header("retry-after", "1")
                .header("ratelimit-reason", "jira-quota-global-based"),
            Some(1),
        ),
        (Reply::new(401, ""), None),
        (Reply::new(404, ""), None),
        (Reply::new(400, ""), None),
        (Reply::new(200, "{}"), None),
    ] {
        let stub = Stub::in_turn(vec![reply]).await;
        let (client, pause) = NoPause::install(client(&stub.url));
        let error = client.me(&token()).await.unwrap_err();
        assert_eq!(error.retry_after().map(|wait| wait.as_secs()), retry_after, "{error}");
        assert_eq!((pause.waits().len(), stub.asked().len()), (0, 1), "{error}");
    }
}

#[tokio::test]
async fn an_unreachable_host_is_tried_again_too() {
    let (client, pause) = NoPause::install(client(&Stub::nowhere().await));
    let error = client.me(&token()).await.unwrap_err();
    assert!(matches!(error, ApiError::Unavailable { .. }), "{error}");
    assert_eq!(pause.waits(), [2, 4, 8, 16]);
}
