//! Clients that take their time.

use std::time::Duration;

use connector_store::Engine;
use connector_testkit::{TestApp, within};

use super::Wire;

const SHORT: Duration = Duration::from_millis(150);

#[tokio::test]
async fn a_head_that_does_not_come_ends_its_connection() {
    let app = TestApp::start_with(Engine::Sqlite, |setup| setup.limits.head = SHORT).await.unwrap();
    for begun in ["", "GET ", "GET / HTTP/1.1\r\nhost: x\r\nx: y\r\n"] {
        let mut wire = Wire::open(&app).await;
        wire.send(begun).await;
        assert_eq!(wire.until_closed().await, "", "{begun:?}");
    }
    // Bytes that trickle in are no reason to wait for longer.
    let mut wire = Wire::open(&app).await;
    wire.send("GET / HTTP/1.1\r\n").await;
    let trickled = within("the end of a connection", async {
        let mut trickled = 0;
        loop {
            tokio::select! {
                biased;
                _ = wire.0.readable() => return trickled,
                _ = wire.0.writable() => wire.send("x: y\r\n").await,
            }
            trickled += 1;
            if trickled == 5 {
                return trickled;
            }
        }
    });
    assert!(trickled.await <= 5);
    assert_eq!(wire.until_closed().await, "");
}

#[tokio::test]
async fn a_second_request_has_its_own_time() {
    let app = TestApp::start_with(Engine::Sqlite, |setup| setup.limits.head = SHORT).await.unwrap();
    let mut wire = Wire::open(&app).await;
    let host = app.browser().authority();
    wire.send(format!("GET /healthz HTTP/1.1\r\nhost: {host}\r\n\r\n")).await;
    within("an answer", wire.0.readable()).await.unwrap();
    wire.send("GET /healthz HTTP/1.1\r\n").await;
    let came = wire.until_closed().await;
    assert_eq!(came.matches("HTTP/1.1 200").count(), 1, "{came}");
}

#[tokio::test]
async fn a_connection_that_is_not_used_is_closed() {
    let app = TestApp::start_with(Engine::Sqlite, |setup| setup.limits.idle = SHORT).await.unwrap();
    let mut wire = Wire::open(&app).await;
    let host = app.browser().authority();
    wire.send(format!("GET /healthz HTTP/1.1\r\nhost: {host}\r\n\r\n")).await;
    let came = wire.until_closed().await;
    assert_eq!(came.matches("HTTP/1.1 200").count(), 1, "{came}");
}

#[tokio::test]
async fn a_body_that_does_not_come_is_told_so() {
    let app = TestApp::start_with(Engine::Sqlite, |setup| setup.edge.body_within = SHORT).await.unwrap();
    let mut wire = Wire::open(&app).await;
    let host = app.browser().authority();
    wire.send(format!(
        "POST /users HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{{"
    ))
    .await;
    let answer = wire.until_closed().await;
    assert!(answer.starts_with("HTTP/1.1 408 ") && answer.contains("application/problem+json"), "{answer}");
}

#[tokio::test]
async fn slow_clients_do_not_crowd_out_others() {
    let app = TestApp::start_with(Engine::Sqlite, |setup| setup.limits.most = 20).await.unwrap();
    let mut slow = Vec::new();
    for _ in 0..40 {
        let mut wire = Wire::open(&app).await;
        wire.send("GET / HTTP/1.1\r\n").await;
        slow.push(wire);
        app.browser().get("/healthz").await.expect(200);
    }
    // The first have given way.
    assert_eq!(slow.remove(0).until_closed().await, "");
}

#[tokio::test]
async fn a_client_that_takes_no_answer_loses_its_place() {
    let app = TestApp::start_with(Engine::Sqlite, |setup| {
        setup.limits.most = 1;
        setup.limits.stall = SHORT;
    })
    .await
    .unwrap();
    let host = app.browser().authority();
    let mut greedy = Wire::open(&app).await;
    // More than the system takes for a client that reads nothing.
    let ask = format!("GET /openapi.json HTTP/1.1\r\nhost: {host}\r\n\r\n").repeat(60);
    greedy.send(ask).await;
    within("a first answer", greedy.0.readable()).await.unwrap();
    within("a place for another", async {
        let again = format!("GET /healthz HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
        loop {
            let mut wire = Wire::open(&app).await;
            // One too many may be closed before it has sent anything.
            let _ = tokio::io::AsyncWriteExt::write_all(&mut wire.0, again.as_bytes()).await;
            let answer = wire.until_closed().await;
            if answer.starts_with("HTTP/1.1 200 ") {
                return;
            }
            assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 503 "), "{answer}");
        }
    })
    .await;
}
