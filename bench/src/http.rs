//! The least HTTP/1.1 client that can tell whether an answer was right: one connection that is kept, no headers but
//! the needed ones, and a buffer that is used again. A full client would take more time than what it measures.

use std::io::{Error, ErrorKind, Result};
use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const LONGEST_HEAD: usize = 64 * 1024;

pub struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
    /// Bytes at the start of the buffer that are already taken.
    taken: usize,
}

#[derive(Debug, PartialEq)]
pub struct Answer {
    pub status: u16,
    pub content_type: Option<String>,
    pub location: Option<String>,
    /// Name and value of each cookie that is set, as a `Cookie` header repeats them.
    pub cookies: Vec<String>,
    pub body: Vec<u8>,
}

struct Head {
    status: u16,
    length: Length,
    closes: bool,
}

enum Length {
    Known(usize),
    Chunked,
    UntilClosed,
}

impl Connection {
    pub async fn open(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::with_capacity(16 * 1024), taken: 0 })
    }

    /// Sends one request and reads its answer to the end without keeping it: the status, and whether the
    /// connection can be used again.
    pub async fn exchange(&mut self, request: &[u8]) -> Result<(u16, bool)> {
        self.stream.write_all(request).await?;
        let head = self.read_head().await?;
        self.read_body(&head, None).await?;
        let kept = !head.closes && !matches!(head.length, Length::UntilClosed);
        Ok((head.status, kept))
    }

    /// Sends one request and keeps the whole answer.
    pub async fn ask(&mut self, request: &[u8]) -> Result<Answer> {
        self.stream.write_all(request).await?;
        let head = self.read_head().await?;
        let text = String::from_utf8_lossy(&self.buffer[..self.taken]).into_owned();
        let mut body = Vec::new();
        self.read_body(&head, Some(&mut body)).await?;
        let field = |name| header(&text, name).map(str::to_owned);
        Ok(Answer {
            status: head.status,
            content_type: field("content-type"),
            location: field("location"),
            cookies: headers(&text, "set-cookie")
                .filter_map(|cookie| Some(cookie.split(';').next()?.to_owned()))
                .collect(),
            body,
        })
    }

    /// Leaves the head's bytes at the start of the buffer until the body is read.
    async fn read_head(&mut self) -> Result<Head> {
        self.buffer.drain(..self.taken);
        self.taken = 0;
        let mut searched = 0;
        loop {
            if let Some(end) = find(&self.buffer[searched..], b"\r\n\r\n").map(|found| searched + found + 4) {
                self.taken = end;
                return parse_head(&self.buffer[..end]).ok_or_else(|| garbled("the head of an answer"));
            }
            if self.buffer.len() > LONGEST_HEAD {
                return Err(garbled("the head of an answer"));
            }
            searched = self.buffer.len().saturating_sub(3);
            self.fill().await?;
        }
    }

    async fn read_body(&mut self, head: &Head, mut keep: Option<&mut Vec<u8>>) -> Result<()> {
        match head.length {
            Length::Known(length) => self.take(length, keep.as_deref_mut()).await,
            Length::Chunked => loop {
                let size = self.read_line().await?;
                let digits = size.split(';').next().unwrap_or_default().trim();
                let size = usize::from_str_radix(digits, 16).map_err(|_| garbled("the size of a chunk"))?;
                if size == 0 {
                    while !self.read_line().await?.is_empty() {}
                    return Ok(());
                }
                self.take(size, keep.as_deref_mut()).await?;
                self.read_line().await?;
            },
            Length::UntilClosed => loop {
                let waiting = self.buffer.len() - self.taken;
                self.take(waiting, keep.as_deref_mut()).await?;
                match self.fill().await {
                    Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(()),
                    filled => filled?,
                }
            },
        }
    }

    async fn take(&mut self, mut wanted: usize, mut keep: Option<&mut Vec<u8>>) -> Result<()> {
        loop {
            let waiting = self.buffer.len() - self.taken;
            let now = wanted.min(waiting);
            if let Some(keep) = keep.as_deref_mut() {
                keep.extend_from_slice(&self.buffer[self.taken..self.taken + now]);
            }
            self.taken += now;
            wanted -= now;
            if wanted == 0 {
                return Ok(());
            }
            self.fill().await?;
        }
    }

    async fn read_line(&mut self) -> Result<String> {
        loop {
            if let Some(length) = find(&self.buffer[self.taken..], b"\r\n") {
                let line =
                    String::from_utf8_lossy(&self.buffer[self.taken..self.taken + length]).into_owned();
                self.taken += length + 2;
                return Ok(line);
            }
            self.fill().await?;
        }
    }

    async fn fill(&mut self) -> Result<()> {
        if self.taken == self.buffer.len() {
            self.buffer.clear();
            self.taken = 0;
        }
        self.buffer.reserve(16 * 1024);
        match self.stream.read_buf(&mut self.buffer).await? {
            0 => Err(Error::new(
                ErrorKind::UnexpectedEof,
                "the connection was closed in the middle of an answer",
            )),
            _ => Ok(()),
        }
    }
}

