//! Time and size: what is cut off, and what counts as lost then.

use std::sync::Arc;
use std::time::Duration;

use connector_atlassian::{ApiError, TokenError};
use connector_domain::RefreshToken;
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::stub::{Reply, Stub};
use crate::{app, client, token};

/// A server that takes a request, says so, and never answers.
async fn silent() -> (String, Arc<Notify>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let asked = Arc::new(Notify::new());
    let notify = Arc::clone(&asked);
    tokio::spawn(async move {
        let mut streams = Vec::new();
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.read(&mut [0; 16 * 1024]).await;
            notify.notify_one();
            streams.push(stream);
        }
    });
    (url, asked)
}

/// How long `call` waits for an answer that does not come, with what it says then.
async fn wait_for<T: Send + 'static>(
    asked: Arc<Notify>,
    call: impl Future<Output = T> + Send + 'static,
) -> (T, Duration) {
    let call = tokio::spawn(call);
    asked.notified().await;
    // From here on the clock jumps to the next timer.
    tokio::time::pause();
    let started = Instant::now();
    (call.await.unwrap(), started.elapsed())
}

fn is_about(duration: Duration, seconds: u64) -> bool {
    duration.abs_diff(Duration::from_secs(seconds)) < Duration::from_secs(1)
}

#[tokio::test]
async fn a_token_request_ends_after_20_seconds_with_its_answer_lost() {
    let (url, asked) = silent().await;
    let client = client(&url);
    let call = async move { client.refresh(&app(), &RefreshToken::new("old")).await.unwrap_err() };
    let (error, waited) = wait_for(asked, call).await;
    assert!(matches!(error, TokenError::Unavailable { answer_lost: true, .. }), "{error}");
    assert!(error.to_string().contains("no answer in time"), "{error}");
    assert!(is_about(waited, 20), "{waited:?}");
}

#[tokio::test]
async fn another_call_ends_after_30_seconds() {
    let (url, asked) = silent().await;
    let client = client(&url);
    let (error, waited) = wait_for(asked, async move { client.me(&token()).await.unwrap_err() }).await;
    assert!(matches!(error, ApiError::Unavailable { .. }), "{error}");
    assert!(is_about(waited, 30), "{waited:?}");
}

#[tokio::test]
async fn the_limit_counts_what_a_compressed_answer_becomes() {
    let zipped = |bytes: &'static [u8]| Reply::new(200, bytes).header("content-encoding", "gzip");
    let large = include_bytes!("large.json.gz");
    assert!(large.len() < 1024);
    let stub = Stub::in_turn(vec![zipped(include_bytes!("small.json.gz")), zipped(large)]).await;
    let client = client(&stub.url);
    assert_eq!(client.me(&token()).await.unwrap().account_id.as_str(), "zipped");
    let error = client.refresh(&app(), &RefreshToken::new("old")).await.unwrap_err();
    assert!(error.to_string().contains("longer than 65536 bytes"), "{error}");
    assert_eq!(stub.asked()[0].headers["accept-encoding"], "gzip");
}
