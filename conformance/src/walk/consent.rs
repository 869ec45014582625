//! Getting in: by a consent and a token, or by an API token.

use std::sync::Arc;

use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use connector_sandbox::{API_TOKEN, CLIENT_ID, CLIENT_SECRET};
use connector_testkit::{Browser, parameter};
use serde_json::json;
use url::Url;

use super::walker::Walker;
use crate::check::Checker;

/// Nobody listens there: the code is read from the address.
pub const CALLBACK: &str = "http://127.0.0.1:9/callback";

/// Everything that can be read.
pub const SCOPES: &str = "read:jira-work read:jira-user manage:jira-webhook manage:jira-configuration read:me \
    read:space:confluence read:page:confluence read:attachment:confluence read:comment:confluence \
    read:content.metadata:confluence read:hierarchical-content:confluence read:folder:confluence \
    read:user:confluence read:content-details:confluence search:confluence read:confluence-user \
    readonly:content.attachment:confluence offline_access";

/// The people who can consent, by their first names.
#[derive(Debug, Clone, Copy)]
pub enum Person {
    Ada,
    Ben,
    Chiara,
}

impl Person {
    const fn email(self) -> &'static str {
        match self {
            Self::Ada => "ada@example.com",
            Self::Ben => "ben@example.com",
            Self::Chiara => "chiara@example.com",
        }
    }
}

/// The code that comes back from a consent.
pub async fn code(browser: &Browser, person: Person, site: &str, scopes: &str) -> anyhow::Result<String> {
    let title = ["Acme", "Borealis", "Fjord"].into_iter().find(|title| title.eq_ignore_ascii_case(site));
    let mut authorize = browser.base().join("/authorize")?;
    authorize.query_pairs_mut().extend_pairs([
        ("audience", "api.atlassian.com"),
        ("client_id", CLIENT_ID),
        ("scope", scopes),
        ("redirect_uri", CALLBACK),
        ("state", "conformance"),
        ("response_type", "code"),
        ("prompt", "consent"),
    ]);
    let form = browser.consent_form(&authorize).await;
    let form = form
        .choose("account_id", &format!("{person:?}"))
        .choose("cloud_id", title.context("an unknown site")?);
    parameter(&browser.decide(&form, "accept").await, "code").context("no code came back")
}

/// The access token for a code.
pub async fn token(browser: &Browser, code: &str) -> anyhow::Result<String> {
    let exchange = json!({
        "grant_type": "authorization_code",
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
        "code": code,
        "redirect_uri": CALLBACK,
    });
    let answer = browser.call("POST", "/oauth/token").json(&exchange).await.expect(200).json();
    Ok(answer["access_token"].as_str().context("no access token")?.to_owned())
}

/// Somebody who has consented for a site.
pub async fn gateway(
    browser: &Browser,
    checker: &Arc<Checker>,
    person: Person,
    site: &str,
    scopes: &str,
) -> anyhow::Result<Walker> {
    let token = token(browser, &code(browser, person, site, scopes).await?).await?;
    let cloud_id = cloud_id(browser, &token, site).await?;
    Ok(Walker {
        who: format!("{person:?} at {site} through the gateway"),
        browser: browser.clone(),
        authorization: format!("Bearer {token}"),
        jira: format!("/ex/jira/{cloud_id}"),
        confluence: format!("/ex/confluence/{cloud_id}"),
        checker: Arc::clone(checker),
    })
}

async fn cloud_id(browser: &Browser, token: &str, site: &str) -> anyhow::Result<String> {
    let resources =
        browser.get("/oauth/token/accessible-resources").header("authorization", &format!("Bearer {token}"));
    let resources = resources.await.expect(200).json();
    let of_site = |resource: &&serde_json::Value| {
        let url = resource["url"].as_str().and_then(|url| Url::parse(url).ok());
        url.is_some_and(|url| url.path().trim_end_matches('/').ends_with(site))
    };
    let found = resources.as_array().into_iter().flatten().find(of_site);
    let id = found.and_then(|resource| resource["id"].as_str());
    id.map(str::to_owned).with_context(|| format!("{site} is not among {resources}"))
}

/// Somebody with an API token, at the site's own address.
pub fn basic(browser: &Browser, checker: &Arc<Checker>, person: Person, site: &str) -> Walker {
    Walker {
        who: format!("{person:?} at {site}"),
        browser: browser.clone(),
        authorization: format!("Basic {}", STANDARD.encode(format!("{}:{API_TOKEN}", person.email()))),
        jira: format!("/sites/{site}"),
        confluence: format!("/sites/{site}"),
        checker: Arc::clone(checker),
    }
}
