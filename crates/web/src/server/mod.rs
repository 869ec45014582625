//! Connections: how many there are, and how slow they may be. axum's own loop knows neither.

mod busy;
mod crowd;
mod paced;
mod refusals;

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tower::Service as _;

use self::busy::Busy;
use self::crowd::{Crowd, Place};
use self::paced::Paced;

/// The most bytes of a request's head that are read at all; what is refused with a problem is less (`http/gate.rs`).
const BUFFER: usize = 64 * 1024;
/// After the system had no more connections to give (`EMFILE`).
const BREATH: Duration = Duration::from_millis(100);
const FULL: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/problem+json\r\n\
    retry-after: 1\r\nconnection: close\r\ncontent-length: 150\r\n\r\n\
    {\"type\":\"about:blank\",\"title\":\"Service Unavailable\",\"status\":503,\"detail\":\"All connections are in use. Try again in a second.\",\"request_id\":\"unknown\"}";

/// How many connections there may be, and how slow.
#[derive(Debug, Clone, Copy)]
pub struct ConnectionLimits {
    /// Where there are more, the one that has been quiet for longest gives way.
    pub most: usize,
    /// From the first byte of a request's head to its last, and from the connection's begin to its first head.
    pub head: Duration,
    /// How long a connection without a request is kept.
    pub idle: Duration,
    /// How long a client may take none of the bytes that are there for it.
    pub stall: Duration,
}

impl Default for ConnectionLimits {
    fn default() -> Self {
        Self {
            most: 800,
            head: Duration::from_secs(10),
            // Longer than the proxies that stand before services keep theirs: they close first.
            idle: Duration::from_secs(75),
            stall: Duration::from_secs(30),
        }
    }
}

/// The other end of a connection.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Peer(pub(crate) SocketAddr);

/// Serves until `stop`, then lets what is under way come to its end.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    limits: ConnectionLimits,
    stop: CancellationToken,
) -> io::Result<()> {
    let crowd = Arc::new(Crowd::new(limits.most));
    let graceful = GracefulShutdown::new();
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) if is_of_one_connection(&error) => continue,
            Err(error) => {
                tracing::error!(%error, "connections cannot be accepted");
                tokio::time::sleep(BREATH).await;
                continue;
            }
        };
        let Some(place) = Crowd::enter(&crowd) else {
            tokio::spawn(refuse(stream));
            continue;
        };
        tokio::spawn(converse(stream, peer, router.clone(), limits, place, graceful.watcher()));
    }
    drop(listener);
    graceful.shutdown().await;
    Ok(())
}

fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

async fn refuse(mut stream: TcpStream) {
    // A socket that has just been opened takes this much at once; where not, it is closed without a word.
    let _ = tokio::time::timeout(BREATH, stream.write_all(FULL)).await;
}

async fn converse(
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
    limits: ConnectionLimits,
    place: Place,
    watcher: Watcher,
) {
    // Answers are written whole: waiting for more to send only delays them.
    let _ = stream.set_nodelay(true);
    let phase = place.phase();
    let io = TokioIo::new(Paced::new(stream, limits, Arc::clone(&phase)));
    let service = service_fn(move |request: Request<Incoming>| {
        let busy = Busy::begin(&phase);
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(Peer(peer));
        let answer = router.clone().call(request);
        async move {
            let Ok(response) = answer.await;
            Ok::<_, Infallible>(response.map(|body| busy.with(body)))
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        // Runs while no request is there, too: the head's own limit is kept by `Paced`.
        .header_read_timeout(limits.idle)
        .max_buf_size(BUFFER)
        .serve_connection(io, service);
    tokio::select! {
        ended = watcher.watch(connection) => {
            if let Err(error) = ended {
                tracing::trace!(%error, "a connection broke off");
            }
        }
        () = place.asked_to_leave() => {}
    }
}

#[cfg(test)]
mod tests {
    use super::FULL;

    #[test]
    fn the_answer_to_one_too_many_is_a_whole_problem() {
        let text = std::str::from_utf8(FULL).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(head.ends_with(&format!("content-length: {}", body.len())), "{}", body.len());
        let problem: serde_json::Value = serde_json::from_str(body).unwrap();
        assert_eq!(problem["status"], 503);
    }
}
