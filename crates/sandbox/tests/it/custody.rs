//! What the sandbox tells a checker of token custody: the history of the token endpoint, and what would be accepted.

use connector_sandbox::{AppSharing, GrantReach, SandboxOptions, Siblings};
use reqwest::Method;
use rstest::rstest;
use serde_json::{Value, json};

use crate::atlassian::{ALL_SCOPES, Atlassian, CALLBACK, Tokens, tokens};

/// The first 12 hexadecimal digits of the SHA-256, as a client would compute them.
fn fingerprint(token: &str) -> String {
    use std::fmt::Write as _;

    use sha2::{Digest as _, Sha256};
    Sha256::digest(token).iter().take(6).fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a string takes everything");
        text
    })
}

fn refresh_of(tokens: &Tokens) -> &str {
    tokens.refresh.as_deref().expect("a refresh token")
}

async fn history(atlassian: &Atlassian, query: &str) -> Vec<Value> {
    let told = atlassian.control(Method::GET, &format!("/tokens/history{query}"), Value::Null).await;
    told["events"].as_array().expect("a list").clone()
}

async fn exchangeable(atlassian: &Atlassian, fingerprint: &str) -> Value {
    let asked = json!({ "fingerprints": [fingerprint] });
    let told = atlassian.control(Method::POST, "/tokens/standing", asked).await;
    told["refresh_tokens"][0].clone()
}

async fn fault_at_the_token_endpoint(atlassian: &Atlassian, action: Value) {
    let fault = json!({ "match": { "path": "/oauth/token" }, "times": 1, "action": action });
    atlassian.control(Method::POST, "/faults", fault).await;
}

#[tokio::test]
async fn the_history_names_what_was_presented_and_what_was_issued_without_telling_it() {
    let (atlassian, first) = Atlassian::connected().await;
    let second = tokens(atlassian.refresh(refresh_of(&first)).await).await;
    atlassian.refresh("nonsense").await;
    let events = history(&atlassian, "").await;
    let numbers: Vec<&Value> = events.iter().map(|event| &event["sequence"]).collect();
    assert_eq!(numbers, [&json!(1), &json!(2), &json!(3)]);
    assert_eq!(events[0]["kind"], "authorization_code");
    assert_eq!(events[0]["issued"]["refresh_token"], json!(fingerprint(refresh_of(&first))));
    assert_eq!(events[1]["kind"], "refresh_token");
    assert_eq!(events[1]["presented"], json!(fingerprint(refresh_of(&first))));
    assert_eq!(events[1]["issued"]["refresh_token"], json!(fingerprint(refresh_of(&second))));
    assert_eq!(events[1]["issued"]["access_token"], json!(fingerprint(&second.access)));
    assert_eq!((&events[1]["grant"], &events[1]["login"]), (&events[0]["grant"], &events[0]["login"]));
    assert_eq!(events[1]["answer"], json!({ "status": 200, "error": null, "delivery": "whole" }));
    assert_eq!((&events[2]["worked"], &events[2]["why"]), (&json!(false), &json!("unknown")));
    assert_eq!(events[2]["answer"], json!({ "status": 403, "error": "invalid_grant", "delivery": "whole" }));
    assert_eq!(history(&atlassian, "?after=2").await, events[2..]);
    assert_eq!(history(&atlassian, "?account=ada@example.com").await, events[..2]);
    let text = serde_json::to_string(&events).expect("JSON");
    assert!(!text.contains(refresh_of(&first)) && !text.contains(&second.access));
}

