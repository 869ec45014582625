use connector_domain::Scopes;
use url::Url;

use crate::client::Atlassian;
use crate::endpoints::join;
use crate::pkce::CodeChallenge;

impl Atlassian {
    /// Where to send the person's browser for consent (Atlassian, "OAuth 2.0 (3LO) apps"; RFC 6749 section
    /// 4.1.1; RFC 7636 section 4.3).
    ///
    /// Atlassian returns `state` as it is and checks nothing: it must be single use and bound to the browser.
    /// A `redirect_uri` other than the app's own leaves the person on an error page of Atlassian.
    pub fn authorize_url(
        &self,
        client_id: &str,
        redirect_uri: &str,
        scopes: &Scopes,
        state: &str,
        challenge: &CodeChallenge,
    ) -> Url {
        let mut url = join(&self.endpoints.auth_url, &["authorize"]);
        url.query_pairs_mut()
            .append_pair("audience", "api.atlassian.com")
            .append_pair("client_id", client_id)
            .append_pair("scope", &scopes.to_string())
            .append_pair("redirect_uri", redirect_uri)
            .append_pair("state", state)
            .append_pair("response_type", "code")
            .append_pair("prompt", "consent")
            .append_pair("code_challenge", challenge.as_str())
            .append_pair("code_challenge_method", "S256");
        // Atlassian separates scopes by `%20`, not by the `+` of HTML forms. A plus itself is `%2B` here.
        let query = url.query().unwrap_or_default().replace('+', "%20");
        url.set_query(Some(&query));
        url
    }
}
