//! The proxy breaks what it is told to break, and nothing else.

#![expect(clippy::unwrap_used, reason = "a test ends where something is not as it should be")]

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use connector_torture::dice::Dice;
use connector_torture::proxy::{Faults, Limit, Proxy};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// A server that answers each request of 4 bytes with 1,000, and `bye` when its client has said everything.
async fn server() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut request = [0; 4];
                while stream.read_exact(&mut request).await.is_ok() {
                    stream.write_all(&[7; 1_000]).await.unwrap();
                }
                let _ = stream.write_all(b"bye").await;
            });
        }
    });
    address
}

async fn proxy(faults: Faults) -> Proxy {
    let proxy = Proxy::start(server().await, Arc::new(Dice::new(1))).await.unwrap();
    proxy.set(faults);
    proxy
}

async fn asked(proxy: &Proxy) -> TcpStream {
    let mut stream = TcpStream::connect(proxy.address()).await.unwrap();
    stream.write_all(b"ping").await.unwrap();
    stream
}

async fn answer(stream: &mut TcpStream) -> std::io::Result<usize> {
    let mut bytes = [0; 1_000];
    stream.read_exact(&mut bytes).await
}

#[tokio::test]
async fn without_faults_everything_passes_and_ends_as_it_should() {
    let proxy = proxy(Faults::default()).await;
    let mut stream = asked(&proxy).await;
    assert_eq!(answer(&mut stream).await.unwrap(), 1_000);
    stream.shutdown().await.unwrap();
    let mut rest = String::new();
    stream.read_to_string(&mut rest).await.unwrap();
    assert_eq!(rest, "bye", "the answer after a half close comes through");
}

#[tokio::test]
async fn slices_arrive_as_a_whole_and_latency_takes_its_time() {
    let late = Duration::from_millis(30);
    let proxy = proxy(Faults { slice: Some(100), latency: Some((late, late)), ..Faults::default() }).await;
    let asked_at = Instant::now();
    assert_eq!(answer(&mut asked(&proxy).await).await.unwrap(), 1_000);
    assert!(asked_at.elapsed() >= late, "{:?}", asked_at.elapsed());
}

#[tokio::test]
async fn an_answer_over_the_limit_is_cut_and_its_connection_reset() {
    let proxy = proxy(Faults { limit: Some(Limit { bytes: 300, percent: 100 }), ..Faults::default() }).await;
    let mut stream = asked(&proxy).await;
    let mut bytes = Vec::new();
    let error = stream.read_to_end(&mut bytes).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    assert!(bytes.len() <= 300, "{} bytes came through", bytes.len());
}

#[tokio::test]
async fn a_limit_hits_only_its_share_of_connections() {
    let proxy = proxy(Faults { limit: Some(Limit { bytes: 1, percent: 0 }), ..Faults::default() }).await;
    assert_eq!(answer(&mut asked(&proxy).await).await.unwrap(), 1_000);
}

#[tokio::test]
async fn what_fell_into_a_black_hole_comes_out_when_it_ends() {
    let proxy = proxy(Faults { blackhole: true, ..Faults::default() }).await;
    let mut stream = asked(&proxy).await;
    let early = tokio::time::timeout(Duration::from_millis(50), answer(&mut stream)).await;
    assert!(early.is_err(), "something passed: {early:?}");
    proxy.set(Faults::default());
    // Some bytes may have been read by the attempt that was given up; there are none.
    assert_eq!(answer(&mut stream).await.unwrap(), 1_000);
}

#[tokio::test]
async fn refused_and_reset_connections_end() {
    let proxy = proxy(Faults::default()).await;
    let mut open = asked(&proxy).await;
    answer(&mut open).await.unwrap();
    proxy.reset_all();
    assert_ne!(open.read(&mut [0; 1]).await.ok(), Some(1));
    proxy.set(Faults { refuse: true, ..Faults::default() });
    let mut stream = TcpStream::connect(proxy.address()).await.unwrap();
    let _ = stream.write_all(b"ping").await;
    assert!(answer(&mut stream).await.is_err());
    proxy.set(Faults::default());
    assert_eq!(answer(&mut asked(&proxy).await).await.unwrap(), 1_000);
}

#[tokio::test]
async fn a_half_close_reaches_the_server_after_the_first_piece() {
    let proxy = proxy(Faults { half_close: true, ..Faults::default() }).await;
    let mut stream = asked(&proxy).await;
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).await.unwrap();
    assert!(bytes.ends_with(b"bye") && bytes.len() == 1_003, "{} bytes", bytes.len());
}