#[rstest]
#[case::dropped_before(json!({ "drop": "before" }), false, 0, "dropped")]
#[case::dropped_after(json!({ "drop": "after" }), true, 0, "dropped")]
#[case::truncated(json!({ "truncate": 20 }), true, 200, "truncated")]
#[case::garbage(json!({ "garbage": true }), true, 200, "garbage")]
#[case::replaced(json!({ "status": 503 }), false, 503, "replaced")]
#[case::limited(json!({ "rate_limit": "burst" }), false, 429, "replaced")]
#[tokio::test]
async fn an_answer_that_was_lost_shows_whether_the_work_was_done(
    #[case] action: Value,
    #[case] worked: bool,
    #[case] status: u16,
    #[case] delivery: &str,
) {
    let (atlassian, first) = Atlassian::connected().await;
    fault_at_the_token_endpoint(&atlassian, action).await;
    let body = json!({ "grant_type": "refresh_token", "refresh_token": refresh_of(&first),
        "client_id": "sandbox-client", "client_secret": "sandbox-secret" });
    // Whatever arrives is of no use; what counts is what the history says.
    if let Ok(answer) = atlassian.post("/oauth/token", &body).send().await {
        drop(answer.bytes().await);
    }
    let event = history(&atlassian, "?after=1").await.remove(0);
    assert_eq!(event["presented"], json!(fingerprint(refresh_of(&first))));
    assert_eq!(event["grant"], json!(1));
    assert_eq!((&event["worked"], &event["issued"].is_object()), (&json!(worked), &worked));
    assert_eq!(event["answer"], json!({ "status": status, "error": null, "delivery": delivery }));
    let own = exchangeable(&atlassian, &fingerprint(refresh_of(&first))).await;
    assert_eq!((&own["exchangeable"], &own["used"]), (&json!(true), &json!(worked)));
}

#[tokio::test]
async fn a_refusal_before_any_token_was_looked_at_is_in_the_history() {
    let (atlassian, first) = Atlassian::connected().await;
    let body = json!({ "grant_type": "refresh_token", "refresh_token": refresh_of(&first) });
    atlassian.token_request(body, &[("client_secret", "guess")]).await;
    let event = history(&atlassian, "?after=1").await.remove(0);
    assert_eq!(event["presented"], json!(fingerprint(refresh_of(&first))));
    assert_eq!(event["answer"], json!({ "status": 401, "error": "access_denied", "delivery": "whole" }));
}

#[rstest]
#[case::lenient(Siblings::Lenient, true)]
#[case::strict(Siblings::Strict, false)]
#[tokio::test]
async fn it_is_known_which_tokens_would_be_accepted(#[case] siblings: Siblings, #[case] sibling: bool) {
    let (atlassian, first) =
        Atlassian::connected_with(SandboxOptions { siblings, ..SandboxOptions::default() }).await;
    let lost = tokens(atlassian.refresh(refresh_of(&first)).await).await;
    let newest = tokens(atlassian.refresh(refresh_of(&first)).await).await;
    let standing = async |tokens: &Tokens| {
        exchangeable(&atlassian, &fingerprint(refresh_of(tokens))).await["exchangeable"] == json!(true)
    };
    assert!(standing(&first).await && standing(&newest).await);
    assert_eq!(standing(&lost).await, sibling);
    let alive = async || {
        let told = atlassian.control(Method::GET, "/grants", Value::Null).await;
        let count = told["grants"][0]["refresh_tokens"].as_array().map_or(0, Vec::len);
        (told["grants"][0]["alive"].clone(), count)
    };
    assert_eq!(alive().await, (json!(true), if sibling { 3 } else { 2 }));
    // After the leeway the first is worth nothing, and sending it ends the login.
    atlassian.advance(601).await;
    assert_eq!(alive().await.1, if sibling { 2 } else { 1 });
    assert_eq!(atlassian.refresh(refresh_of(&first)).await.status(), 403);
    assert_eq!(alive().await, (json!(false), 0));
    let last = history(&atlassian, "").await.pop().expect("an event");
    assert_eq!((&last["why"], &last["ended_login"]), (&json!("used_too_long_ago"), &json!(true)));
}

