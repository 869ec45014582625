use serde_json::{Value, json};

use crate::browser::Browser;
use crate::within;

/// The events of a sync run that is being followed.
#[derive(Debug)]
pub struct Events {
    response: reqwest::Response,
    /// What has come and does not make a whole event yet.
    rest: String,
}

impl Events {
    /// The state that the next event tells of; `None` once the stream has ended by itself.
    pub async fn next(&mut self) -> Option<Value> {
        loop {
            if let Some((event, rest)) = self.rest.split_once("\n\n") {
                let data = event.lines().find_map(|line| line.strip_prefix("data:")).map(str::to_owned);
                let is_progress = event.lines().any(|line| line == "event: progress");
                self.rest = String::from(rest);
                match data {
                    Some(data) if is_progress => return Some(serde_json::from_str(&data).expect("JSON")),
                    // A comment, which keeps the connection alive.
                    _ => continue,
                }
            }
            let chunk = within("an event of the sync run", self.response.chunk()).await;
            let chunk = chunk.expect("the stream does not break off")?;
            self.rest.push_str(std::str::from_utf8(&chunk).expect("text"));
        }
    }

    /// Waits for an event of which something is true.
    pub async fn wait_for(&mut self, what: &str, is_it: impl Fn(&Value) -> bool) -> Value {
        let mut last = Value::Null;
        while let Some(run) = self.next().await {
            if is_it(&run) {
                return run;
            }
            last = run;
        }
        panic!("the run ended without {what}: {last}")
    }

    /// Everything up to the end of the stream.
    pub async fn all(mut self) -> Vec<Value> {
        let mut all = Vec::new();
        while let Some(run) = self.next().await {
            all.push(run);
        }
        all
    }
}

impl Browser {
    /// Follows a sync run by its events.
    pub async fn events(&self, id: &str) -> Events {
        let call = self.get(&format!("/api/syncs/{id}/events")).lasting();
        let response = within("the head of the events", call.open()).await.expect("an answer");
        assert_eq!(response.status(), 200);
        Events { response, rest: String::new() }
    }

    /// Follows a sync run to its end; answers its final state.
    pub async fn follow(&self, id: &str) -> Value {
        let last = self.events(id).await.all().await.pop().expect("a run has at least one event");
        assert!(!last["finished_at"].is_null(), "the events ended before the run: {last}");
        last
    }

    /// Asks for a sync and follows it to its end.
    pub async fn sync(&self, request: &Value) -> Value {
        let run = self.post("/api/syncs", request).await.expect(202).json();
        self.follow(run["id"].as_str().expect("an id")).await
    }

    /// Asks for a sync of everything that is to succeed.
    pub async fn sync_all(&self) -> Value {
        let run = self.sync(&json!({})).await;
        assert_eq!(run["status"], "succeeded", "{run}");
        run
    }

    /// Follows the latest sync run, such as the one that a login asks for, to its end.
    pub async fn latest_sync(&self) -> Value {
        let runs = self.get("/api/syncs?limit=1").await.expect(200).json();
        let id = runs["items"][0]["id"]
            .as_str()
            .unwrap_or_else(|| panic!("there is no sync run: {runs}"))
            .to_owned();
        self.follow(&id).await
    }
}
