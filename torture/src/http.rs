//! One HTTP/1.1 request per connection, which is the caller's to break: a full client would hide what happens to it.

use std::io::{Error, ErrorKind, Result};
use std::net::SocketAddr;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A request to be written.
#[derive(Debug, Clone)]
pub struct Request {
    method: &'static str,
    path: String,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
}

#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Request {
    pub fn new(method: &'static str, path: impl Into<String>) -> Self {
        Self { method, path: path.into(), headers: Vec::new(), body: Vec::new() }
    }

    pub fn get(path: impl Into<String>) -> Self {
        Self::new("GET", path)
    }

    pub fn post(path: impl Into<String>) -> Self {
        Self::new("POST", path)
    }

    #[must_use]
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    #[must_use]
    pub fn json(mut self, body: &Value) -> Self {
        self.body = body.to_string().into_bytes();
        self.header("content-type", "application/json")
    }

    #[must_use]
    pub fn form(mut self, body: &str) -> Self {
        self.body = body.as_bytes().to_vec();
        self.header("content-type", "application/x-www-form-urlencoded")
    }

    /// As it goes over the wire.
    pub fn bytes(&self) -> Vec<u8> {
        let mut head = format!("{} {} HTTP/1.1\r\nconnection: close\r\n", self.method, self.path);
        if !self.headers.iter().any(|(name, _)| *name == "host") {
            head.push_str("host: localhost\r\n");
        }
        for (name, value) in &self.headers {
            head.extend([name, ": ", value, "\r\n"]);
        }
        head.extend(["content-length: ", &self.body.len().to_string(), "\r\n\r\n"]);
        [head.as_bytes(), &self.body].concat()
    }

    /// Sends it and reads the answer to its end.
    pub async fn send(&self, to: SocketAddr, within: Duration) -> Result<Answer> {
        let exchange = async {
            let mut stream = TcpStream::connect(to).await?;
            stream.write_all(&self.bytes()).await?;
            let mut answer = Vec::new();
            stream.read_to_end(&mut answer).await?;
            Answer::parse(&answer).ok_or_else(|| Error::new(ErrorKind::InvalidData, "an answer was cut"))
        };
        tokio::time::timeout(within, exchange).await.map_err(|_| Error::from(ErrorKind::TimedOut))?
    }
}

impl Answer {
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
        let head = std::str::from_utf8(&bytes[..end]).ok()?;
        let mut lines = head.split("\r\n");
        let status = lines.next()?.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok()?;
        let headers: Vec<(String, String)> = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
            .collect();
        let mut answer = Self { status, headers, body: bytes[end + 4..].to_vec() };
        if answer.header("transfer-encoding").is_some() {
            answer.body = unchunked(&answer.body)?;
        } else if let Some(length) = answer.header("content-length") {
            (answer.body.len() == length.parse::<usize>().ok()?).then_some(())?;
        }
        Some(answer)
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Name and value of each cookie that is set, as a `Cookie` header repeats them.
    pub fn cookies(&self) -> Vec<&str> {
        let set = self.headers.iter().filter(|(name, _)| name == "set-cookie");
        set.filter_map(|(_, value)| value.split(';').next()).collect()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

fn unchunked(mut rest: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let line = rest.windows(2).position(|window| window == b"\r\n")?;
        let size = usize::from_str_radix(std::str::from_utf8(&rest[..line]).ok()?.trim(), 16).ok()?;
        if size == 0 {
            return Some(body);
        }
        body.extend_from_slice(rest.get(line + 2..line + 2 + size)?);
        rest = rest.get(line + 4 + size..)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read_with_its_cookies() {
        let text = "HTTP/1.1 302 Found\r\nLocation: /there\r\nset-cookie: a=1; Path=/\r\nSet-Cookie: b=2\r\n\
                    content-length: 2\r\n\r\n{}";
        let answer = Answer::parse(text.as_bytes()).unwrap();
        assert_eq!((answer.status, answer.header("location")), (302, Some("/there")));
        assert_eq!(answer.cookies(), ["a=1", "b=2"]);
        assert_eq!(answer.json(), serde_json::json!({}));
    }

    #[test]
    fn chunks_are_put_together_and_a_cut_answer_is_none() {
        let text = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n";
        assert_eq!(Answer::parse(text.as_bytes()).unwrap().body, b"hello!");
        assert!(Answer::parse(&text.as_bytes()[..text.len() - 8]).is_none());
        assert!(Answer::parse(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhello").is_none());
        assert!(Answer::parse(b"HTTP/1.1 200 OK\r\ncont").is_none());
    }
}
