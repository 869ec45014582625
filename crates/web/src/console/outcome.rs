use super::format;

/// How a login ended, as the query of `/connected` tells it. Anybody can write such a query into a link.
#[derive(Debug, Clone, Copy, Default)]
pub struct Outcome<'a> {
    pub provider: Option<&'a str>,
    pub status: Option<&'a str>,
    pub message: Option<&'a str>,
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
            },
            _ => Self {
                tone: "idle",
                title: "Nothing to report".to_owned(),
                text: "This page tells how a login at Atlassian ended. The console shows how things stand.",
                message: None,
                failed: false,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::render_connected;
    use super::*;

    fn outcome<'a>(status: &'a str, message: &'a str) -> Outcome<'a> {
        Outcome { provider: Some("jira"), status: Some(status), message: Some(message) }
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
    fn what_is_unknown_is_not_echoed() {
        let view =
            OutcomeView::from(Outcome { provider: Some("evil"), status: Some("pwned"), message: Some("x") });
        assert_eq!((view.title.as_str(), view.message), ("Nothing to report", None));
        let view =
            OutcomeView::from(Outcome { provider: Some("evil"), status: Some("success"), message: None });
        assert_eq!(view.title, "Atlassian is connected");
    }
}
