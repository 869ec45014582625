use super::format;

/// How a login ended, as the query of `/connected` tells it. Anybody can write such a query into a link.
#[derive(Debug, Clone, Copy, Default)]
pub struct Outcome<'a> {
    pub provider: Option<&'a str>,
    pub status: Option<&'a str>,
    pub message: Option<&'a str>,
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
    pub message: Option<String>,
    pub failed: bool,
    pub shrank: bool,
}

/// Enough for any sentence of ours, too little for a letter from somebody else.
const LONGEST_MESSAGE: usize = 300;

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
                // The text of a success is ours alone, so that a forged link has nothing to say.
                message: None,
                failed: false,
                shrank: outcome.shrank,
            },
            Some("error") => Self {
                tone: "bad",
                title: format!("{provider} was not connected"),
                text: "Nothing was changed. You can try again right away.",
                message: outcome
                    .message
                    .map(|message| format::plain(message, LONGEST_MESSAGE))
                    .filter(|message| !message.is_empty()),
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

    fn outcome<'a>(status: &'a str, message: &'a str) -> Outcome<'a> {
        Outcome { provider: Some("jira"), status: Some(status), message: Some(message), shrank: false }
    }

    #[test]
    fn a_success_says_only_our_words() {
        let view = OutcomeView::from(outcome("success", "Call this number"));
        assert_eq!((view.title.as_str(), view.message), ("Jira is connected", None));
    }

    #[test]
    fn a_message_is_text_and_short() {
        let html = render_connected(outcome("error", "<b>denied</b>"), None).unwrap();
        assert!(html.contains("&#60;b&#62;denied") && !html.contains("<b>denied"), "{html}");
        let long = "x".repeat(5_000);
        let message = OutcomeView::from(outcome("error", &long)).message.unwrap();
        assert_eq!(message.chars().count(), LONGEST_MESSAGE + 1);
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
        let evil = |status, message| Outcome { provider: Some("evil"), message, ..outcome(status, "") };
        let view = OutcomeView::from(evil("pwned", Some("x")));
        assert_eq!((view.title.as_str(), view.message), ("Nothing to report", None));
        let view = OutcomeView::from(evil("success", None));
        assert_eq!(view.title, "Atlassian is connected");
    }
}
