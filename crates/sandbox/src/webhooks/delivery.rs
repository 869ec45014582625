//! Sending: signed, and tried again when it may help.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::Serialize;
use serde_json::{Value, json};
use sha2::Sha256;
use url::Url;

use super::{Mode, post::post};
use crate::{CLIENT_SECRET, app::Sandbox, entropy::random_text};

/// After the first attempt a delivery is tried this often.
const RETRIES: u32 = 5;
/// Seconds that a signature is good for.
const SIGNED_FOR: i64 = 180;
/// How many attempts the log keeps.
const LOGGED: usize = 1000;

/// One event on its way to one address.
#[derive(Clone, Debug)]
pub struct Delivery {
    url: Url,
    event: &'static str,
    body: String,
    /// The same on every attempt.
    identifier: String,
    attempt: u32,
}

/// An attempt that was made, for tests to look at.
#[derive(Clone, Debug, Serialize)]
pub struct Attempt {
    identifier: String,
    event: &'static str,
    url: String,
    /// 0 for the first.
    retry: u32,
    /// Missing where no answer came.
    status: Option<u16>,
}

impl Delivery {
    pub fn new(mut url: Url, account_id: &str, event: &'static str, body: &Value) -> Self {
        url.query_pairs_mut().append_pair("triggeredByUser", account_id);
        Self { url, event, body: body.to_string(), identifier: random_text::<24>(), attempt: 0 }
    }
}

impl Sandbox {
    /// Puts deliveries on their way, as reliably as the mode says.
    pub(crate) fn deliver(&self, deliveries: Vec<Delivery>) {
        let mut state = self.webhooks().state();
        for delivery in deliveries {
            match state.mode {
                Mode::Reliable => state.waiting.push_back(delivery),
                Mode::Duplicate => state.waiting.extend([delivery.clone(), delivery]),
                Mode::Reorder => match state.held.take() {
                    Some(held) => state.waiting.extend([delivery, held]),
                    None => state.held = Some(delivery),
                },
                Mode::Lose => {}
            }
        }
        if !state.busy && !state.waiting.is_empty() {
            state.busy = true;
            tokio::spawn(self.clone().work());
        }
    }

    /// Sets how reliable deliveries are from now on. What was held back goes out.
    pub(crate) fn set_webhook_mode(&self, mode: Mode) {
        let held = {
            let mut state = self.webhooks().state();
            state.mode = Mode::Reliable;
            state.held.take()
        };
        self.deliver(held.into_iter().collect());
        self.webhooks().state().mode = mode;
    }

    /// The attempts so far, oldest first.
    pub(crate) fn webhook_log(&self) -> Vec<Attempt> {
        self.webhooks().state().log.clone()
    }

    async fn work(self) {
        loop {
            let next = {
                let mut state = self.webhooks().state();
                let next = state.waiting.pop_front();
                state.busy = next.is_some();
                next
            };
            let Some(delivery) = next else { return };
            self.attempt(delivery).await;
        }
    }

    async fn attempt(&self, mut delivery: Delivery) {
        let mut headers = vec![
            ("authorization", format!("Bearer {}", self.signature())),
            ("x-atlassian-webhook-identifier", delivery.identifier.clone()),
            ("x-atlassian-webhook-flow", String::from("Primary")),
        ];
        if delivery.attempt > 0 {
            headers.push(("x-atlassian-webhook-retry", delivery.attempt.to_string()));
        }
        let status = post(&delivery.url, &headers, &delivery.body).await.ok();
        self.log(&delivery, status);
        let again = status.is_none_or(|status| matches!(status, 408 | 409 | 425 | 429 | 500..));
        if !again || delivery.attempt >= RETRIES {
            return;
        }
        let wait = self.options().webhook_backoff.saturating_mul(1 << delivery.attempt);
        delivery.attempt += 1;
        let sandbox = self.clone();
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(wait)).await;
            sandbox.queue_again(delivery);
        });
    }

    fn queue_again(self, delivery: Delivery) {
        let mut state = self.webhooks().state();
        state.waiting.push_back(delivery);
        if !state.busy {
            state.busy = true;
            tokio::spawn(self.clone().work());
        }
    }

    fn log(&self, delivery: &Delivery, status: Option<u16>) {
        let mut state = self.webhooks().state();
        if state.log.len() == LOGGED {
            state.log.remove(0);
        }
        state.log.push(Attempt {
            identifier: delivery.identifier.clone(),
            event: delivery.event,
            url: String::from(delivery.url.as_str()),
            retry: delivery.attempt,
            status,
        });
    }

    /// A JSON web token that shows that the sender knows the app's secret. It says nothing of the body.
    fn signature(&self) -> String {
        let now = self.now().timestamp();
        let header = URL_SAFE_NO_PAD.encode(json!({ "alg": "HS256", "typ": "JWT" }).to_string());
        let claims = URL_SAFE_NO_PAD.encode(json!({ "iat": now, "exp": now + SIGNED_FOR }).to_string());
        let signed = format!("{header}.{claims}");
        let signature = URL_SAFE_NO_PAD.encode(hmac(CLIENT_SECRET.as_bytes(), signed.as_bytes()));
        format!("{signed}.{signature}")
    }
}

fn hmac(key: &[u8], message: &[u8]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("a key of any length is allowed");
    mac.update(message);
    mac.finalize().into_bytes().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures_are_those_of_hmac_sha256() {
        let digest = hmac(b"It's a Secret to Everybody", b"Hello World!");
        let hex: String = digest.iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
        assert_eq!(hex, "a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9");
    }
}
