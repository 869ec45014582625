use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep};

use super::crowd::Phase;
use super::{ConnectionLimits, refusals};

/// A stream whose other end has to keep pace: a head must come within its time, and bytes must be taken.
#[derive(Debug)]
pub(super) struct Paced {
    stream: TcpStream,
    limits: ConnectionLimits,
    phase: Arc<Phase>,
    head: Deadline,
    write: Deadline,
}

impl Paced {
    pub(super) fn new(stream: TcpStream, limits: ConnectionLimits, phase: Arc<Phase>) -> Self {
        let mut head = Deadline::default();
        head.begin(limits.head);
        Self { stream, limits, phase, head, write: Deadline::default() }
    }

    /// What a write came to; where it waits, it may not wait for ever.
    fn written<T>(&mut self, context: &mut Context<'_>, outcome: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if outcome.is_ready() {
            self.write.end();
            return outcome;
        }
        self.write.begin(self.limits.stall);
        self.write.check(context)?;
        Poll::Pending
    }
}

impl AsyncRead for Paced {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let before = buffer.filled().len();
        let outcome = Pin::new(&mut this.stream).poll_read(context, buffer);
        let came = buffer.filled().len() > before;
        match this.phase.get() {
            // The body of a request has a limit of its own.
            Phase::BUSY => this.head.end(),
            Phase::IDLE => {
                this.head.end();
                if came {
                    this.phase.set(Phase::HEAD);
                    this.head.begin(this.limits.head);
                }
            }
            _ => {
                this.head.begin(this.limits.head);
                if outcome.is_pending() {
                    this.head.check(context)?;
                }
            }
        }
        outcome
    }
}

impl AsyncWrite for Paced {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let problem = refusals::with_problem(bytes);
        let sent = problem.as_deref().map_or(bytes, str::as_bytes);
        let outcome = Pin::new(&mut self.stream).poll_write(context, sent);
        // Whole: it is the last on its connection, and short.
        let outcome = if problem.is_some() { outcome.map_ok(|_| bytes.len()) } else { outcome };
        self.written(context, outcome)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if let [only] = slices {
            return self.poll_write(context, only);
        }
        let outcome = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.written(context, outcome)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

/// A time by which something must have happened. The timer is made once and set anew.
#[derive(Debug, Default)]
struct Deadline {
    timer: Option<Pin<Box<Sleep>>>,
    runs: bool,
}

impl Deadline {
    /// Where it does not run already.
    fn begin(&mut self, within: Duration) {
        if self.runs {
            return;
        }
        self.runs = true;
        match &mut self.timer {
            Some(timer) => timer.as_mut().reset(Instant::now() + within),
            None => self.timer = Some(Box::pin(tokio::time::sleep(within))),
        }
    }

    fn end(&mut self) {
        self.runs = false;
    }

    fn check(&mut self, context: &mut Context<'_>) -> io::Result<()> {
        let running = self.timer.as_mut().filter(|_| self.runs);
        match running.map(|timer| timer.as_mut().poll(context)) {
            Some(Poll::Ready(())) => Err(io::ErrorKind::TimedOut.into()),
            _ => Ok(()),
        }
    }
}
