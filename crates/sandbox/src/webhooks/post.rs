//! A request to an address of this machine. Deliveries need nothing of HTTP but this.

use std::{io, time::Duration};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};
use url::Url;

const TO_CONNECT: Duration = Duration::from_secs(5);
const TO_ANSWER: Duration = Duration::from_secs(20);
/// A status line longer than this is none.
const LONGEST_LINE: usize = 512;

/// Sends a JSON body and answers the status. Redirects are not followed, and what the answer says does not matter.
pub async fn post(url: &Url, headers: &[(&str, String)], body: &str) -> io::Result<u16> {
    let addresses = url.socket_addrs(|| None)?;
    let mut stream = timeout(TO_CONNECT, TcpStream::connect(&*addresses)).await??;
    let path = &url[url::Position::BeforePath..url::Position::AfterQuery];
    let authority = &url[url::Position::BeforeHost..url::Position::AfterPort];
    let mut request = format!(
        "POST {path} HTTP/1.1\r\nhost: {authority}\r\ncontent-type: application/json; charset=UTF-8\r\n\
         content-length: {}\r\nuser-agent: Atlassian Webhook HTTP Client\r\nconnection: close\r\n",
        body.len()
    );
    for (name, value) in headers {
        request.extend([name, ": ", value, "\r\n"]);
    }
    request.extend(["\r\n", body]);
    timeout(TO_ANSWER, async {
        stream.write_all(request.as_bytes()).await?;
        status(&mut stream).await
    })
    .await?
}

async fn status(stream: &mut TcpStream) -> io::Result<u16> {
    let mut line = Vec::new();
    while !line.contains(&b'\n') && line.len() < LONGEST_LINE {
        if stream.read_buf(&mut line).await? == 0 {
            break;
        }
    }
    let line = String::from_utf8_lossy(&line);
    let status = line.strip_prefix("HTTP/1.").and_then(|rest| rest.split(' ').nth(1)?.trim().parse().ok());
    status.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "the answer has no status"))
}
