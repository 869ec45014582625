//! Somebody who asks the sandbox and has every answer checked.

use std::sync::Arc;

use anyhow::ensure;
use connector_testkit::Browser;
use serde_json::Value;

use crate::check::{Answer, Checker};
use crate::openapi::Api;

/// A person at one site, by one of the ways in.
#[derive(Debug, Clone)]
pub struct Walker {
    pub who: String,
    pub browser: Browser,
    /// The `Authorization` header; empty for none.
    pub authorization: String,
    pub jira: String,
    pub confluence: String,
    pub checker: Arc<Checker>,
}

impl Walker {
    /// Where an API's routes begin.
    pub fn root(&self, api: Api) -> String {
        let site = if api == Api::Jira { &self.jira } else { &self.confluence };
        format!("{site}{}", api.prefix())
    }

    /// Asks, and has the answer checked.
    pub async fn ask(&self, method: &str, path: &str, query: &str, body: Option<&Value>) -> (u16, Value) {
        let mark = if query.is_empty() { "" } else { "?" };
        let mut call = self.browser.call(method, &format!("{path}{mark}{query}"));
        if !self.authorization.is_empty() {
            call = call.header("authorization", &self.authorization);
        }
        if let Some(body) = body {
            call = call.json(body);
        }
        let answer = call.await;
        self.checker.answer(&Answer {
            method,
            path,
            query,
            status: answer.status,
            content_type: answer.header("content-type"),
            body: answer.bytes(),
        });
        (answer.status, serde_json::from_slice(answer.bytes()).unwrap_or_default())
    }

    /// Gets what is to be there.
    pub async fn get(&self, api: Api, route: &str, query: &str) -> anyhow::Result<Value> {
        let (status, body) = self.ask("GET", &format!("{}{route}", self.root(api)), query, None).await;
        ensure!(status == 200, "{}: GET {route}?{query} answered {status} {body}", self.who);
        Ok(body)
    }

    /// Posts what is to be accepted.
    pub async fn post(&self, api: Api, route: &str, body: &Value) -> anyhow::Result<Value> {
        let (status, answer) = self.ask("POST", &format!("{}{route}", self.root(api)), "", Some(body)).await;
        ensure!(status == 200, "{}: POST {route} {body} answered {status} {answer}", self.who);
        Ok(answer)
    }

    /// Asks for something that is to be refused.
    pub async fn refused(
        &self,
        status: u16,
        method: &str,
        path: &str,
        query: &str,
        body: Option<&Value>,
    ) -> anyhow::Result<()> {
        let (found, answer) = self.ask(method, path, query, body).await;
        ensure!(
            found == status,
            "{}: {method} {path}?{query} answered {found} {answer}, not {status}",
            self.who
        );
        Ok(())
    }
}
