use std::time::Duration;

use connector_atlassian::pkce;
use connector_domain::failpoint::{Failpoint, reach};
use connector_domain::{AuthorizationCode, CodeVerifier, ConnectionId, Scopes, Secret, User, UserId};
use connector_store::{LoginAttempt, LoginFlow, StoreError};
use subtle::ConstantTimeEq;
use tracing::Instrument as _;
use url::Url;

use crate::connect_link::{LinkCookie, ShownLink};
use crate::hash::{random_token, sha256_hex};
use crate::spool_record::LoginRecord;
use crate::{AdoptError, Connections, Custody, FailedLogin, LoginError, place};

/// How long a person has for the consent.
const LIFETIME: Duration = Duration::from_mins(10);
/// Used-up attempts are kept this long, to tell "used" from "unknown".
const KEPT_FOR: Duration = Duration::from_hours(24);
/// Who Atlassian says it is, where it says so (RFC 9207).
const ISSUER: &str = "https://auth.atlassian.com";

/// What a login begins with.
#[derive(Debug, Clone)]
pub struct StartLogin {
    pub flow: LoginFlow,
    /// The caller's own state: handed back at the end, used for nothing else.
    pub app_state: Option<String>,
    /// May narrow the configured scopes.
    pub scope: Option<Scopes>,
    /// Who is signed in already.
    pub user_id: Option<UserId>,
    /// The link by which the person came.
    pub link: Option<ShownLink>,
    /// The host of the request, without the port.
    pub host: Option<String>,
}

/// A login that has begun: the browser gets the cookie and goes to Atlassian.
#[derive(Debug)]
pub struct StartedLogin {
    pub authorize_url: Url,
    /// Names the attempt, so that several can be open in one browser.
    pub cookie_suffix: String,
    pub cookie_value: Secret,
    pub lifetime: Duration,
    /// What ties the link to this browser, where it has just been tied.
    pub link_cookie: Option<LinkCookie>,
}

/// What Atlassian sends the browser back with, and the cookies that came along.
#[derive(Debug)]
pub struct Callback {
    pub code: Option<AuthorizationCode>,
    pub state: Option<Secret>,
    pub error: Option<String>,
    pub issuer: Option<String>,
    /// (suffix, value) of each login cookie.
    pub cookies: Vec<(String, Secret)>,
    /// Who is signed in already.
    pub user_id: Option<UserId>,
}

#[derive(Debug)]
pub struct FinishedLogin {
    pub flow: LoginFlow,
    pub app_state: Option<String>,
    /// Where the browser goes in place of the usual address.
    pub return_url: Option<String>,
    /// Whether it began by a link.
    pub by_link: bool,
    pub user: User,
    pub connection_id: ConnectionId,
    /// The cookie that has served.
    pub cookie_suffix: String,
}

/// How many characters of the state's hash name its cookie.
const SUFFIX: usize = 8;

pub(crate) fn cookie_suffix(state_hash: &str) -> String {
    state_hash.chars().take(SUFFIX).collect()
}

impl Connections {
    /// Begins a login: a random `state` and PKCE verifier, kept with the hash of a secret that only this browser
    /// gets.
    pub async fn start_login(&self, start: StartLogin) -> Result<StartedLogin, LoginError> {
        let inner = &*self.inner;
        let app = inner.settings.app(start.flow).ok_or(LoginError::NotConfigured {
            missing: "ATLASSIAN_CLIENT_ID, ATLASSIAN_CLIENT_SECRET and ATLASSIAN_REDIRECT_URI",
        })?;
        let scopes = inner.settings.login_scopes(start.flow, start.scope.as_ref());
        if !scopes.iter().any(|scope| connector_domain::Product::of_scope(scope).is_some()) {
            return Err(LoginError::NoScopes { configured: inner.settings.scopes.to_string() });
        }
        let redirect_uri = match &start.host {
            Some(host) if inner.settings.any_loopback_host => at_loopback_host(&app.redirect_uri, host),
            _ => app.redirect_uri.clone(),
        };
        self.check_ours().await?;
        let now = inner.clock.now();
        let opened = match &start.link {
            Some(link) => Some(self.open_link(link, start.user_id).await?),
            None => None,
        };
        let (link, link_cookie) = opened.unzip();
        let state = random_token(&*inner.entropy);
        let browser = random_token(&*inner.entropy);
        let (verifier, challenge) = pkce::generate(&*inner.entropy);
        let state_hash = sha256_hex(state.expose());
        let attempt = LoginAttempt {
            browser_hash: sha256_hex(browser.expose()),
            flow: start.flow,
            client_id: app.app.client_id.clone(),
            redirect_uri,
            sealed_code_verifier: inner.keys.seal(
                &place::code_verifier(&state_hash),
                verifier.expose().as_bytes(),
                &*inner.entropy,
            ),
            scopes,
            app_state: start.app_state,
            user_id: start.user_id,
            return_url: link.as_ref().and_then(|link| link.return_url.clone()),
            link_hash: link.map(|link| link.token_hash),
            created_at: now,
            expires_at: now.plus(LIFETIME),
            consumed_at: None,
            state_hash,
        };
        inner.sessions.keep_attempt(&attempt).await?;
        let authorize_url = inner.atlassian.authorize_url(
            &attempt.client_id,
            &attempt.redirect_uri,
            &attempt.scopes,
            state.expose(),
            &challenge,
        );
        Ok(StartedLogin {
            authorize_url,
            cookie_suffix: cookie_suffix(&attempt.state_hash),
            cookie_value: browser,
            lifetime: LIFETIME,
            link_cookie: link_cookie.flatten(),
        })
    }

