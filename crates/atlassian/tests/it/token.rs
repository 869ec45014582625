use std::time::Duration;

use connector_atlassian::{App, TokenGrant, pkce};
use connector_domain::{AuthorizationCode, RefreshToken, SystemEntropy};
use serde_json::{Value, json};

use crate::stub::{Reply, Stub};
use crate::{app, client};

async fn refresh(body: &Value) -> TokenGrant {
    let stub = Stub::in_turn(vec![Reply::json(body)]).await;
    client(&stub.url).refresh(&app(), &RefreshToken::new("old")).await.unwrap()
}

#[tokio::test]
async fn a_code_is_exchanged_with_secret_and_verifier() {
    let answer = json!({
        "access_token": "new-access", "refresh_token": "new-refresh", "expires_in": 3600,
        "scope": "read:jira-work offline_access", "token_type": "Bearer",
    });
    let stub = Stub::in_turn(vec![Reply::json(&answer)]).await;
    let (verifier, _) = pkce::generate(&SystemEntropy);
    let code = AuthorizationCode::new("the-code");
    let grant =
        client(&stub.url).exchange_code(&app(), &code, "https://app.example/cb", &verifier).await.unwrap();

    assert_eq!(grant.access_token.expose(), "new-access");
    assert_eq!(grant.refresh_token.unwrap().expose(), "new-refresh");
    assert_eq!(grant.expires_in, Some(Duration::from_hours(1)));
    assert_eq!(grant.scopes.unwrap().to_string(), "offline_access read:jira-work");
    let [asked] = stub.asked().try_into().ok().unwrap();
    assert_eq!((asked.method.as_str(), asked.path.as_str()), ("POST", "/auth/oauth/token"));
    assert_eq!(asked.headers["content-type"], "application/json");
    assert_eq!(
        serde_json::from_slice::<Value>(&asked.body).unwrap(),
        json!({
            "grant_type": "authorization_code", "client_id": "app-1", "client_secret": "s3cret-of-the-app",
            "code": "the-code", "redirect_uri": "https://app.example/cb", "code_verifier": verifier.expose(),
        })
    );
}

#[tokio::test]
async fn a_refresh_sends_the_token_and_nothing_of_the_login() {
    let stub = Stub::start(|_| Reply::json(&json!({"access_token": "a", "refresh_token": "r"}))).await;
    let client = client(&stub.url);
    let public = App { client_secret: None, ..app() };
    for app in [app(), public] {
        client.refresh(&app, &RefreshToken::new("old")).await.unwrap();
    }
    let bodies: Vec<Value> =
        stub.asked().iter().map(|asked| serde_json::from_slice(&asked.body).unwrap()).collect();
    let public = json!({"grant_type": "refresh_token", "client_id": "app-1", "refresh_token": "old"});
    let mut confidential = public.clone();
    confidential["client_secret"] = json!("s3cret-of-the-app");
    assert_eq!(bodies, [confidential, public]);
}

#[tokio::test]
async fn a_usable_pair_survives_bad_fields_beside_it() {
    for (field, value) in [
        ("expires_in", json!(-1)),
        ("expires_in", json!(0)),
        ("expires_in", json!("soon")),
        ("expires_in", json!(1e30)),
        ("expires_in", json!(["3600"])),
        ("scope", json!(7)),
        ("scope", json!("")),
        ("token_type", json!(null)),
        ("extra", json!({"deep": [1]})),
    ] {
        let mut body = json!({"access_token": "a", "refresh_token": "r"});
        body[field] = value;
        let grant = refresh(&body).await;
        assert_eq!(grant.access_token.expose(), "a", "{body}");
        assert_eq!(grant.refresh_token.unwrap().expose(), "r", "{body}");
        assert_eq!((grant.expires_in, grant.scopes), (None, None), "{body}");
    }
}

#[tokio::test]
async fn a_missing_refresh_token_is_none_in_every_form() {
    for body in [
        json!({"access_token": "a"}),
        json!({"access_token": "a", "refresh_token": null}),
        json!({"access_token": "a", "refresh_token": ""}),
        json!({"access_token": "a", "refresh_token": 7}),
    ] {
        assert!(refresh(&body).await.refresh_token.is_none(), "{body}");
    }
}

#[tokio::test]
async fn other_forms_of_life_and_scope_are_read() {
    let grant = refresh(&json!({"access_token": "a", "expires_in": "90.5", "scope": ["b", "a"]})).await;
    assert_eq!(grant.expires_in, Some(Duration::from_millis(90_500)));
    assert_eq!(grant.scopes.unwrap().to_string(), "a b");
}

#[tokio::test]
async fn a_grant_does_not_show_its_tokens() {
    let grant = refresh(&json!({"access_token": "seen-access", "refresh_token": "seen-refresh"})).await;
    assert!(!format!("{grant:?} {:?}", app()).contains("seen-"));
    assert!(!format!("{:?}", app()).contains("s3cret"));
}
