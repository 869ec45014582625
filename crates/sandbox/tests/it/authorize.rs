//! The authorization endpoint and its consent page.

use connector_sandbox::{DEFAULT_CLOUD_ID, SandboxOptions};
use reqwest::{Method, Response, StatusCode};
use rstest::rstest;
use serde_json::json;

use crate::atlassian::{ALL_SCOPES, Atlassian, CALLBACK, callback_parameter, json_of, tokens};

const STATE: &str = "a state/with+special&characters=é";

/// Reads the consent page and sends its form as a browser would: hidden inputs, the selects' chosen options, and
/// the button. Choices replace what was selected.
async fn submit(atlassian: &Atlassian, page: &str, decision: &str, choices: &[(&str, &str)]) -> Response {
    let mut fields = vec![(String::from("decision"), String::from(decision))];
    for input in page.split("<input type=\"hidden\" ").skip(1) {
        fields.push((attribute(input, "name"), attribute(input, "value")));
    }
    for select in page.split("<select ").skip(1) {
        let name = attribute(select, "name");
        let option =
            select.split("<option ").find(|option| option.contains(" selected>")).expect("a selected option");
        let chosen =
            choices.iter().find(|(choice, _)| *choice == name).map(|(_, value)| String::from(*value));
        fields.push((name, chosen.unwrap_or_else(|| attribute(option, "value"))));
    }
    atlassian.request(Method::POST, "/authorize").form(&fields).send().await.expect("an answer")
}

fn attribute(element: &str, name: &str) -> String {
    let (_, rest) = element.split_once(&format!("{name}=\"")).expect("the attribute");
    let (value, _) = rest.split_once('"').expect("its end");
    value
        .replace("&#38;", "&")
        .replace("&#60;", "<")
        .replace("&#62;", ">")
        .replace("&#34;", "\"")
        .replace("&#39;", "'")
}

async fn consent_page(atlassian: &Atlassian) -> String {
    let answer = atlassian.get(atlassian.authorize_url(&[]).as_str()).send().await.expect("an answer");
    assert_eq!(answer.status(), StatusCode::OK);
    answer.text().await.expect("a page")
}

#[tokio::test]
async fn the_consent_page_names_what_it_asks_for() {
    let atlassian = Atlassian::start(SandboxOptions::default()).await;
    let page = consent_page(&atlassian).await;
    for expected in
        ["Connector", "Ada Lindqvist", "Acme Logistics", "View pages in Confluence", "offline_access"]
    {
        assert!(page.contains(expected), "{expected} is missing");
    }
}

#[tokio::test]
async fn accepting_leads_back_with_a_code_and_the_state_unchanged() {
    let atlassian = Atlassian::start(SandboxOptions::default()).await;
    let page = consent_page(&atlassian).await;
    let answer = submit(&atlassian, &page, "accept", &[]).await;
    assert_eq!(answer.status(), StatusCode::FOUND);
    assert_eq!(callback_parameter(&answer, "state").as_deref(), Some(STATE));
    let code = callback_parameter(&answer, "code").expect("a code");
    assert!(code.len() > 300, "codes are long");
    tokens(atlassian.exchange(&code, &[]).await).await;
}

#[tokio::test]
async fn denying_leads_back_with_an_error() {
    let atlassian = Atlassian::start(SandboxOptions::default()).await;
    let page = consent_page(&atlassian).await;
    let answer = submit(&atlassian, &page, "deny", &[]).await;
    assert_eq!(answer.status(), StatusCode::FOUND);
    assert_eq!(callback_parameter(&answer, "error").as_deref(), Some("access_denied"));
    assert!(callback_parameter(&answer, "error_description").is_some());
    assert_eq!(callback_parameter(&answer, "state").as_deref(), Some(STATE));
    assert_eq!(callback_parameter(&answer, "code"), None);
}

#[tokio::test]
async fn the_chosen_person_and_site_are_what_the_token_reaches() {
    let atlassian = Atlassian::start(SandboxOptions::default()).await;
    let page = consent_page(&atlassian).await;
    let chiara = page
        .split("<option ")
        .find(|option| option.contains("Chiara"))
        .map(|option| attribute(option, "value"));
    let choices = [
        ("account_id", chiara.expect("Chiara is there")),
        ("cloud_id", String::from("22222222-2222-4222-8222-222222222222")),
    ];
    let choices: Vec<(&str, &str)> = choices.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let answer = submit(&atlassian, &page, "accept", &choices).await;
    let code = callback_parameter(&answer, "code").expect("a code");
    let tokens = tokens(atlassian.exchange(&code, &[]).await).await;
    let me = atlassian.get("/me").bearer_auth(&tokens.access).send().await.expect("an answer");
    assert_eq!(json_of(me).await["email"], json!("chiara@example.com"));
    let sites = atlassian.get("/oauth/token/accessible-resources").bearer_auth(&tokens.access).send().await;
    assert_eq!(json_of(sites.expect("an answer")).await[0]["name"], json!("borealis"));
}

