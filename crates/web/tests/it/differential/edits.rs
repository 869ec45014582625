use connector_testkit::{Browser, TestApp};
use serde_json::{Value, json};

use super::Dice;
use crate::column;

/// People who edit at random. What the sandbox refuses, a person could not have done either.
pub(crate) struct Editor<'a> {
    app: &'a TestApp,
    control: Browser,
    count: u32,
}

impl<'a> Editor<'a> {
    pub(crate) fn new(app: &'a TestApp) -> Self {
        Self { app, control: Browser::new(&app.sandbox.url), count: 0 }
    }

    pub(crate) async fn edit(&mut self, dice: &mut Dice, times: usize) {
        for _ in 0..times {
            self.edit_once(dice).await;
        }
    }

    async fn edit_once(&mut self, dice: &mut Dice) {
        self.count += 1;
        let text = format!("edit {} of {}", self.count, dice.below(1_000_000));
        let truth = self.app.sandbox.truth("acme").await;
        let ids = |kind: &str| -> Vec<String> {
            column(&truth[kind], "id").into_iter().map(str::to_owned).collect()
        };
        let keys = |kind: &str| -> Vec<String> {
            column(&truth[kind], "key").into_iter().map(str::to_owned).collect()
        };
        let (issue, page) = (dice.pick(&ids("issues")).cloned(), dice.pick(&ids("pages")).cloned());
        let (Some(issue), Some(page)) = (issue, page) else { return };
        let project = dice.pick(&keys("projects")).cloned().unwrap_or_default();
        let space = dice.pick(&keys("spaces")).cloned().unwrap_or_default();
        let project_id = dice.pick(&ids("projects")).cloned().unwrap_or_default();
        match dice.below(18) {
            0 => self.send("POST", "issues", json!({"project": project, "summary": text})).await,
            1..3 => self.send("PATCH", &format!("issues/{issue}"), json!({"summary": text})).await,
            3 => self.send("PATCH", &format!("issues/{issue}"), json!({"project": project})).await,
            4 => self.send("DELETE", &format!("issues/{issue}"), Value::Null).await,
            5 | 6 => self.below(dice, &format!("issues/{issue}/comments"), json!({"body": text})).await,
            7 | 8 => {
                let seconds = 60 * (1 + dice.below(100));
                self.below(
                    dice,
                    &format!("issues/{issue}/worklogs"),
                    json!({"seconds": seconds, "comment": text}),
                )
                .await;
            }
            9 => self.send("POST", "pages", json!({"space": space, "title": text})).await,
            10 | 11 => {
                let change = json!({"title": text, "body": format!("<p>{text}</p>")});
                self.send("PATCH", &format!("pages/{page}"), change).await;
            }
            12 => self.send("PATCH", &format!("pages/{page}"), json!({"space": space})).await,
            13 => self.send("DELETE", &format!("pages/{page}"), Value::Null).await,
            14 => self.send("DELETE", &format!("pages/{page}?purge=true"), Value::Null).await,
            15 => self.send("PATCH", &format!("pages/{page}"), json!({"status": "archived"})).await,
            16 => {
                let change = json!({"labels": [format!("l{}", dice.below(5))]});
                self.send("PATCH", &format!("pages/{page}"), change).await;
            }
            _ => self.send("PATCH", &format!("projects/{project_id}"), json!({"name": text})).await,
        }
    }

    /// Writes something below an issue, and sometimes changes it or takes it back.
    async fn below(&self, dice: &mut Dice, path: &str, body: Value) {
        let made = self.control.post(&format!("/__sandbox/sites/acme/{path}"), &body).await;
        if made.status >= 300 {
            return;
        }
        let id = made.json()["id"].as_str().map(str::to_owned);
        let Some(id) = id else { return };
        match dice.below(3) {
            0 => self.send("PATCH", &format!("{path}/{id}"), body).await,
            1 => self.send("DELETE", &format!("{path}/{id}"), Value::Null).await,
            _ => {}
        }
    }

    async fn send(&self, method: &str, path: &str, body: Value) {
        let call = self.control.call(method, &format!("/__sandbox/sites/acme/{path}"));
        let answer = if body.is_null() { call.await } else { call.json(&body).await };
        assert!(answer.status < 500, "{method} {path}: {}", answer.text());
    }
}
