//! What hyper answers by itself to a head that it does not take has no body. It gets ours here, on its way out.

/// The whole answer in place of `bytes`, where those are an answer of hyper's own: ours carry the request's id.
pub(super) fn with_problem(bytes: &[u8]) -> Option<String> {
    const ID: &[u8] = b"x-request-id";
    let status = bytes.strip_prefix(b"HTTP/1.1 ").filter(|rest| rest.starts_with(b"4"))?;
    if bytes.windows(ID.len()).any(|window| window == ID) {
        return None;
    }
    let (status, title, detail) = match status.get(..3)? {
        b"414" => {
            (414, "URI Too Long", "The address is longer than 8192 bytes. Send fewer or shorter parameters.")
        }
        b"431" => (
            431,
            "Request Header Fields Too Large",
            "The header fields are larger than 16384 bytes, or more than 100. In a browser, remove this site's cookies.",
        ),
        b"400" => (400, "Bad Request", "This is no request of HTTP/1.1."),
        _ => return None,
    };
    let body = format!(
        "{{\"type\":\"about:blank\",\"title\":\"{title}\",\"status\":{status},\"detail\":\"{detail}\",\
         \"request_id\":\"unknown\"}}"
    );
    Some(format!(
        "HTTP/1.1 {status} {title}\r\ncontent-type: application/problem+json\r\nx-content-type-options: nosniff\r\n\
         cache-control: no-store\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    ))
}

#[cfg(test)]
mod tests {
    use super::with_problem;

    #[test]
    fn answers_of_the_service_stay_as_they_are() {
        for ours in [
            "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n",
            "HTTP/1.1 414 URI Too Long\r\nx-request-id: a\r\ncontent-length: 0\r\n\r\n",
            "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n",
            "a part of a body",
            "HTTP/1.1 4",
        ] {
            assert_eq!(with_problem(ours.as_bytes()), None, "{ours}");
        }
        let told = with_problem(b"HTTP/1.1 414 URI Too Long\r\ncontent-length: 0\r\n\r\n").unwrap();
        let (head, body) = told.split_once("\r\n\r\n").unwrap();
        assert!(head.ends_with(&format!("content-length: {}", body.len())));
        assert_eq!(serde_json::from_str::<serde_json::Value>(body).unwrap()["status"], 414);
    }
}
