//! Where a browser may be sent to, where somebody names the place.

use url::{Origin, Url};

use crate::WebSettings;

/// The longest address that is taken.
const LONGEST: usize = 2048;

impl WebSettings {
    /// The address, if a connect link may lead there: its origin is the frontend's, or is listed. What is compared is
    /// what a browser would go to, taken apart by the rules of browsers, and what is kept is written anew from that.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn return_url(&self, text: &str) -> Result<Url, &'static str> {
        const FORM: &str = "must be a whole address, such as https://app.example/done";
        if text.len() > LONGEST {
            return Err("is longer than 2048 bytes");
        }
        // Browsers drop the first two kinds and turn the third around. Nobody writes them with a good purpose.
        if text.chars().any(|c| c.is_control() || c.is_whitespace() || c == '\\') {
            return Err(FORM);
        }
        let lower = text.to_ascii_lowercase();
        if !lower.starts_with("https://") && !lower.starts_with("http://") {
            return Err(FORM);
        }
        let url = Url::parse(text).map_err(|_| FORM)?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err("must not hold a user name or password");
        }
        if self.may_return_to(&url.origin()) {
            Ok(url)
        } else {
            Err("leads to an origin that is not among CONNECTOR_RETURN_URLS and is not the frontend's")
        }
    }

    fn may_return_to(&self, origin: &Origin) -> bool {
        // A frontend that is a path is a page of this service.
        let frontend = match Url::parse(&self.frontend_url) {
            Ok(url) => url.origin(),
            Err(_) => self.public_url.origin(),
        };
        *origin == frontend || self.return_origins.contains(origin)
    }
}