    /// Finishes a login with what Atlassian sent the browser back with: exchanges the code, finds out who consented
    /// and which sites the grant reaches, and stores the connection.
    ///
    /// In a task of its own: a code is good for one exchange, so neither a caller that goes away nor a stop of the
    /// process must lose its answer.
    pub async fn finish_login(&self, callback: Callback) -> Result<FinishedLogin, FailedLogin> {
        let this = self.clone();
        let finished = async move { this.finish_attempt(callback).await };
        let task = self.inner.exchanges.spawn(finished.in_current_span());
        task.await.unwrap_or_else(|error| {
            tracing::error!(%error, "a login did not come to its end");
            Err(LoginError::Broken.into())
        })
    }

    async fn finish_attempt(&self, callback: Callback) -> Result<FinishedLogin, FailedLogin> {
        let state = callback.state.as_ref().ok_or(LoginError::MissingState)?;
        let state_hash = sha256_hex(state.expose());
        let attempt = self.consume(&state_hash).await?;
        let (flow, app_state) = (attempt.flow, attempt.app_state.clone());
        let (return_url, by_link) = (attempt.return_url.clone(), attempt.link_hash.is_some());
        match self.redeem(attempt, callback).await {
            Ok((user, connection_id)) => {
                let cookie_suffix = cookie_suffix(&state_hash);
                Ok(FinishedLogin { flow, app_state, return_url, by_link, user, connection_id, cookie_suffix })
            }
            Err(error) => Err(FailedLogin { flow: Some(flow), app_state, return_url, error }),
        }
    }

    async fn consume(&self, state_hash: &str) -> Result<LoginAttempt, FailedLogin> {
        let sessions = &self.inner.sessions;
        let now = self.inner.clock.now();
        if let Some(attempt) = sessions.consume_attempt(state_hash, now).await.map_err(LoginError::from)? {
            return Ok(attempt);
        }
        let Some(attempt) = sessions.find_attempt(state_hash).await.map_err(LoginError::from)? else {
            return Err(LoginError::UnknownState.into());
        };
        let error = if attempt.consumed_at.is_some() { LoginError::AlreadyUsed } else { LoginError::Expired };
        let LoginAttempt { flow, app_state, return_url, .. } = attempt;
        Err(FailedLogin { flow: Some(flow), app_state, return_url, error })
    }

    async fn redeem(
        &self,
        attempt: LoginAttempt,
        callback: Callback,
    ) -> Result<(User, ConnectionId), LoginError> {
        let inner = &*self.inner;
        reach(Failpoint::ExchangeConsumed).await;
        same_browser(&attempt, &callback.cookies)?;
        // Whoever was signed in when it began must be so still: a session that was put in its place meanwhile would
        // get what this one consents to. Who came without a session is told by Atlassian, not by a session of later.
        if attempt.user_id.is_some() && callback.user_id != attempt.user_id {
            return Err(LoginError::OtherSession);
        }
        if callback.issuer.as_deref().is_some_and(|issuer| !self.is_issuer(issuer)) {
            return Err(LoginError::WrongIssuer);
        }
        if let Some(error) = &callback.error {
            return Err(provider_error(error));
        }
        let code = callback.code.as_ref().ok_or(LoginError::MissingCode)?;
        let app = inner
            .settings
            .app_of_client(&attempt.client_id)
            .ok_or(LoginError::NotConfigured { missing: "the app with which this login began" })?;
        let verifier = inner
            .keys
            .open_text(&place::code_verifier(&attempt.state_hash), &attempt.sealed_code_verifier)
            .map(|verifier| CodeVerifier::new(verifier.expose()))
            .map_err(|error| {
                tracing::error!(%error, "the code verifier of a login cannot be opened");
                LoginError::Sealed
            })?;
        self.check_ours().await?;
        let for_user = match &attempt.link_hash {
            Some(hash) => Some(self.use_link(hash).await?),
            None => None,
        };
        reach(Failpoint::ExchangeBeforeSend).await;
        let grant = inner.atlassian.exchange_code(app, code, &attempt.redirect_uri, &verifier).await?;
        reach(Failpoint::ExchangeAnswerReceived).await;
        let received_at = inner.clock.now();
        if grant.refresh_token.is_none() {
            return Err(LoginError::NoRefreshToken);
        }
        let name = format!("login-{}", cookie_suffix(&attempt.state_hash));
        let login = LoginRecord {
            client_id: attempt.client_id,
            flow: attempt.flow.as_str().to_owned(),
            scopes: attempt.scopes.to_string(),
            signed_in: attempt.user_id,
            for_user,
            consented_at: Some(received_at),
        };
        self.establish(name, login, grant, received_at).await
    }

