use std::time::Duration;

use connector_atlassian::ApiError;

use crate::stub::{Reply, Stub};
use crate::{client, token};

async fn error_of(reply: impl Fn() -> Reply + Send + Sync + 'static) -> ApiError {
    let stub = Stub::start(move |_| reply()).await;
    client(&stub.url).me(&token()).await.unwrap_err()
}

/// The class of an error, for tables.
pub fn class(error: &ApiError) -> &'static str {
    match error {
        ApiError::TokenExpired => "token expired",
        ApiError::ScopeMissing { .. } => "scope missing",
        ApiError::NotVisible { .. } => "not visible",
        ApiError::NotInstalled { .. } => "not installed",
        ApiError::QuotaExceeded { .. } => "quota",
        ApiError::BurstLimited { .. } => "burst",
        ApiError::Unavailable { .. } => "unavailable",
        ApiError::InvalidRequest { .. } => "invalid request",
        ApiError::LostPlace { .. } => "lost place",
        ApiError::TooLarge { .. } => "too large",
        ApiError::Malformed { .. } => "malformed",
    }
}

/// One row for each shape that Atlassian's hosts have: gateway, Jira, Confluence v1 and v2, edge.
#[tokio::test]
async fn every_shape_is_sorted_and_read() {
    for (status, body, expected, text) in [
        (401, r#"{"code":401,"message":"Unauthorized"}"#, "token expired", ""),
        (401, "", "token expired", ""),
        (
            401,
            r#"{"code":401,"message":"Unauthorized; scope does not match"}"#,
            "scope missing",
            "scope does not",
        ),
        (
            403,
            r#"{"code":403,"message":"The app is not installed on this instance"}"#,
            "not installed",
            "this instance",
        ),
        (403, r#"{"message":"Not permitted","statusCode":403}"#, "not visible", "status 403): Not permitted"),
        (404, r#"{"code":404,"message":"No such tenant"}"#, "not visible", "No such tenant"),
        (404, r#"{"errorMessages":["No issue for you."],"errors":{}}"#, "not visible", "No issue for you."),
        (
            404,
            r#"{"type":"about:blank","title":"Not Found","status":404,"detail":"No route."}"#,
            "not visible",
            "Not Found No route.",
        ),
        (
            404,
            r#"{"errors":[{"status":404,"code":"NOT_FOUND","title":"Gone away","detail":null}]}"#,
            "not visible",
            "Gone away",
        ),
        (
            404,
            r#"{"statusCode":404,"data":{"valid":true,"errors":[]},"message":"x.NotFoundException: no page"}"#,
            "not visible",
            "no page",
        ),
        (
            400,
            r#"{"errorMessages":["The value 'SECRET' does not exist for the field 'project'."]}"#,
            "not visible",
            "field 'project'",
        ),
        (
            400,
            r#"{"errorMessages":[],"errors":{"b":"is bad","a":"is worse"}}"#,
            "invalid request",
            "status 400): a: is worse b: is bad",
        ),
        (
            400,
            r#"{"errors":[{"status":400,"title":"Provided cursor is invalid","detail":"Really"}]}"#,
            "invalid request",
            "invalid Really",
        ),
        (410, r#"{"errorMessages":["The requested API has been removed."]}"#, "invalid request", "removed"),
        (413, "<html><body>Too large</body></html>", "invalid request", "Too large"),
        (415, "", "invalid request", "no reason given"),
        (302, "", "malformed", "redirect"),
        (408, "", "unavailable", "408"),
        (409, r#"{"errorMessages":["The search took too long."]}"#, "unavailable", "took too long"),
        (500, r#"{"errorMessages":["Internal"]}"#, "unavailable", "500: Internal"),
        (502, "<html>\r\n<h1>Bad\tGateway</h1></html>", "unavailable", "<h1>Bad Gateway</h1>"),
        (503, "", "unavailable", "503"),
        (200, "<!doctype html><title>Maintenance</title>", "unavailable", "not JSON"),
        (200, "", "unavailable", "not JSON"),
        (200, r#"{"account_id":"#, "unavailable", "not JSON"),
        (200, r#"{"id":"not a person"}"#, "malformed", "documented"),
        (200, r#"{"account_id":""}"#, "malformed", "documented"),
    ] {
        let error = error_of(move || Reply::new(status, body)).await;
        assert_eq!(class(&error), expected, "{status} {body}: {error}");
        assert!(error.to_string().contains(text), "{status} {body}: {error}");
        let is_transient = matches!(expected, "unavailable" | "quota" | "burst");
        assert_eq!(error.is_transient(), is_transient, "{status} {body}");
    }
}

#[tokio::test]
async fn headers_decide_where_bodies_are_alike() {
    let unauthorized = || Reply::new(401, r#"{"code":401,"message":"Unauthorized"}"#);
    let error =
        error_of(move || unauthorized().header("x-failure-category", "FAILURE_CLIENT_SCOPE_CHECK")).await;
    assert_eq!(class(&error), "scope missing");
    let error =
        error_of(|| Reply::new(404, "").header("atlassian-datasecuritypolicy", "app_access_blocked")).await;
    assert!(error.to_string().contains("security policy"), "{error}");
}

#[tokio::test]
async fn limits_are_told_apart_by_their_reason_with_any_body() {
    for body in ["", "<html>slow down</html>", r#"{"errorMessages":["rate-limited"],"status":429}"#] {
        let quota = error_of(move || {
            Reply::new(429, body)
                .header("date", "Thu, 26 Mar 2026 15:29:13 GMT")
                .header("retry-after", "1847")
                .header("x-ratelimit-reset", "2026-03-26T16:00Z")
                .header("ratelimit-reason", "jira-quota-tenant-based")
        });
        let ApiError::QuotaExceeded { reason, retry_after, until } = quota.await else { panic!("{body}") };
        assert_eq!(
            (reason.as_str(), retry_after),
            ("jira-quota-tenant-based", Some(Duration::from_secs(1847)))
        );
        assert_eq!(until.unwrap().to_string(), "2026-03-26T16:00:00.000Z");

        let burst = error_of(move || {
            Reply::new(429, body).header("retry-after", "1").header("ratelimit-reason", "jira-burst-based")
        });
        let reason = Some("jira-burst-based".to_owned());
        let retry_after = Some(Duration::from_secs(1));
        assert_eq!(burst.await, ApiError::BurstLimited { reason, retry_after });
        let bare = error_of(move || Reply::new(429, body)).await;
        assert_eq!(bare, ApiError::BurstLimited { reason: None, retry_after: None });
    }
}

#[tokio::test]
async fn a_quota_without_times_ends_with_the_hour() {
    let error = error_of(|| {
        Reply::new(429, "")
            .header("date", "Thu, 26 Mar 2026 15:29:13 GMT")
            .header("ratelimit-reason", "confluence-quota-global-based")
    });
    let ApiError::QuotaExceeded { until, .. } = error.await else { panic!() };
    assert_eq!(until.unwrap().to_string(), "2026-03-26T16:00:00.000Z");
}

#[tokio::test]
async fn messages_are_short_and_without_tokens() {
    let long = format!(
        r#"{{"message":"access-token-of-the-test eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiI3In0.c2ln {}"}}"#,
        "word ".repeat(99)
    );
    let ApiError::InvalidRequest { message, .. } = error_of(move || Reply::new(400, long.clone())).await
    else {
        panic!()
    };
    assert!(message.starts_with("[…] […] word word"), "{message}");
    assert_eq!(message.chars().count(), 200);
}

#[tokio::test]
async fn faults_of_the_way_are_transient() {
    let cut = b"HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n{\"account_id\":\"a\"}";
    for url in [Stub::nowhere().await, Stub::raw(b"").await, Stub::raw(cut).await] {
        let error = client(&url).me(&token()).await.unwrap_err();
        assert_eq!(class(&error), "unavailable", "{error}");
        assert!(!error.to_string().contains(&url), "{error}");
    }
}

#[tokio::test]
async fn a_token_that_is_no_header_is_not_sent() {
    let stub = Stub::start(|_| Reply::new(200, "{}")).await;
    let token = connector_domain::AccessToken::new("bad\ntoken");
    let error = client(&stub.url).me(&token).await.unwrap_err();
    assert_eq!(class(&error), "invalid request");
    assert!(!error.to_string().contains("bad") && stub.asked().is_empty(), "{error}");
}