#[tokio::test]
async fn a_site_that_is_not_the_persons_brings_the_page_again() {
    let atlassian = Atlassian::start(SandboxOptions::default()).await;
    let page = consent_page(&atlassian).await;
    let chiara = page
        .split("<option ")
        .find(|option| option.contains("Chiara"))
        .map(|option| attribute(option, "value"));
    let chiara = chiara.expect("Chiara is there");
    let answer =
        submit(&atlassian, &page, "accept", &[("account_id", &chiara), ("cloud_id", DEFAULT_CLOUD_ID)]).await;
    assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert!(answer.text().await.expect("a page").contains("has no access to this site"));
}

#[rstest]
#[case::unknown_client("client_id", "somebody-else")]
#[case::no_client("client_id", "")]
#[case::other_callback("redirect_uri", "http://localhost:3001/elsewhere")]
#[case::slash_at_the_end("redirect_uri", "http://localhost:3001/api/oauth/callback/atlassian/")]
#[case::query_added("redirect_uri", "http://localhost:3001/api/oauth/callback/atlassian?x=1")]
#[case::other_case("redirect_uri", "http://LOCALHOST:3001/api/oauth/callback/atlassian")]
#[case::no_callback("redirect_uri", "")]
#[case::no_response_type("response_type", "")]
#[case::implicit_flow("response_type", "token")]
#[case::no_scope("scope", "")]
#[case::other_audience("audience", "api.example.com")]
#[case::challenge_without_method("code_challenge", "abc")]
#[tokio::test]
async fn a_wrong_request_is_not_redirected(#[case] parameter: &str, #[case] value: &str) {
    let atlassian =
        Atlassian::start(SandboxOptions { auto_consent: true, ..SandboxOptions::default() }).await;
    let answer = atlassian
        .get(atlassian.authorize_url(&[(parameter, value)]).as_str())
        .send()
        .await
        .expect("an answer");
    assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
    assert!(answer.headers().get("location").is_none());
    assert!(answer.text().await.expect("a page").contains("Something went wrong"));
}

#[rstest]
#[case("http://127.0.0.1:3001/api/oauth/callback/atlassian")]
#[case("http://localhost:3001/auth/jira/callback")]
#[case("http://127.0.0.1:3001/api/auth/confluence/callback")]
#[case("http://localhost:9999/mine")]
#[tokio::test]
async fn registered_callbacks_are_accepted(#[case] callback: &str) {
    let redirect_uri = vec![String::from("http://localhost:9999/mine")];
    let atlassian = Atlassian::start(SandboxOptions { redirect_uri, ..SandboxOptions::default() }).await;
    let url = atlassian.authorize_url(&[("redirect_uri", callback)]);
    assert_eq!(atlassian.get(url.as_str()).send().await.expect("an answer").status(), StatusCode::OK);
}

#[tokio::test]
async fn the_decision_cannot_be_bent_to_another_callback() {
    let atlassian = Atlassian::start(SandboxOptions::default()).await;
    let page = consent_page(&atlassian).await.replace(CALLBACK, "http://evil.example.com/");
    let answer = submit(&atlassian, &page, "accept", &[]).await;
    assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn what_a_request_says_cannot_break_out_of_the_page() {
    let atlassian = Atlassian::start(SandboxOptions::default()).await;
    let url =
        atlassian.authorize_url(&[("state", "\"><script>alert(1)</script>"), ("scope", "<b>read:me</b>")]);
    let page = atlassian.get(url.as_str()).send().await.expect("an answer").text().await.expect("a page");
    assert!(!page.contains("<script>") && !page.contains("<b>read"));
}

#[tokio::test]
async fn a_new_consent_replaces_the_scopes_and_adds_its_site() {
    let atlassian = Atlassian::start(SandboxOptions::default()).await;
    let page = consent_page(&atlassian).await;
    let first = submit(&atlassian, &page, "accept", &[]).await;
    let first = callback_parameter(&first, "code").expect("a code");
    let first = tokens(atlassian.exchange(&first, &[]).await).await;

    let fewer = "read:jira-work offline_access";
    assert!(ALL_SCOPES.len() > fewer.len());
    let url = atlassian.authorize_url(&[("scope", fewer)]);
    let page = atlassian.get(url.as_str()).send().await.expect("an answer").text().await.expect("a page");
    submit(&atlassian, &page, "accept", &[("cloud_id", "22222222-2222-4222-8222-222222222222")]).await;

    // The first login's token now reaches both sites, with the scopes of the second consent.
    let sites = atlassian.get("/oauth/token/accessible-resources").bearer_auth(&first.access).send().await;
    let sites = json_of(sites.expect("an answer")).await;
    let names: Vec<&str> =
        sites.as_array().expect("a list").iter().filter_map(|site| site["name"].as_str()).collect();
    assert_eq!(names, ["acme", "borealis"]);
    assert_eq!(atlassian.confluence(&first, "/wiki/api/v2/pages").await.status(), StatusCode::UNAUTHORIZED);
}