#[tokio::test]
async fn many_people_consent_and_one_of_them_is_cut_off() {
    let atlassian = Atlassian::start(SandboxOptions::default()).await;
    let hired = atlassian.control(Method::POST, "/people", json!({ "count": 40 })).await;
    let emails: Vec<&str> =
        hired["people"].as_array().expect("a list").iter().filter_map(|row| row["email"].as_str()).collect();
    let consents = json!({ "people": emails, "scopes": ALL_SCOPES, "redirect_uri": CALLBACK });
    let given = atlassian.control(Method::POST, "/grants", consents).await;
    let mut connected = Vec::new();
    for grant in given["grants"].as_array().expect("a list") {
        let code = grant["code"].as_str().expect("a code");
        connected.push(tokens(atlassian.exchange(code, &[]).await).await);
    }
    let works = async |index: usize| {
        let me = atlassian.get("/me").bearer_auth(&connected[index].access).send().await;
        me.expect("an answer").status() == 200
    };
    let me = atlassian.get("/me").bearer_auth(&connected[39].access).send().await.expect("an answer");
    assert_eq!(me.json::<Value>().await.expect("JSON")["email"], json!("person-40@example.com"));
    assert_eq!(atlassian.jira(&connected[39], "/myself").await.status(), 200);

    let one = json!({ "account": emails[3] });
    atlassian.control(Method::POST, "/tokens/expire", one).await;
    assert!(!works(3).await && works(4).await);
    tokens(atlassian.refresh(refresh_of(&connected[3])).await).await;

    let one = json!({ "account": emails[5] });
    atlassian.control(Method::POST, "/grants/revoke", one).await;
    assert!(!works(5).await && works(6).await);
    assert_eq!(atlassian.refresh(refresh_of(&connected[5])).await.status(), 403);
    tokens(atlassian.refresh(refresh_of(&connected[6])).await).await;
    let told = exchangeable(&atlassian, &fingerprint(refresh_of(&connected[5]))).await;
    assert_eq!((&told["exchangeable"], &told["why"]), (&json!(false), &json!("revoked")));
    let nobody = atlassian.post("/__sandbox/grants/revoke", &json!({ "account": "x@example.com" }));
    assert_eq!(nobody.send().await.expect("an answer").status(), 404);
}

#[tokio::test]
async fn an_automatic_consent_is_given_by_the_one_who_was_hinted_at() {
    let options = SandboxOptions { auto_consent: true, people: 2, ..SandboxOptions::default() };
    let atlassian = Atlassian::start(options).await;
    for (hint, name) in [
        ("person-2@example.com", "Person 2"),
        ("chiara@example.com", "Chiara Moretti"),
        ("ben@example.com", "Ben Achterberg"),
    ] {
        let code = atlassian.code(&[("login_hint", hint)]).await;
        let connected = tokens(atlassian.exchange(&code, &[]).await).await;
        let me = atlassian.get("/me").bearer_auth(&connected.access).send().await.expect("an answer");
        assert_eq!(me.json::<Value>().await.expect("JSON")["name"], json!(name));
    }
    let unknown = atlassian.authorize_url(&[("login_hint", "person-3@example.com")]);
    assert_eq!(atlassian.get(unknown.as_str()).send().await.expect("an answer").status(), 400);
}

#[tokio::test]
async fn a_private_app_works_for_the_one_who_made_it() {
    let options =
        SandboxOptions { auto_consent: true, app: AppSharing::Private, ..SandboxOptions::default() };
    let atlassian = Atlassian::start(options).await;
    let url = atlassian.authorize_url(&[("login_hint", "ben@example.com")]);
    assert_eq!(atlassian.get(url.as_str()).send().await.expect("an answer").status(), 400);
    atlassian.log_in(ALL_SCOPES).await;
    atlassian.control(Method::PATCH, "/switches", json!({ "app": "shared" })).await;
    atlassian.code(&[("login_hint", "ben@example.com")]).await;
}

#[tokio::test]
async fn a_grant_for_a_site_reaches_no_other() {
    let options =
        SandboxOptions { auto_consent: true, grants: GrantReach::Site, ..SandboxOptions::default() };
    let atlassian = Atlassian::start(options).await;
    let mut connected = Vec::new();
    for site in ["acme", "borealis"] {
        let consents = json!({ "people": ["ada@example.com"], "site": site, "scopes": ALL_SCOPES,
            "redirect_uri": CALLBACK });
        let given = atlassian.control(Method::POST, "/grants", consents).await;
        let code = given["grants"][0]["code"].as_str().expect("a code").to_owned();
        connected.push(tokens(atlassian.exchange(&code, &[]).await).await);
    }
    for (tokens, site) in connected.iter().zip(["acme", "borealis"]) {
        let request = atlassian.get("/oauth/token/accessible-resources").bearer_auth(&tokens.access);
        let sites: Value = request.send().await.expect("an answer").json().await.expect("JSON");
        assert!(sites.as_array().is_some_and(|sites| sites.len() == 2), "one entry per product: {sites}");
        assert!(sites.as_array().into_iter().flatten().all(|entry| entry["name"] == site));
    }
    assert_eq!(atlassian.jira(&connected[1], "/myself").await.status(), 403);
}
