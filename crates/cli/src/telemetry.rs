use std::io::{self, IsTerminal as _};
use std::str::FromStr;

use tracing_subscriber::EnvFilter;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LogLevel(tracing::Level);

impl FromStr for LogLevel {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.to_ascii_lowercase().as_str() {
            "warning" => Ok(Self(tracing::Level::WARN)),
            "critical" => Ok(Self(tracing::Level::ERROR)),
            other => other.parse().map(Self).map_err(|_| "must be error, warn, info, debug or trace"),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LogFormat {
    Pretty,
    Json,
}

impl FromStr for LogFormat {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "pretty" => Ok(Self::Pretty),
            "json" => Ok(Self::Json),
            _ => Err("must be `pretty` or `json`"),
        }
    }
}

/// Logs to standard error: for people on a terminal, else one JSON object a line.
pub(crate) fn init(level: LogLevel, format: Option<LogFormat>) {
    // What others write in detail is not written for us, and may hold what we would never log: headers, addresses.
    let others = if level.0 > tracing::Level::INFO { "info" } else { "warn" };
    let filter = EnvFilter::new(format!("{others},connector={}", level.0));
    let subscriber = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr);
    let format =
        format.unwrap_or(if io::stderr().is_terminal() { LogFormat::Pretty } else { LogFormat::Json });
    match format {
        LogFormat::Pretty => subscriber.with_ansi(io::stderr().is_terminal()).init(),
        LogFormat::Json => {
            subscriber.json().flatten_event(true).with_current_span(true).with_span_list(false).init();
        }
    }
}