    /// A copy of another deployment's database takes no consents: they would end that one's.
    async fn check_ours(&self) -> Result<(), LoginError> {
        match self.custody().await {
            Ok(Custody::Ours) => Ok(()),
            Ok(Custody::Foreign(why)) => Err(LoginError::NotAdopted { why }),
            Err(AdoptError::Store(error)) => Err(error.into()),
            Err(error @ AdoptError::File { .. }) => Err(LoginError::NotAdopted { why: error.to_string() }),
        }
    }

    /// Atlassian's own name, or the authorization server that is configured in its place.
    fn is_issuer(&self, issuer: &str) -> bool {
        let configured = self.inner.atlassian.endpoints().auth_url.as_str();
        issuer.trim_end_matches('/') == configured.trim_end_matches('/') || issuer == ISSUER
    }

    /// Deletes what is left of old logins; says how many.
    pub async fn delete_old_logins(&self) -> Result<u64, StoreError> {
        let before = self.now().minus(KEPT_FOR);
        Ok(self.inner.sessions.sweep_attempts(before).await?
            + self.inner.store.delete_connect_links(before).await?)
    }
}

/// The attempt must have begun in the browser that now finishes it: else somebody could have a person finish a login
/// that somebody else began (RFC 9700 section 4.7).
fn same_browser(attempt: &LoginAttempt, cookies: &[(String, Secret)]) -> Result<(), LoginError> {
    let suffix = cookie_suffix(&attempt.state_hash);
    let matches = |(name, value): &(String, Secret)| {
        *name == suffix
            && bool::from(sha256_hex(value.expose()).as_bytes().ct_eq(attempt.browser_hash.as_bytes()))
    };
    if cookies.iter().any(matches) { Ok(()) } else { Err(LoginError::OtherBrowser) }
}

/// The codes of RFC 6749 section 4.1.2.1. Anything else that stands there is not repeated.
fn provider_error(code: &str) -> LoginError {
    const KNOWN: [&str; 6] = [
        "invalid_request",
        "unauthorized_client",
        "unsupported_response_type",
        "invalid_scope",
        "server_error",
        "temporarily_unavailable",
    ];
    if code == "access_denied" {
        return LoginError::Denied;
    }
    let code = KNOWN.into_iter().find(|known| *known == code).unwrap_or("unknown error");
    LoginError::Provider { code }
}

/// `uri` at the loopback name by which the browser knows this machine.
fn at_loopback_host(uri: &str, host: &str) -> String {
    let is_loopback = |host: Option<&str>| matches!(host, Some("localhost" | "127.0.0.1" | "[::1]"));
    match Url::parse(uri) {
        Ok(mut url) if is_loopback(url.host_str()) && is_loopback(Some(host)) => {
            // Both are host names, so this cannot fail.
            let _ = url.set_host(Some(host));
            url.into()
        }
        _ => uri.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn returns_to_the_loopback_name_that_the_browser_used() {
        let uri = "http://localhost:3001/api/oauth/callback/atlassian";
        assert_eq!(at_loopback_host(uri, "127.0.0.1"), "http://127.0.0.1:3001/api/oauth/callback/atlassian");
        assert_eq!(at_loopback_host(uri, "evil.example"), uri);
        assert_eq!(at_loopback_host("https://app.example/cb", "127.0.0.1"), "https://app.example/cb");
    }

    #[test]
    fn repeats_no_unknown_error() {
        assert_eq!(provider_error("<script>").to_string(), provider_error("").to_string());
        assert!(matches!(provider_error("access_denied"), LoginError::Denied));
    }
}
