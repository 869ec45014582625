use std::time::Duration;

use connector_atlassian::{TokenError, pkce};
use connector_domain::{AuthorizationCode, RefreshToken, SystemEntropy};

use crate::stub::{Reply, Stub};
use crate::{app, client};

async fn refresh_at(url: &str) -> TokenError {
    client(url).refresh(&app(), &RefreshToken::new("the-old-refresh-token")).await.unwrap_err()
}

async fn exchange_at(url: &str) -> TokenError {
    let (verifier, _) = pkce::generate(&SystemEntropy);
    let code = AuthorizationCode::new("the-code");
    client(url).exchange_code(&app(), &code, "https://app.example/cb", &verifier).await.unwrap_err()
}

/// The class of an error, for tables.
pub fn class(error: &TokenError) -> &'static str {
    match error {
        TokenError::Refused { .. } => "refused",
        TokenError::InvalidCode { .. } => "invalid code",
        TokenError::Misconfigured { .. } => "misconfigured",
        TokenError::RateLimited { .. } => "rate limited",
        TokenError::Unavailable { answer_lost: true, .. } => "lost",
        TokenError::Unavailable { answer_lost: false, .. } => "unavailable",
    }
}

/// Every answer with what it means at a refresh and at the exchange of a code.
#[tokio::test]
async fn answers_are_sorted_by_what_they_name_and_where() {
    for (status, body, at_refresh, at_exchange) in [
        (403, r#"{"error":"invalid_grant","error_description":"Unknown token."}"#, "refused", "invalid code"),
        (400, r#"{"error":"invalid_grant"}"#, "refused", "invalid code"),
        (401, r#"{"error":"invalid_grant","error_description":null}"#, "refused", "invalid code"),
        (
            403,
            r#"{"error":"unauthorized_client","error_description":"refresh_token is invalid"}"#,
            "refused",
            "misconfigured",
        ),
        (
            401,
            r#"{"error":"unauthorized_client","error_description":"Unknown app"}"#,
            "misconfigured",
            "misconfigured",
        ),
        (
            401,
            r#"{"error":"access_denied","error_description":"Unauthorized"}"#,
            "misconfigured",
            "misconfigured",
        ),
        (401, r#"{"error":"invalid_client"}"#, "misconfigured", "misconfigured"),
        (
            400,
            r#"{"error":"invalid_request","error_description":"code is missing"}"#,
            "misconfigured",
            "misconfigured",
        ),
        (400, r#"{"error":"something_new"}"#, "unavailable", "unavailable"),
        (400, r#"{"error":{"code":"invalid_grant"}}"#, "unavailable", "unavailable"),
        (400, "error=invalid_grant", "unavailable", "unavailable"),
        (401, "", "unavailable", "unavailable"),
        (403, "<html>blocked: invalid_grant</html>", "unavailable", "unavailable"),
        (404, r#"{"code":404,"message":"Not Found"}"#, "unavailable", "unavailable"),
        (302, "", "unavailable", "unavailable"),
        (408, "", "lost", "lost"),
        (429, r#"{"error":"invalid_grant"}"#, "rate limited", "rate limited"),
        (500, r#"{"error":"invalid_grant"}"#, "lost", "lost"),
        (502, "<html>Bad Gateway</html>", "lost", "lost"),
        (503, "", "lost", "lost"),
        (200, "", "lost", "lost"),
        (200, r#"{"access_token":"a","refresh_tok"#, "lost", "lost"),
        (200, "<html>welcome</html>", "lost", "lost"),
        (200, r#"{"error":"invalid_grant"}"#, "lost", "lost"),
        (200, r#"{"access_token":""}"#, "lost", "lost"),
        (200, r#"{"access_token":null,"refresh_token":"r"}"#, "lost", "lost"),
        (204, "", "lost", "lost"),
    ] {
        let stub = Stub::start(move |_| Reply::new(status, body)).await;
        assert_eq!(class(&refresh_at(&stub.url).await), at_refresh, "refresh: {status} {body}");
        assert_eq!(class(&exchange_at(&stub.url).await), at_exchange, "exchange: {status} {body}");
        assert_eq!(stub.asked().len(), 2, "a token request is never repeated: {status} {body}");
    }
}

#[tokio::test]
async fn faults_of_the_way_say_whether_the_answer_was_lost() {
    assert_eq!(class(&refresh_at(&Stub::nowhere().await).await), "unavailable");
    for bytes in [
        &b""[..],
        b"HTTP/1.1 200 OK\r\ncontent-le",
        b"HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n{\"access_token\":\"a\"}",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n{\"acc\r\n",
        b"SSH-2.0-OpenSSH_9.9\r\n",
    ] {
        let shown = String::from_utf8_lossy(bytes);
        assert_eq!(class(&refresh_at(&Stub::raw(bytes).await).await), "lost", "{shown}");
        assert_eq!(class(&exchange_at(&Stub::raw(bytes).await).await), "lost", "{shown}");
    }
    // The status has come whole, so the request was refused, whatever the cut body was to say.
    let cut = b"HTTP/1.1 403 Forbidden\r\ncontent-length: 500\r\n\r\n{\"error\":\"invalid_grant\"";
    assert_eq!(class(&refresh_at(&Stub::raw(cut).await).await), "unavailable");
}

#[tokio::test]
async fn an_endless_answer_is_cut_off_and_counts_as_lost() {
    let stub = Stub::start(|_| {
        Reply::new(200, format!(r#"{{"access_token":"a","padding":"{}"}}"#, "x".repeat(70_000)))
    })
    .await;
    let error = refresh_at(&stub.url).await;
    assert_eq!(class(&error), "lost");
    assert!(error.to_string().contains("65536"), "{error}");
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let other = Stub::start(|_| Reply::new(200, r#"{"access_token":"a"}"#)).await;
    for status in [301, 302, 303, 307, 308] {
        let to = format!("{}/oauth/token", other.url);
        let stub = Stub::start(move |_| Reply::new(status, "").header("location", &to)).await;
        assert_eq!(class(&refresh_at(&stub.url).await), "unavailable", "{status}");
    }
    assert!(other.asked().is_empty());
}

#[tokio::test]
async fn a_rate_limit_says_how_long() {
    for (headers, expected) in [(vec![("retry-after", "17")], Some(17)), (vec![], None)] {
        let stub = Stub::start(move |_| {
            headers.iter().fold(Reply::new(429, "<html>"), |reply, (name, value)| reply.header(name, value))
        })
        .await;
        let retry_after = expected.map(Duration::from_secs);
        assert_eq!(refresh_at(&stub.url).await, TokenError::RateLimited { retry_after });
    }
}

#[tokio::test]
async fn no_error_repeats_a_secret() {
    for body in [
        r#"{"error":"invalid_grant","error_description":"the-old-refresh-token is bad, s3cret-of-the-app too"}"#,
        r#"{"error":"invalid_client","error_description":"s3cret-of-the-app"}"#,
        r#"{"error":"s3cret-of-the-app"}"#,
        "the-old-refresh-token\u{7}s3cret-of-the-app",
    ] {
        let stub = Stub::start(move |_| Reply::new(403, body)).await;
        let error = refresh_at(&stub.url).await;
        let shown = format!("{error} {error:?}");
        assert!(!shown.contains("s3cret") && !shown.contains("the-old"), "{shown}");
    }
}
