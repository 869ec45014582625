//! What stands between the service and the sandbox: it notes what passes, and can hold a request up.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::header::LOCATION;
use axum::middleware::Next;
use axum::response::Response;
use serde_json::Value;
use tokio::sync::Semaphore;
use url::Url;

use crate::within;

/// A request of the token endpoint and its answer, as they were on the wire.
#[derive(Debug, Clone)]
pub struct Exchange {
    pub request: Value,
    pub status: u16,
    /// Null where it was no JSON, or never came.
    pub answer: Value,
}

#[derive(Debug, Default)]
pub(crate) struct Tap {
    exchanges: Mutex<Vec<Exchange>>,
    returns: Mutex<Vec<Url>>,
    gates: Mutex<Vec<Arc<Gate>>>,
}

#[derive(Debug)]
struct Gate {
    path: String,
    used: AtomicBool,
    reached: Semaphore,
    open: Semaphore,
}

/// The next request to a path waits until this is released or dropped.
#[derive(Debug)]
pub struct Hold(Arc<Gate>);

impl Hold {
    /// Waits until the request has come.
    pub async fn reached(&self) {
        let what = format!("a request to {}", self.0.path);
        within(&what, self.0.reached.acquire()).await.expect("the gate is never closed").forget();
    }

    /// Whether the request has come.
    pub fn is_reached(&self) -> bool {
        self.0.used.load(Ordering::SeqCst)
    }

    pub fn release(self) {}
}

impl Drop for Hold {
    fn drop(&mut self) {
        // One that was never reached holds nobody up later.
        self.0.used.store(true, Ordering::SeqCst);
        self.0.open.add_permits(1);
    }
}

impl Tap {
    /// Everything that has passed the token endpoint.
    pub(crate) fn exchanges(&self) -> Vec<Exchange> {
        lock(&self.exchanges).clone()
    }

    /// The addresses to which consents have sent browsers back.
    pub(crate) fn returns(&self) -> Vec<Url> {
        lock(&self.returns).clone()
    }

    pub(crate) fn hold(&self, path: &str) -> Hold {
        let gate = Arc::new(Gate {
            path: path.to_owned(),
            used: AtomicBool::new(false),
            reached: Semaphore::new(0),
            open: Semaphore::new(0),
        });
        lock(&self.gates).push(Arc::clone(&gate));
        Hold(gate)
    }

    async fn wait_at_gate(&self, path: &str) {
        let gate = lock(&self.gates)
            .iter()
            .find(|gate| path.ends_with(&gate.path) && !gate.used.swap(true, Ordering::SeqCst))
            .map(Arc::clone);
        if let Some(gate) = gate {
            gate.reached.add_permits(1);
            if let Ok(permit) = gate.open.acquire().await {
                permit.forget();
            }
        }
    }
}

/// The layer around the sandbox.
pub(crate) async fn pass(State(tap): State<Arc<Tap>>, request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    tap.wait_at_gate(&path).await;
    match path.as_str() {
        "/oauth/token" => note_exchange(&tap, request, next).await,
        "/authorize" => {
            let response = next.run(request).await;
            let back = response.headers().get(LOCATION).and_then(|value| value.to_str().ok());
            lock(&tap.returns).extend(back.and_then(|back| Url::parse(back).ok()));
            response
        }
        _ => next.run(request).await,
    }
}

async fn note_exchange(tap: &Tap, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let sent = to_bytes(body, usize::MAX).await.unwrap_or_default();
    let noted = serde_json::from_slice(&sent).unwrap_or_default();
    let response = next.run(Request::from_parts(parts, Body::from(sent))).await;
    let (parts, body) = response.into_parts();
    let status = parts.status.as_u16();
    let (answer, body) = match to_bytes(body, usize::MAX).await {
        Ok(bytes) => (serde_json::from_slice(&bytes).unwrap_or_default(), Body::from(bytes)),
        // The sandbox breaks the connection off; so does this.
        Err(error) => (Value::Null, broken(error)),
    };
    lock(&tap.exchanges).push(Exchange { request: noted, status, answer });
    Response::from_parts(parts, body)
}

fn broken(error: axum::Error) -> Body {
    Body::from_stream(futures::stream::once(async { Err::<Vec<u8>, _>(error) }))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
