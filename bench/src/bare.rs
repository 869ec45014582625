//! The floor: a handler of the same server library, in a process of its own, that does nothing but answer with
//! prepared bytes. What a route loses against it is what the route itself costs.

use std::net::SocketAddr;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, bail};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{Response, StatusCode, header};
use axum::routing::any;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::TcpListener;
use tokio::process::{Child, Command};

use crate::http::Answer;

const START_PATIENCE: Duration = Duration::from_secs(10);

#[derive(clap::Args)]
pub struct Args {
    #[arg(long)]
    pub path: String,
    #[arg(long)]
    pub status: u16,
    #[arg(long)]
    pub content_type: Option<String>,
    #[arg(long)]
    pub location: Option<String>,
    /// How many bytes the body has.
    #[arg(long)]
    pub bytes: usize,
}

/// Serves on a port of its choice, which it prints, until its standard input ends: that is when the benchmark does.
pub async fn serve(args: &Args) -> anyhow::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?);
    let benchmark_ends =
        tokio::task::spawn_blocking(|| std::io::copy(&mut std::io::stdin().lock(), &mut std::io::sink()));
    tokio::select! {
        served = axum::serve(listener, router(args)?) => Ok(served?),
        _ = benchmark_ends => Ok(()),
    }
}

pub fn router(args: &Args) -> anyhow::Result<Router> {
    let mut prepared = Response::new(Bytes::from(vec![b'x'; args.bytes]));
    *prepared.status_mut() = StatusCode::from_u16(args.status)?;
    let fields = [(header::CONTENT_TYPE, &args.content_type), (header::LOCATION, &args.location)];
    for (name, value) in fields {
        if let Some(value) = value {
            prepared.headers_mut().insert(name, value.parse()?);
        }
    }
    // The request's body is read, as any handler that takes one must.
    Ok(Router::new().route(&args.path, any(async move |_body: Bytes| prepared.map(Body::from))))
}

pub struct Bare {
    process: Child,
    pub address: SocketAddr,
}

impl Bare {
    /// Starts a handler on this path whose answers look like the sample.
    pub async fn start(path: &str, sample: &Answer) -> anyhow::Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["bare", "--path", path, "--status", &sample.status.to_string()]);
        command.args(["--bytes", &sample.body.len().to_string()]);
        for (option, value) in [("--content-type", &sample.content_type), ("--location", &sample.location)] {
            command.args(value.iter().map(|value| format!("{option}={value}")));
        }
        let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true).spawn()?;
        let output = process.stdout.take().context("the bare handler has no output")?;
        let mut line = String::new();
        let mut output = BufReader::new(output);
        let Ok(read) = tokio::time::timeout(START_PATIENCE, output.read_line(&mut line)).await else {
            bail!("the bare handler did not start");
        };
        read?;
        let address =
            line.trim().parse().with_context(|| format!("the bare handler said `{}`", line.trim()))?;
        Ok(Self { process, address })
    }

    pub fn id(&self) -> Option<u32> {
        self.process.id()
    }
}
