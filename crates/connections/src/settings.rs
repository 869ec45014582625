use std::path::PathBuf;

use connector_atlassian::App;
use connector_domain::{Product, Scopes};
use connector_store::LoginFlow;

use crate::{SessionLimits, Timings};

/// An app of Atlassian's developer console, and the one callback address that is registered for it.
#[derive(Debug, Clone)]
pub struct OAuthApp {
    pub app: App,
    pub redirect_uri: String,
}

#[derive(Debug, Clone, Default)]
pub struct Settings {
    pub atlassian: Option<OAuthApp>,
    /// Another app for the legacy Jira login; by default the same.
    pub jira: Option<OAuthApp>,
    /// Another app for the legacy Confluence login; by default the same.
    pub confluence: Option<OAuthApp>,
    /// What is asked for at most.
    pub scopes: Scopes,
    /// Return to the spelling of this machine's name at which the browser began (`localhost`, `127.0.0.1`): for the
    /// sandbox, where all of them are registered.
    pub any_loopback_host: bool,
    /// Whose a consent is that does not tell it, with nobody signed in: the first user's, as in public mode, or nobody's,
    /// so that it is refused.
    pub first_user_stands_in: bool,
    pub sessions: SessionLimits,
    pub timings: Timings,
    /// Where answers of Atlassian lie that the database cannot take.
    pub spool_folder: PathBuf,
}

/// Without these a login cannot do its work, so a caller cannot leave them out.
const ALWAYS: [&str; 2] = ["offline_access", "read:me"];

impl Settings {
    pub(crate) fn app(&self, flow: LoginFlow) -> Option<&OAuthApp> {
        let own = match flow {
            LoginFlow::Atlassian => None,
            LoginFlow::Jira => self.jira.as_ref(),
            LoginFlow::Confluence => self.confluence.as_ref(),
        };
        own.or(self.atlassian.as_ref())
    }

    /// Where Atlassian sends the browser back to, as it is registered there.
    pub fn redirect_uri(&self, flow: LoginFlow) -> Option<&str> {
        self.app(flow).map(|app| app.redirect_uri.as_str())
    }

    /// The app that a connection belongs to; `None` where its settings are gone.
    pub(crate) fn app_of_client(&self, client_id: &str) -> Option<&App> {
        [&self.atlassian, &self.jira, &self.confluence]
            .into_iter()
            .flatten()
            .map(|configured| &configured.app)
            .find(|app| app.client_id == client_id)
    }

    /// By which login the app of a connection is asked for a consent; `None` where its settings are gone.
    pub fn flow_of_client(&self, client_id: &str) -> Option<LoginFlow> {
        [LoginFlow::Atlassian, LoginFlow::Jira, LoginFlow::Confluence]
            .into_iter()
            .find(|flow| self.app(*flow).is_some_and(|app| app.app.client_id == client_id))
    }

    /// What a login asks for: the configured scopes, narrowed to `asked` where the caller names some.
    ///
    /// A legacy login through the app that serves both products asks for both: Atlassian keeps one grant per app and
    /// person, and the scopes of a new consent replace the old ones.
    pub(crate) fn login_scopes(&self, flow: LoginFlow, asked: Option<&Scopes>) -> Scopes {
        let own_app = match flow {
            LoginFlow::Atlassian => None,
            LoginFlow::Jira => self.jira.as_ref().map(|_| Product::Jira),
            LoginFlow::Confluence => self.confluence.as_ref().map(|_| Product::Confluence),
        };
        let mut scopes = match own_app {
            Some(product) => self.scopes.filter(|scope| Product::of_scope(scope) == Some(product)),
            None => self.scopes.clone(),
        };
        if let Some(asked) = asked {
            scopes = scopes.narrowed_to(asked);
        }
        scopes.extend(&self.scopes.filter(|scope| ALWAYS.contains(&scope)));
        scopes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> Settings {
        Settings {
            scopes: "read:jira-work read:page:confluence read:me offline_access".parse().unwrap(),
            ..Settings::default()
        }
    }

    #[test]
    fn a_caller_narrows_but_keeps_what_a_login_needs() {
        let asked = "read:jira-work write:jira-work".parse().unwrap();
        let scopes = settings().login_scopes(LoginFlow::Atlassian, Some(&asked));
        assert_eq!(scopes.to_string(), "offline_access read:jira-work read:me");
    }

    #[test]
    fn a_shared_app_is_asked_for_both_products_an_own_one_for_its_own() {
        let app = App { client_id: "jira-app".into(), client_secret: None };
        let own = Settings { jira: Some(OAuthApp { app, redirect_uri: "x".into() }), ..settings() };
        assert_eq!(
            own.login_scopes(LoginFlow::Jira, None).to_string(),
            "offline_access read:jira-work read:me"
        );
        assert_eq!(settings().login_scopes(LoginFlow::Jira, None), settings().scopes);
    }
}
