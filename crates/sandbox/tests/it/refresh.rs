//! Rotating refresh tokens on the movable clock.

use connector_sandbox::SandboxOptions;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::atlassian::{Atlassian, Tokens, read, tokens};

const DAY: i64 = 24 * 60 * 60;

impl Tokens {
    fn refresh_token(&self) -> &str {
        self.refresh.as_deref().expect("a refresh token")
    }
}

async fn works(atlassian: &Atlassian, tokens: &Tokens) -> bool {
    atlassian.jira(tokens, "/myself").await.status() == StatusCode::OK
}

#[tokio::test]
async fn every_answer_has_a_new_refresh_token() {
    let (atlassian, first) = Atlassian::connected().await;
    let second = tokens(atlassian.refresh(first.refresh_token()).await).await;
    assert_ne!(first.refresh, second.refresh);
    assert_ne!(first.access, second.access);
    assert!(works(&atlassian, &second).await);
    let third = tokens(atlassian.refresh(second.refresh_token()).await).await;
    assert!(works(&atlassian, &third).await);
}

#[tokio::test]
async fn inside_the_leeway_a_token_may_be_sent_again() {
    let (atlassian, first) = Atlassian::connected().await;
    let lost = tokens(atlassian.refresh(first.refresh_token()).await).await;
    atlassian.advance(590).await;
    let sibling = tokens(atlassian.refresh(first.refresh_token()).await).await;
    // Both answers go on living.
    assert!(works(&atlassian, &lost).await);
    tokens(atlassian.refresh(lost.refresh_token()).await).await;
    tokens(atlassian.refresh(sibling.refresh_token()).await).await;
}

#[tokio::test]
async fn after_the_leeway_a_token_ends_its_whole_family() {
    let (atlassian, first) = Atlassian::connected().await;
    let second = tokens(atlassian.refresh(first.refresh_token()).await).await;
    atlassian.advance(601).await;
    assert!(works(&atlassian, &second).await);
    assert_eq!(atlassian.refresh(first.refresh_token()).await.status(), 403);
    assert_eq!(atlassian.refresh(second.refresh_token()).await.status(), 403);
    assert!(!works(&atlassian, &second).await);
    // Another login is another family.
    let again = atlassian.log_in("read:jira-user offline_access").await;
    assert!(works(&atlassian, &again).await);
}

#[tokio::test]
async fn the_old_access_token_ends_with_the_leeway() {
    let (atlassian, first) = Atlassian::connected().await;
    tokens(atlassian.refresh(first.refresh_token()).await).await;
    atlassian.advance(590).await;
    assert!(works(&atlassian, &first).await);
    atlassian.advance(20).await;
    assert!(!works(&atlassian, &first).await);
}

#[tokio::test]
async fn access_tokens_live_an_hour() {
    let (atlassian, tokens) = Atlassian::connected().await;
    atlassian.advance(3590).await;
    assert!(works(&atlassian, &tokens).await);
    atlassian.advance(20).await;
    let (status, body) = read(atlassian.jira(&tokens, "/myself").await).await;
    assert_eq!((status, body), (401, json!({ "code": 401, "message": "Unauthorized" })));
}

#[tokio::test]
async fn an_unused_refresh_token_expires_and_use_resets_that() {
    let (atlassian, first) = Atlassian::connected().await;
    atlassian.advance(89 * DAY).await;
    let second = tokens(atlassian.refresh(first.refresh_token()).await).await;
    atlassian.advance(89 * DAY).await;
    let third = tokens(atlassian.refresh(second.refresh_token()).await).await;
    atlassian.advance(91 * DAY).await;
    assert_eq!(atlassian.refresh(third.refresh_token()).await.status(), 403);
}

#[tokio::test]
async fn a_login_ends_after_a_year_however_often_it_was_refreshed() {
    let (atlassian, mut last) = Atlassian::connected().await;
    for _ in 0..7 {
        atlassian.advance(50 * DAY).await;
        last = tokens(atlassian.refresh(last.refresh_token()).await).await;
    }
    atlassian.advance(20 * DAY).await;
    assert_eq!(atlassian.refresh(last.refresh_token()).await.status(), 403);
}

#[tokio::test]
async fn the_lifetimes_can_be_set() {
    let options = SandboxOptions {
        access_token_ttl: 60,
        refresh_leeway: 4,
        refresh_idle_ttl: 300,
        refresh_absolute_ttl: 1000,
        ..SandboxOptions::default()
    };
    let (atlassian, first) = Atlassian::connected_with(options).await;
    let second = tokens(atlassian.refresh(first.refresh_token()).await).await;
    atlassian.advance(10).await;
    assert!(!works(&atlassian, &first).await);
    atlassian.advance(60).await;
    assert!(!works(&atlassian, &second).await);
    atlassian.advance(301).await;
    assert_eq!(atlassian.refresh(second.refresh_token()).await.status(), 403);
}

#[tokio::test]
async fn a_dead_grant_has_two_answers() {
    let (atlassian, _) = Atlassian::connected().await;
    let first = read(atlassian.refresh("nonsense").await).await;
    let second = read(atlassian.refresh("nonsense").await).await;
    let invalid_grant =
        json!({ "error": "invalid_grant", "error_description": "Unknown or invalid refresh token." });
    let unauthorized_client =
        json!({ "error": "unauthorized_client", "error_description": "refresh_token is invalid" });
    assert_eq!(first, (403, invalid_grant));
    assert_eq!(second, (403, unauthorized_client));
}

#[tokio::test]
async fn refreshing_needs_the_secret_and_does_not_use_the_token_up_without_it() {
    let (atlassian, first) = Atlassian::connected().await;
    let body = json!({ "grant_type": "refresh_token", "refresh_token": first.refresh_token() });
    let answer = atlassian.token_request(body, &[("client_secret", "guess")]).await;
    assert_eq!(answer.status(), 401);
    atlassian.advance(3600).await;
    tokens(atlassian.refresh(first.refresh_token()).await).await;
}

#[tokio::test]
async fn all_access_tokens_can_be_made_to_expire() {
    let (atlassian, first) = Atlassian::connected().await;
    atlassian.control(Method::POST, "/tokens/expire", Value::Null).await;
    assert!(!works(&atlassian, &first).await);
    let second = tokens(atlassian.refresh(first.refresh_token()).await).await;
    assert!(works(&atlassian, &second).await);
}

#[tokio::test]
async fn a_revoked_grant_stays_dead_after_a_new_consent() {
    let (atlassian, first) = Atlassian::connected().await;
    atlassian.control(Method::POST, "/grants/revoke", Value::Null).await;
    assert!(!works(&atlassian, &first).await);
    assert_eq!(atlassian.refresh(first.refresh_token()).await.status(), 403);
    let again = atlassian.log_in("read:jira-user offline_access").await;
    assert!(works(&atlassian, &again).await);
    assert!(!works(&atlassian, &first).await);
    assert_eq!(atlassian.refresh(first.refresh_token()).await.status(), 403);
}
