use reqwest::header::HeaderMap;
use serde_json::Value;
use url::Url;

/// What a server answered, read to its end.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    headers: HeaderMap,
    url: Url,
    body: Vec<u8>,
}

impl Answer {
    pub(crate) async fn read(response: reqwest::Response) -> reqwest::Result<Self> {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let url = response.url().clone();
        Ok(Self { status, headers, url, body: response.bytes().await?.to_vec() })
    }

    /// This answer, if it has the status.
    ///
    /// # Panics
    /// With the whole answer, where it does not.
    #[track_caller]
    #[expect(clippy::return_self_not_must_use, reason = "often the status is all that is asked")]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{} answered {:?} {}", self.url.path(), self.headers, self.text());
        self
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// All values of a header that may come more than once.
    pub fn headers(&self, name: &str) -> Vec<&str> {
        self.headers.get_all(name).iter().filter_map(|value| value.to_str().ok()).collect()
    }

    pub fn bytes(&self) -> &[u8] {
        &self.body
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        let parsed = serde_json::from_slice(&self.body);
        parsed.unwrap_or_else(|error| {
            panic!("{} {} is not JSON ({error}): {}", self.status, self.url, self.text())
        })
    }

    /// Where it leads, as a whole address.
    #[track_caller]
    pub fn location(&self) -> Url {
        let text = self.header("location");
        let text =
            text.unwrap_or_else(|| panic!("{} {} leads nowhere: {}", self.status, self.url, self.text()));
        self.url.join(text).expect("Location holds an address")
    }

    /// The problem document (RFC 9457) of an error, all of whose members are there and agree with the answer.
    #[track_caller]
    pub fn problem(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{} answered {}", self.url.path(), self.text());
        assert_eq!(self.header("content-type"), Some("application/problem+json"), "{}", self.text());
        let problem = self.json();
        for member in ["type", "title", "detail", "request_id"] {
            assert!(problem[member].as_str().is_some_and(|text| !text.is_empty()), "{member} of {problem}");
        }
        assert_eq!(problem["status"], status);
        assert_eq!(problem["request_id"].as_str(), self.header("x-request-id"));
        problem
    }

    /// What a problem says of this case.
    #[track_caller]
    pub fn detail(&self, status: u16) -> String {
        self.problem(status)["detail"].as_str().unwrap_or_default().to_owned()
    }

    /// The pointers to what is wrong in a request that was refused as not valid.
    #[track_caller]
    pub fn pointers(&self) -> Vec<String> {
        let problem = self.problem(422);
        let errors = problem["errors"].as_array().expect("errors of a validation problem");
        assert!(errors.iter().all(|error| error["detail"].as_str().is_some_and(|text| !text.is_empty())));
        errors.iter().filter_map(|error| error["pointer"].as_str().map(str::to_owned)).collect()
    }
}

/// A parameter of an address's query.
pub fn parameter(url: &Url, name: &str) -> Option<String> {
    url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}