fn parse_head(head: &[u8]) -> Option<Head> {
    let text = std::str::from_utf8(head).ok()?;
    let status = text.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok()?;
    let has_body = !matches!(status, 100..=199 | 204 | 304);
    let length = match header(text, "content-length") {
        _ if !has_body => Length::Known(0),
        Some(length) => Length::Known(length.parse().ok()?),
        None if header(text, "transfer-encoding").is_some() => Length::Chunked,
        None => Length::UntilClosed,
    };
    let closes = header(text, "connection").is_some_and(|value| value.eq_ignore_ascii_case("close"));
    Some(Head { status, length, closes })
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    headers(head, name).next()
}

fn headers<'a>(head: &'a str, name: &str) -> impl Iterator<Item = &'a str> {
    head.lines().skip(1).filter_map(move |line| {
        let (key, value) = line.split_once(':')?;
        key.eq_ignore_ascii_case(name).then(|| value.trim())
    })
}

/// The bytes of a request; one with a body says how long it is.
pub fn request(method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    let mut head = format!("{method} {path} HTTP/1.1\r\n");
    for (name, value) in headers {
        head.extend([name, ": ", value, "\r\n"]);
    }
    if !body.is_empty() {
        head.extend(["content-length: ", &body.len().to_string(), "\r\n"]);
    }
    [head.as_bytes(), b"\r\n", body].concat()
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack.windows(needle.len()).position(|window| window == needle)
}

fn garbled(what: &str) -> Error {
    Error::new(ErrorKind::InvalidData, format!("{what} could not be read"))
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    /// Asks a server that sends these pieces one by one, as a network may, and then ends.
    async fn asked(pieces: &'static [&'static str]) -> Result<Vec<Answer>> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let server = tokio::spawn(async move {
            let mut stream = listener.accept().await.unwrap().0;
            for piece in pieces {
                stream.write_all(piece.as_bytes()).await.unwrap();
                tokio::task::yield_now().await;
            }
        });
        let mut connection = Connection::open(address).await?;
        server.await.unwrap();
        let mut answers = Vec::new();
        for _ in 0..2 {
            answers.push(connection.ask(b"").await?);
        }
        Ok(answers)
    }

    fn bodies(answers: &[Answer]) -> Vec<(u16, &str)> {
        answers.iter().map(|answer| (answer.status, std::str::from_utf8(&answer.body).unwrap())).collect()
    }

    #[tokio::test]
    async fn answers_of_known_length_follow_each_other() {
        let answers = asked(&[
            "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\ncontent-le",
            "ngth: 5\r\n\r\nhel",
            "loHTTP/1.1 302 Found\r\nlocation: /there\r\nset-cookie: a=1; Path=/\r\nSet-Cookie: b=2\r\n",
            "content-length: 0\r\n\r\n",
        ]);
        let answers = answers.await.unwrap();
        assert_eq!(bodies(&answers), [(200, "hello"), (302, "")]);
        assert_eq!(answers[0].content_type.as_deref(), Some("text/plain"));
        assert_eq!(answers[1].location.as_deref(), Some("/there"));
        assert_eq!(answers[1].cookies, ["a=1", "b=2"]);
    }

    #[tokio::test]
    async fn chunks_are_put_together() {
        let answers = asked(&[
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n1;x=y\r",
            "\n!\r\n0\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n",
        ]);
        assert_eq!(bodies(&answers.await.unwrap()), [(200, "hello!"), (204, "")]);
    }

    #[tokio::test]
    async fn an_answer_cut_short_is_an_error() {
        let error = asked(&["HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\nhello"]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::UnexpectedEof);
        let error = asked(&["SSH-2.0-OpenSSH\r\n\r\n"]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidData);
    }
}
