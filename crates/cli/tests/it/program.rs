//! A running program.

use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};

use connector_testkit::{within, within_or};
use tokio::io::{AsyncBufReadExt as _, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::watch;

/// A process of the real binary, with everything that it has written so far. Killed when dropped.
pub struct Program {
    child: Child,
    output: Arc<Output>,
}

struct Output {
    lines: Mutex<Vec<(Stream, String)>>,
    /// How many lines there are, and how many of the two streams have not ended.
    news: watch::Sender<(usize, usize)>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Stream {
    Out,
    Err,
}

/// How a program ended, and all that it has written.
#[derive(Debug)]
pub struct Ended {
    /// `None` where a signal ended it.
    pub code: Option<i32>,
    /// Results.
    pub stdout: String,
    /// Logs, progress and errors.
    pub stderr: String,
}

impl Ended {
    /// This, if the program did what it was to do.
    #[track_caller]
    pub fn well(self) -> Self {
        assert_eq!(self.code, Some(0), "{self:?}");
        self
    }
}

impl Program {
    pub fn start(mut command: Command) -> Self {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().unwrap();
        let output = Arc::new(Output { lines: Mutex::default(), news: watch::Sender::new((0, 2)) });
        tokio::spawn(Arc::clone(&output).read(Stream::Out, child.stdout.take().unwrap()));
        tokio::spawn(Arc::clone(&output).read(Stream::Err, child.stderr.take().unwrap()));
        Self { child, output }
    }

    /// Waits for a line that holds a text.
    pub async fn line(&self, text: &str) -> String {
        let mut news = self.output.news.subscribe();
        let (mut seen, what) = (0, format!("the line `{text}` in {}", self.output.text()));
        loop {
            if let Some((_, line)) =
                self.output.lines().iter().skip(seen).find(|(_, line)| line.contains(text))
            {
                return line.clone();
            }
            let (lines, open) = *news.borrow_and_update();
            assert!(open > 0, "the program ended without the line `{text}`:\n{}", self.output.text());
            seen = seen.max(lines.saturating_sub(1));
            within(&what, news.changed()).await.unwrap();
        }
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id().unwrap()
    }

    /// Everything that it has written so far.
    pub fn text(&self) -> String {
        self.output.text()
    }

    /// Sends a signal by its name: `TERM`, `INT`.
    pub async fn signal(&self, name: &str) {
        let id = self.child.id().unwrap().to_string();
        assert!(Command::new("kill").args(["-s", name, &id]).status().await.unwrap().success());
    }

    /// Waits until it has ended by itself.
    pub async fn end(mut self) -> Ended {
        let output = Arc::clone(&self.output);
        let what = || format!("the end of the program, which wrote:\n{}", output.text());
        let status = within_or(self.child.wait(), what).await.unwrap();
        let mut news = self.output.news.subscribe();
        within("the end of the output", news.wait_for(|(_, open)| *open == 0)).await.unwrap();
        let of = |stream| self.output.of(|from| from == stream);
        Ended { code: status.code(), stdout: of(Stream::Out), stderr: of(Stream::Err) }
    }

    /// SIGKILL: it can do nothing more.
    pub async fn kill(mut self) {
        self.child.kill().await.unwrap();
    }
}

impl Output {
    async fn read(self: Arc<Self>, from: Stream, stream: impl AsyncRead + Unpin) {
        let mut lines = BufReader::new(stream).lines();
        while let Ok(Some(line)) = lines.next_line().await {
            self.lines().push((from, line));
            self.news.send_modify(|(lines, _)| *lines += 1);
        }
        self.news.send_modify(|(_, open)| *open -= 1);
    }

    fn lines(&self) -> std::sync::MutexGuard<'_, Vec<(Stream, String)>> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The lines of some streams, in the order in which they came.
    fn of(&self, wanted: impl Fn(Stream) -> bool) -> String {
        let lines = self.lines();
        let lines: Vec<_> =
            lines.iter().filter(|(from, _)| wanted(*from)).map(|(_, line)| line.as_str()).collect();
        lines.join("\n")
    }

    fn text(&self) -> String {
        self.of(|_| true)
    }
}
