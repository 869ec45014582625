//! One call of an API: what is sent, what it may cost, and whether it may be sent again.

use connector_domain::{AccessToken, CloudId, Product};
use reqwest::Method;
use reqwest::header::{ACCEPT, CONTENT_TYPE};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::client::Atlassian;
use crate::http::{self, Answer};
use crate::{Admission, ApiError, CallClass, Observed, RateLimits};

/// The longest answer of an API that is read.
const BODY_LIMIT: usize = 64 * 1024 * 1024;

/// What a call does there, which says what it costs and whether it may be repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Reads; costs a point, and one more for each object that comes back.
    Read,
    /// Writes, and may be done twice with the same end.
    IdempotentWrite,
    Write,
}

pub struct Call<'a> {
    /// The template of the path, for the log and for limits.
    pub route: &'static str,
    pub method: Method,
    pub url: Url,
    pub body: Option<Vec<u8>>,
    pub product: Option<Product>,
    pub cloud_id: Option<&'a CloudId>,
    pub effect: Effect,
    /// How many points the objects of the answer will cost at most.
    pub objects: u64,
}

impl Call<'_> {
    pub fn get(route: &'static str, url: Url) -> Self {
        let (product, cloud_id) = (None, None);
        Self {
            route,
            method: Method::GET,
            url,
            body: None,
            product,
            cloud_id,
            effect: Effect::Read,
            objects: 1,
        }
    }

    pub fn method(self, method: Method, effect: Effect) -> Self {
        Self { method, effect, ..self }
    }

    pub fn objects(self, objects: u64) -> Self {
        Self { objects, ..self }
    }

    /// With `body` as JSON; all bodies here are plain structs, which always become JSON.
    pub fn json(self, body: &impl Serialize) -> Self {
        Self { body: Some(serde_json::to_vec(body).unwrap_or_default()), ..self }
    }

    fn points(&self, objects: u64) -> u64 {
        match self.effect {
            Effect::Read => objects.saturating_add(1),
            Effect::IdempotentWrite | Effect::Write => 1,
        }
    }
}

impl Atlassian {
    /// Makes `call` and reads the answer with `read`; again where that may help and does no harm.
    pub(crate) async fn call<T>(
        &self,
        call: Call<'_>,
        token: &AccessToken,
        read: impl Fn(&Answer) -> Result<T, ApiError>,
    ) -> Result<T, ApiError> {
        let mut attempt = 0;
        loop {
            let error = match self.call_once(&call, token, &read).await {
                Ok(value) => return Ok(value),
                Err(error) if call.effect == Effect::Write => return Err(error),
                Err(error) => error,
            };
            let Some(wait) = self.retry.wait(attempt, &error, self.pause.jitter()) else { return Err(error) };
            attempt += 1;
            let wait_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
            tracing::debug!(route = call.route, attempt, wait_ms, %error, "Atlassian is asked again after a wait");
            self.pause.wait(wait).await;
        }
    }

    /// The same for an answer that is one record.
    pub(crate) async fn read<T: DeserializeOwned>(
        &self,
        call: Call<'_>,
        token: &AccessToken,
    ) -> Result<T, ApiError> {
        self.call(call, token, |answer| answer.json()).await
    }

    async fn call_once<T>(
        &self,
        call: &Call<'_>,
        token: &AccessToken,
        read: impl Fn(&Answer) -> Result<T, ApiError>,
    ) -> Result<T, ApiError> {
        let class = CallClass {
            product: call.product,
            cloud_id: call.cloud_id,
            method: method_name(&call.method),
            route: call.route,
            points: call.points(call.objects),
            priority: self.priority,
        };
        let _permit = self.admission.admit(&class).await?;
        let mut request = self
            .http
            .request(call.method.clone(), call.url.clone())
            .bearer_auth(token.expose())
            .header(ACCEPT, "application/json");
        if let Some(body) = &call.body {
            request = request.header(CONTENT_TYPE, "application/json").body(body.clone());
        }
        let unanswered =
            Observed { status: None, points: class.points, rate: RateLimits::default(), date: None };
        let mut end = End { admission: &*self.admission, class, observed: unanswered };
        match http::send(call.route, request, BODY_LIMIT).await {
            Ok(answer) => {
                let result = if answer.status.is_success() {
                    read(&answer)
                } else {
                    Err(ApiError::of(&answer, token.expose()))
                };
                let points = call.points(answer.objects.get());
                let (status, rate) = (Some(answer.status.as_u16()), RateLimits::of(&answer));
                end.observed = Observed { status, points, rate, date: answer.date() };
                result
            }
            Err(error) => Err(error.into()),
        }
    }
}

/// Tells how a call ended, whatever ends it: where its caller goes away, Atlassian has counted it all the same.
struct End<'a> {
    admission: &'a dyn Admission,
    class: CallClass<'a>,
    observed: Observed,
}

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.admission.observe(&self.class, &self.observed);
    }
}

/// Only these are used.
fn method_name(method: &Method) -> &'static str {
    match *method {
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        _ => "GET",
    }
}

impl Answer {
    /// Reads the body as JSON.
    ///
    /// What is no JSON at all comes from the way between (an edge's HTML page) and may pass; JSON of another
    /// form stays as it is.
    pub(crate) fn json<'a, T: Deserialize<'a>>(&'a self) -> Result<T, ApiError> {
        self.objects.set(1);
        serde_json::from_slice(&self.body).map_err(|error| match error.classify() {
            serde_json::error::Category::Data => ApiError::malformed("its fields are not those documented"),
            _ => ApiError::Unavailable { what: "an answer that is not JSON".to_owned(), retry_after: None },
        })
    }

    /// The same for answers that Atlassian is known to cut off for their length.
    pub(crate) fn json_in_full<'a, T: Deserialize<'a>>(&'a self) -> Result<T, ApiError> {
        let is_cut = |error: &serde_json::Error| error.is_eof() && self.body.starts_with(b"{");
        match serde_json::from_slice::<serde::de::IgnoredAny>(&self.body) {
            Err(error) if is_cut(&error) => Err(ApiError::TooLarge { what: "it was cut off".to_owned() }),
            _ => self.json(),
        }
    }
}
