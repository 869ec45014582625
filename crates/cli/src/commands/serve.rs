use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Context as _;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::config::Config;
use crate::service::Service;
use crate::telemetry;

/// A stop waits no longer than this for requests and jobs; what is not done by then goes on at the next start.
const STOP_WITHIN: Duration = Duration::from_secs(8);

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Address to listen on [default: 127.0.0.1:3001, or `CONNECTOR_LISTEN`]
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
}

pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let mut config = Config::load(arguments.listen)?;
    telemetry::init(config.log_level, config.log_format);
    let listener = bind(config.listen, "--listen").await?;
    if config.web.public_url.port() == Some(0) {
        // Any free port was asked for: people are told which it became. An address with a host takes a port.
        let _ = config.web.public_url.set_port(Some(listener.local_addr()?.port()));
    }
    serve(config, listener, stop_signal()).await
}

/// `option` is how another address is chosen.
pub(crate) async fn bind(listen: SocketAddr, option: &str) -> anyhow::Result<TcpListener> {
    TcpListener::bind(listen).await.with_context(|| {
        format!("cannot listen on {listen}: is another program there? Choose another with {option}")
    })
}

/// Serves until `stop`, then lets what is under way come to its end.
pub(crate) async fn serve(
    config: Config,
    listener: TcpListener,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    for warning in &config.warnings {
        tracing::warn!("{warning}");
    }
    let service = Service::open(&config).await?;
    let _lock = service.take_over().await?;
    service.recover().await;
    let router = connector_web::router(service.app(config.web.clone(), stop.clone()));
    let jobs = tokio::spawn(service.run_jobs(stop.clone()));
    let house = tokio::spawn(service.keep_house(stop.clone()));
    let metrics = tokio::spawn(connector_web::keep_metrics(stop.clone()));
    let address = listener.local_addr()?;
    tracing::info!(%address, url = %config.web.public_url, database = %config.database, "serving");
    let served = connector_web::serve(listener, router, config.limits, stop.clone());
    let ended = async {
        served.await?;
        let _ = tokio::join!(jobs, house, metrics);
        anyhow::Ok(())
    };
    let overdue = async {
        stop.cancelled().await;
        tracing::info!("stopping");
        tokio::time::sleep(STOP_WITHIN).await;
    };
    tokio::select! {
        result = ended => result?,
        () = overdue => tracing::warn!("something did not end in time; it goes on at the next start"),
    }
    service.close().await?;
    tracing::info!("stopped");
    Ok(())
}

/// Cancelled by SIGINT or SIGTERM, from the moment on at which this returns.
pub(crate) fn stop_signal() -> CancellationToken {
    let stop = CancellationToken::new();
    let (token, signal) = (stop.clone(), signal());
    tokio::spawn(async move {
        signal.await;
        token.cancel();
    });
    stop
}

#[cfg(unix)]
fn signal() -> impl Future<Output = ()> {
    use tokio::signal::unix::{SignalKind, signal};
    // Here and not in the task: a signal that came before the task ran would end the process on the spot.
    let signals = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()));
    async {
        let (Ok(mut terminate), Ok(mut interrupt)) = signals else { return std::future::pending().await };
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    }
}

#[cfg(not(unix))]
async fn signal() {
    let _ = tokio::signal::ctrl_c().await;
}
