//! The sandbox by itself: `cargo run -p connector-sandbox --example sandbox -- --control`.

use clap::Parser;
use connector_sandbox::{SandboxOptions, serve};

#[derive(Parser)]
struct Arguments {
    #[arg(long, default_value = "127.0.0.1:4001")]
    listen: String,
    #[command(flatten)]
    options: SandboxOptions,
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let arguments = Arguments::parse();
    let listener = tokio::net::TcpListener::bind(&arguments.listen).await?;
    serve(listener, arguments.options, std::future::pending()).await
}
