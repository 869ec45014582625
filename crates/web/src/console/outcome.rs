use connector_connections::LoginError;

/// How a login ended, as the query of `/connected` tells it. Anybody can write such a query into a link.
#[derive(Debug, Clone, Copy, Default)]
pub struct Outcome<'a> {
    pub provider: Option<&'a str>,
    pub status: Option<&'a str>,
    /// Names one of our sentences: nobody else's words are shown.
    pub reason: Option<&'a str>,
    /// Whether the consent covers less than the one before.
    pub shrank: bool,
}

/// The landing page, ready to show.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct OutcomeView {
    pub tone: &'static str,
    pub title: String,
    pub text: &'static str,
    /// What went wrong, in the service's words.
    pub message: Option<&'static str>,
    pub failed: bool,
    pub shrank: bool,
}

impl From<Outcome<'_>> for OutcomeView {
    fn from(outcome: Outcome<'_>) -> Self {
        let provider = match outcome.provider {
            Some("jira") => "Jira",
            Some("confluence") => "Confluence",
            _ => "Atlassian",
        };
        match outcome.status {
            Some("success") => Self {
                tone: "good",
                title: format!("{provider} is connected"),
                text: "Your projects, spaces and pages are being read now. You can follow it in the console.",
                message: None,
                failed: false,
                shrank: outcome.shrank,
            },
            Some("error") => Self {
                tone: "bad",
                title: format!("{provider} was not connected"),
                text: "Nothing was changed. You can try again right away.",
                message: outcome.reason.and_then(LoginError::sentence),
                failed: true,
                shrank: false,
            },
            _ => Self {
                tone: "idle",
                title: "Nothing to report".to_owned(),
                text: "This page tells how a login at Atlassian ended. The console shows how things stand.",
                message: None,
                failed: false,
                shrank: false,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::render_connected;
    use super::*;

    fn outcome<'a>(status: &'a str, reason: &'a str) -> Outcome<'a> {
        Outcome { provider: Some("jira"), status: Some(status), reason: Some(reason), shrank: false }
    }

    #[test]
    fn a_failure_says_our_words_and_a_success_none() {
        let view = OutcomeView::from(outcome("success", "denied"));
        assert_eq!((view.title.as_str(), view.message), ("Jira is connected", None));
        let html = render_connected(outcome("error", "denied"), None).unwrap();
        assert!(html.contains("You did not give the app access"), "{html}");
    }

    #[test]
    fn nobody_else_s_words_are_shown() {
        let html = render_connected(outcome("error", "Call this number"), None).unwrap();
        assert!(!html.contains("Call this number"), "{html}");
        assert_eq!(OutcomeView::from(outcome("error", "<b>denied</b>")).message, None);
    }

    #[test]
    fn a_smaller_consent_is_said_and_a_failure_has_none() {
        let shrank = |status| OutcomeView::from(Outcome { shrank: true, ..outcome(status, "") }).shrank;
        assert!(shrank("success") && !shrank("error") && !shrank("x"));
        let page = |shrank| render_connected(Outcome { shrank, ..outcome("success", "") }, None).unwrap();
        assert!(page(true).contains("covers less than the one before"));
        assert!(!page(false).contains("covers less"));
    }

    #[test]
    fn what_is_unknown_is_not_echoed() {
        let evil = |status| Outcome { provider: Some("evil"), ..outcome(status, "x") };
        let view = OutcomeView::from(evil("pwned"));
        assert_eq!((view.title.as_str(), view.message), ("Nothing to report", None));
        let view = OutcomeView::from(evil("success"));
        assert_eq!(view.title, "Atlassian is connected");
    }
}
