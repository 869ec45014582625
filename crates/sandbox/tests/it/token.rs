//! The exchange of codes.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use connector_sandbox::{CLIENT_ID, CLIENT_SECRET, SandboxOptions};
use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::atlassian::{Atlassian, CALLBACK, json_of, read, tokens};

const VERIFIER: &str = "a-verifier-that-is-long-enough-to-be-one-0123456789";

async fn automatic() -> Atlassian {
    Atlassian::start(SandboxOptions { auto_consent: true, ..SandboxOptions::default() }).await
}

fn challenge() -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(VERIFIER))
}

#[tokio::test]
async fn a_json_body_gets_tokens() {
    let atlassian = automatic().await;
    let code = atlassian.code(&[]).await;
    let answer = json_of(atlassian.exchange(&code, &[]).await).await;
    assert_eq!(answer["token_type"], "Bearer");
    assert_eq!(answer["expires_in"], 3600);
    assert!(answer["scope"].as_str().expect("scopes").split(' ').any(|scope| scope == "read:jira-work"));
    assert!(answer["refresh_token"].is_string());
}

#[tokio::test]
async fn a_form_gets_tokens() {
    let atlassian = automatic().await;
    let code = atlassian.code(&[]).await;
    let form = [
        ("grant_type", "authorization_code"),
        ("client_id", CLIENT_ID),
        ("client_secret", CLIENT_SECRET),
        ("code", &code),
        ("redirect_uri", CALLBACK),
    ];
    let answer = atlassian.request(Method::POST, "/oauth/token").form(&form).send().await.expect("an answer");
    tokens(answer).await;
}

#[tokio::test]
async fn without_offline_access_there_is_no_refresh_token() {
    let atlassian = automatic().await;
    assert!(atlassian.log_in("read:jira-work").await.refresh.is_none());
}

#[tokio::test]
async fn a_code_works_once() {
    let atlassian = automatic().await;
    let code = atlassian.code(&[]).await;
    tokens(atlassian.exchange(&code, &[]).await).await;
    let (status, body) = read(atlassian.exchange(&code, &[]).await).await;
    assert_eq!((status, &body["error"]), (403, &json!("invalid_grant")));
}

#[tokio::test]
async fn a_code_lives_a_minute() {
    let atlassian = automatic().await;
    let (early, late) = (atlassian.code(&[]).await, atlassian.code(&[]).await);
    atlassian.advance(55).await;
    tokens(atlassian.exchange(&early, &[]).await).await;
    atlassian.advance(10).await;
    assert_eq!(atlassian.exchange(&late, &[]).await.status(), 403);
}

#[tokio::test]
async fn the_redirect_uri_must_be_the_same_as_before() {
    let atlassian = automatic().await;
    let code = atlassian.code(&[]).await;
    let other = "http://127.0.0.1:3001/api/oauth/callback/atlassian";
    let (status, body) = read(atlassian.exchange(&code, &[("redirect_uri", other)]).await).await;
    assert_eq!((status, &body["error"]), (403, &json!("unauthorized_client")));
}

#[rstest]
#[case::wrong_secret("client_secret", "guess")]
#[case::no_secret("client_secret", "")]
#[case::unknown_client("client_id", "somebody-else")]
#[tokio::test]
async fn the_client_must_be_authentic(#[case] member: &str, #[case] value: &str) {
    let atlassian = automatic().await;
    let code = atlassian.code(&[]).await;
    let (status, body) = read(atlassian.exchange(&code, &[(member, value)]).await).await;
    if value.is_empty() || member == "client_secret" || member == "client_id" {
        assert_eq!(
            (status, body),
            (401, json!({ "error": "access_denied", "error_description": "Unauthorized" }))
        );
    }
    // The refusal did not use the code up.
    tokens(atlassian.exchange(&code, &[]).await).await;
}

#[rstest]
#[case::no_grant_type("grant_type", "", "invalid_request")]
#[case::other_grant_type("grant_type", "password", "unsupported_grant_type")]
#[case::no_code("code", "", "invalid_request")]
#[case::no_redirect_uri("redirect_uri", "", "invalid_request")]
#[tokio::test]
async fn an_incomplete_request_is_refused(#[case] member: &str, #[case] value: &str, #[case] error: &str) {
    let atlassian = automatic().await;
    let code = atlassian.code(&[]).await;
    let (status, body) = read(atlassian.exchange(&code, &[(member, value)]).await).await;
    assert_eq!((status, &body["error"]), (400, &json!(error)));
}

#[tokio::test]
async fn a_body_that_is_nothing_is_refused() {
    let atlassian = automatic().await;
    let answer =
        atlassian.request(Method::POST, "/oauth/token").body("what?").send().await.expect("an answer");
    let (status, body) = read(answer).await;
    assert_eq!((status, &body["error"]), (400, &json!("invalid_request")));
}

#[tokio::test]
async fn a_verifier_must_fit_its_challenge() {
    let atlassian = automatic().await;
    let pkce = [("code_challenge", challenge()), ("code_challenge_method", String::from("S256"))];
    let pkce: Vec<(&str, &str)> = pkce.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let code = atlassian.code(&pkce).await;
    tokens(atlassian.exchange(&code, &[("code_verifier", VERIFIER)]).await).await;
    for verifier in ["", "another-verifier-of-the-right-length-0123456789"] {
        let code = atlassian.code(&pkce).await;
        let (status, body) = read(atlassian.exchange(&code, &[("code_verifier", verifier)]).await).await;
        assert_eq!((status, &body["error"]), (403, &json!("invalid_grant")));
    }
    // PKCE does not stand in for the secret.
    let code = atlassian.code(&pkce).await;
    let answer = atlassian.exchange(&code, &[("code_verifier", VERIFIER), ("client_secret", "")]).await;
    assert_eq!(answer.status(), 401);
}

#[tokio::test]
async fn pkce_can_be_ignored() {
    let options = SandboxOptions { auto_consent: true, ignore_pkce: true, ..SandboxOptions::default() };
    let atlassian = Atlassian::start(options).await;
    let code = atlassian.code(&[("code_challenge", "anything"), ("code_challenge_method", "S256")]).await;
    tokens(atlassian.exchange(&code, &[("code_verifier", "something else")]).await).await;
}

#[tokio::test]
async fn exchanges_are_counted() {
    let atlassian = automatic().await;
    let tokens = atlassian.log_in("read:me offline_access").await;
    atlassian.exchange("nothing", &[]).await;
    atlassian.refresh(&tokens.refresh.expect("a refresh token")).await;
    let stats = atlassian.control(Method::GET, "/stats", Value::Null).await;
    assert_eq!(stats["tokens"]["authorization_code"], json!({ "ok": 1, "error": 1 }));
    assert_eq!(stats["tokens"]["refresh_token"], json!({ "ok": 1, "error": 0 }));
}
