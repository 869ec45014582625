//! Stands between the program and the simulator, and writes down what is asked: what the floor downloads is what the
//! program downloads, whichever endpoints and pages these are.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::http::{Answer, Connection, request};

/// What tells one request from another; compression is none of it.
const KEPT: [header::HeaderName; 3] = [header::AUTHORIZATION, header::CONTENT_TYPE, header::ACCEPT];

/// More calls a second than anybody makes.
pub const NO_LIMIT: &str = "1000000";

/// A request as it goes over the wire, and how it was answered.
pub struct Recorded {
    pub request: Vec<u8>,
    pub status: u16,
}

pub struct Recorder {
    pub address: SocketAddr,
    relay: Relay,
    server: JoinHandle<std::io::Result<()>>,
}

#[derive(Clone)]
struct Relay {
    to: SocketAddr,
    idle: Arc<Mutex<Vec<Connection>>>,
    recorded: Arc<Mutex<Vec<Recorded>>>,
    under_way: Arc<AtomicU64>,
    most_under_way: Arc<AtomicU64>,
}

impl Recorder {
    pub async fn start(to: SocketAddr) -> anyhow::Result<Self> {
        let relay = Relay {
            to,
            idle: Arc::default(),
            recorded: Arc::default(),
            under_way: Arc::default(),
            most_under_way: Arc::default(),
        };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let router = Router::new().fallback(pass).with_state(relay.clone());
        let server = tokio::spawn(async move { axum::serve(listener, router).await });
        Ok(Self { address, relay, server })
    }

    /// What was asked, in that order, and the most that was waited for at a time.
    pub fn end(self) -> (Vec<Recorded>, u64) {
        self.server.abort();
        let recorded =
            std::mem::take(&mut *self.relay.recorded.lock().unwrap_or_else(PoisonError::into_inner));
        (recorded, self.relay.most_under_way.load(Ordering::Relaxed))
    }
}

async fn pass(State(relay): State<Relay>, request: Request) -> Response {
    let under_way = relay.under_way.fetch_add(1, Ordering::Relaxed) + 1;
    relay.most_under_way.fetch_max(under_way, Ordering::Relaxed);
    let answer = relay.pass(request).await;
    relay.under_way.fetch_sub(1, Ordering::Relaxed);
    match answer {
        Ok(answer) => {
            let content_type = answer.content_type.map(|value| [(header::CONTENT_TYPE, value)]);
            let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::BAD_GATEWAY);
            (status, [("x-ratelimit-limit", NO_LIMIT)], content_type, answer.body).into_response()
        }
        Err(error) => (StatusCode::BAD_GATEWAY, format!("{error:#}")).into_response(),
    }
}

impl Relay {
    async fn pass(&self, request: Request) -> anyhow::Result<Answer> {
        let bytes = self.bytes(request).await?;
        let waiting = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut connection = match waiting {
            Some(connection) => connection,
            None => Connection::open(self.to).await?,
        };
        let answer = connection.ask(&bytes).await?;
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
        let recorded = Recorded { request: bytes, status: answer.status };
        self.recorded.lock().unwrap_or_else(PoisonError::into_inner).push(recorded);
        Ok(answer)
    }

    async fn bytes(&self, asked: Request) -> anyhow::Result<Vec<u8>> {
        let (parts, body) = asked.into_parts();
        let body: Bytes = axum::body::to_bytes(Body::new(body), usize::MAX).await?;
        let host = self.to.to_string();
        let mut headers = vec![("host", host.as_str())];
        for name in &KEPT {
            if let Some(value) = parts.headers.get(name) {
                headers.push((name.as_str(), value.to_str()?));
            }
        }
        let path = parts.uri.path_and_query().context("a request without a path")?;
        Ok(request(parts.method.as_str(), path.as_str(), &headers, &body))
    }
}
