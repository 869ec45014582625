//! Serving the sandbox on a listener.

use std::{future::Future, io, net::IpAddr};

use axum::serve::ListenerExt as _;
use tokio::net::TcpListener;

use crate::{app::Sandbox, options::SandboxOptions};

/// Serves the sandbox until the shutdown future is ready. Its base URL is the listener's address.
pub async fn serve(
    listener: TcpListener,
    options: SandboxOptions,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let mut address = listener.local_addr()?;
    if address.ip().is_unspecified() {
        address.set_ip(match address.ip() {
            IpAddr::V4(_) => IpAddr::from([127, 0, 0, 1]),
            IpAddr::V6(_) => IpAddr::from([0, 0, 0, 0, 0, 0, 0, 1]),
        });
    }
    let sandbox = Sandbox::new(options, format!("http://{address}"));
    // Small answers must not wait for more to come.
    let listener = listener.tap_io(|stream| {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "could not switch Nagle's algorithm off");
        }
    });
    axum::serve(listener, sandbox.router()).with_graceful_shutdown(shutdown).await
}
