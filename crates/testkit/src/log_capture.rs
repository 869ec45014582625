use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, Once, PoisonError};

use tracing_subscriber::filter::{LevelFilter, dynamic_filter_fn};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{Layer as _, fmt};

static ON: AtomicBool = AtomicBool::new(false);
static LOG: Mutex<Vec<u8>> = Mutex::new(Vec::new());
static ONE_AT_A_TIME: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

/// Takes down everything that this process logs, of every crate and at every level, while it lives.
#[derive(Debug)]
pub struct LogCapture {
    _turn: tokio::sync::MutexGuard<'static, ()>,
}

impl LogCapture {
    /// Waits for another capture to end: the log belongs to the whole process.
    pub async fn start() -> Self {
        static INSTALL: Once = Once::new();
        let turn = ONE_AT_A_TIME.lock().await;
        INSTALL.call_once(|| {
            let only_while_on =
                dynamic_filter_fn(|_, _| ON.load(Ordering::SeqCst)).with_max_level_hint(LevelFilter::TRACE);
            let layer = fmt::layer().json().with_writer(|| Writer).with_filter(only_while_on);
            tracing_subscriber::registry().with(layer).init();
        });
        log().clear();
        ON.store(true, Ordering::SeqCst);
        Self { _turn: turn }
    }

    /// What was logged so far.
    pub fn bytes(&self) -> Vec<u8> {
        log().clone()
    }
}

impl Drop for LogCapture {
    fn drop(&mut self) {
        ON.store(false, Ordering::SeqCst);
    }
}

fn log() -> MutexGuard<'static, Vec<u8>> {
    LOG.lock().unwrap_or_else(PoisonError::into_inner)
}

struct Writer;

impl Write for Writer {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        log().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
