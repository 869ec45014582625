use crate::LoginError;

impl LoginError {
    /// The sentence for a reason that came in an address. Fixed, so that whoever makes a link cannot put words into
    /// this service's mouth.
    pub fn sentence(reason: &str) -> Option<&'static str> {
        Some(match reason {
            "not_configured" => {
                "Connecting to Atlassian is not set up here. Ask the operator of this service."
            }
            "no_scopes" => "The requested scopes are not among those that this service is set up for.",
            "missing_state" => {
                "Atlassian's answer came without the state of a login. Start again with Connect."
            }
            "unknown_state" => "This login is not known here. Start again with Connect.",
            "expired" => "This login took more than 10 minutes. Start again with Connect.",
            "already_used" => {
                "This login was finished already. Start again with Connect if you are not connected."
            }
            "other_browser" => {
                "This login was started in another browser, or this browser keeps no cookies. Start again with Connect \
                 in this one."
            }
            "wrong_issuer" => "The answer does not come from Atlassian. Start again with Connect.",
            "denied" => "You did not give the app access to your Atlassian account. Nothing was connected.",
            "provider" => {
                "Atlassian did not finish the login. Start again with Connect; if this repeats, tell the operator of \
                 this service."
            }
            "pending" => {
                "Your consent has arrived and is kept safe, but not everything that is needed answers right now. The \
                 connection will be finished by itself: come back in some minutes, and sign in with Connect."
            }
            "not_adopted" => {
                "This service works on a copy of another one's data and takes no logins. Tell its operator."
            }
            "missing_code" => {
                "Atlassian's answer came without an authorization code. Start again with Connect."
            }
            "code_refused" => {
                "Atlassian does not accept the authorization code: it was used or is too old. Start again with Connect."
            }
            "misconfigured" => {
                "Atlassian does not accept this service's app. Tell the operator of this service."
            }
            "unavailable" => "Atlassian is not available right now. Try again in a few minutes.",
            "no_refresh_token" => {
                "Atlassian gave no refresh token, so the connection would end within the hour. Tell the operator of \
                 this service."
            }
            "no_user" => "The consent does not tell who you are. Tell the operator of this service.",
            "unknown_person" => {
                "The consent does not tell who you are, and nobody is signed in. Tell the operator of this service."
            }
            "other_session" => {
                "The person signed in here is not the one who was when this login began. Start again with Connect."
            }
            "unknown_link" => {
                "This link is not known here. Ask the application that gave it to you for a new one."
            }
            "link_used" => {
                "This link was used already. Ask the application that gave it to you for a new one."
            }
            "link_expired" => "This link has expired. Ask the application that gave it to you for a new one.",
            "link_of_other_browser" => {
                "This link was opened in another browser, or this browser keeps no cookies. Ask the application that \
                 gave it to you for a new one."
            }
            "link_for_other" => {
                "This link is for another person than the one signed in here. Sign out first, if it is for you."
            }
            "other_account" => {
                "You are connected here with another Atlassian account. Sign in to that one at Atlassian, and start \
                 again with Connect."
            }
            "identity_in_use" => {
                "Your e-mail address belongs to a user here who is connected with another Atlassian account."
            }
            "superseded" => {
                "You have consented anew, or disconnected, since this login was begun: the later wish counts, and \
                 nothing was changed."
            }
            "erased" => {
                "You were deleted here after you had consented, so that consent counts no more. Start again with \
                 Connect if you want to come back."
            }
            "broken" => "The login did not come to its end. Start again with Connect.",
            "store" => "The login could not be stored. Try again in a few minutes.",
            "sealed" => {
                "A value of this login cannot be opened: the encryption keys of this service have changed. Start again \
                 with Connect."
            }
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_has_a_sentence_and_no_other_word_has() {
        let some = [
            LoginError::NotConfigured { missing: "X" },
            LoginError::NoScopes { configured: String::new() },
            LoginError::MissingState,
            LoginError::UnknownState,
            LoginError::Expired,
            LoginError::AlreadyUsed,
            LoginError::OtherBrowser,
            LoginError::WrongIssuer,
            LoginError::Denied,
            LoginError::Provider { code: "x" },
            LoginError::Pending(Box::new(LoginError::NoUser)),
            LoginError::NotAdopted { why: String::new() },
            LoginError::MissingCode,
            LoginError::CodeRefused,
            LoginError::NoRefreshToken,
            LoginError::NoUser,
            LoginError::UnknownPerson,
            LoginError::OtherSession,
            LoginError::UnknownLink,
            LoginError::LinkUsed,
            LoginError::LinkExpired,
            LoginError::LinkOfOtherBrowser,
            LoginError::LinkForOther,
            LoginError::OtherAccount,
            LoginError::IdentityInUse,
            LoginError::Sealed,
            LoginError::Superseded,
            LoginError::Erased,
            LoginError::Broken,
        ];
        for error in some {
            assert!(LoginError::sentence(error.name()).is_some(), "{}", error.name());
        }
        for reason in ["misconfigured", "unavailable", "store"] {
            assert!(LoginError::sentence(reason).is_some(), "{reason}");
        }
        assert_eq!(LoginError::sentence("Call this number"), None);
    }
}
