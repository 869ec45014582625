use connector_testkit::{Browser, TestApp};
use serde_json::{Value, json};

use super::Dice;

/// People who edit at random. What the sandbox refuses, a person could not have done either.
pub(crate) struct Editor {
    control: Browser,
    count: u32,
}

/// What can be edited at the moment: ids, and keys where something is put into something.
struct Things(Value);

impl Things {
    fn pick(&self, dice: &mut Dice, kind: &str, member: &str) -> Option<String> {
        let rows = self.0[kind].as_array()?;
        Some(dice.pick(rows)?[member].as_str()?.to_owned())
    }
}

impl Editor {
    pub(crate) fn new(app: &TestApp) -> Self {
        Self { control: Browser::new(&app.sandbox.url), count: 0 }
    }

    pub(crate) async fn edit(&mut self, dice: &mut Dice, times: usize) {
        for _ in 0..times {
            self.edit_once(dice).await;
        }
    }

    async fn edit_once(&mut self, dice: &mut Dice) {
        self.count += 1;
        let text = format!("edit {} of {}", self.count, dice.below(1_000_000));
        let things = Things(self.control.get("/__sandbox/sites/acme/truth").await.expect(200).json());
        // Where nothing is left to edit, nothing is edited.
        match dice.below(4) {
            0 | 1 => self.edit_jira(dice, &things, &text).await,
            2 => self.edit_confluence(dice, &things, &text).await,
            _ => self.edit_places(dice, &things, &text).await,
        };
    }

    async fn edit_jira(&self, dice: &mut Dice, things: &Things, text: &str) -> Option<()> {
        let project = things.pick(dice, "projects", "key")?;
        let issue = format!("issues/{}", things.pick(dice, "issues", "id")?);
        match dice.below(12) {
            0 => self.send("POST", "issues", json!({"project": project, "summary": text})).await,
            1 => self.send("PATCH", &issue, json!({"summary": text, "description": text})).await,
            2 | 3 => self.send("PATCH", &issue, json!({"project": project})).await,
            4 => self.send("DELETE", &issue, Value::Null).await,
            5 => {
                let status = dice.pick(&["To Do", "In Progress", "Done"]).copied();
                self.send("PATCH", &issue, json!({"status": status, "labels": [text.replace(' ', "-")]}))
                    .await;
            }
            6 => {
                let (assignee, parent) =
                    (things.pick(dice, "users", "id")?, things.pick(dice, "issues", "id")?);
                let change = if dice.below(2) == 0 {
                    json!({"assignee": assignee})
                } else {
                    json!({"parent": parent})
                };
                self.send("PATCH", &issue, change).await;
            }
            7 | 8 => self.hang(dice, &format!("{issue}/comments"), json!({"body": text})).await,
            9 | 10 => {
                let worklog = json!({"seconds": 60 * (1 + dice.below(100)), "comment": text});
                self.hang(dice, &format!("{issue}/worklogs"), worklog).await;
            }
            _ => self.attach(dice, &issue, text).await,
        }
        Some(())
    }

    async fn edit_confluence(&self, dice: &mut Dice, things: &Things, text: &str) -> Option<()> {
        let space = things.pick(dice, "spaces", "key")?;
        let (kind, trash) = *dice.pick(&[
            ("pages", "trashed_pages"),
            ("pages", "trashed_pages"),
            ("blogposts", "trashed_blog_posts"),
        ])?;
        let of_truth = if kind == "pages" { "pages" } else { "blog_posts" };
        let (new, body) = (json!({"space": space, "title": text}), format!("<p>{text}</p>"));
        let Some(id) = things.pick(dice, of_truth, "id") else {
            self.send("POST", kind, new).await;
            return None;
        };
        let content = format!("{kind}/{id}");
        match dice.below(13) {
            0 | 1 => self.send("POST", kind, new).await,
            2 => self.send("PATCH", &content, json!({"title": text, "body": body})).await,
            3 => self.send("PATCH", &content, json!({"space": space})).await,
            4 => {
                let parent = things.pick(dice, "pages", "id");
                self.send("PATCH", &content, json!({"parent": parent})).await;
            }
            5 => self.send("DELETE", &content, Value::Null).await,
            6 => self.send("DELETE", &format!("{content}?purge=true"), Value::Null).await,
            7 => {
                let status = if dice.below(2) == 0 { "archived" } else { "current" };
                self.send("PATCH", &content, json!({"status": status})).await;
            }
            // Out of the trash again.
            8 => {
                let content = format!("{kind}/{}", things.pick(dice, trash, "id")?);
                self.send("PATCH", &content, json!({"status": "current"})).await;
            }
            9 => self.send("PATCH", &content, json!({"labels": [format!("l{}", dice.below(5))]})).await,
            10 | 11 => {
                let comment = json!({"body": body, "inline": dice.below(2) == 0});
                self.hang(dice, &format!("{content}/comments"), comment).await;
            }
            _ => self.attach(dice, &content, text).await,
        }
        Some(())
    }

    /// Projects, spaces and people.
    async fn edit_places(&self, dice: &mut Dice, things: &Things, text: &str) -> Option<()> {
        let project = format!("projects/{}", things.pick(dice, "projects", "id")?);
        let space = format!("spaces/{}", things.pick(dice, "spaces", "id")?);
        // From whom it is hidden, and then from whom not any more.
        let nobody: &[&str] = &[];
        let from = json!({"hidden_from": if dice.below(2) == 0 { &["ada@example.com"] } else { nobody }});
        match dice.below(10) {
            0 => self.send("PATCH", &project, json!({"name": text})).await,
            1 | 2 => {
                let key = format!("K{}", dice.below(100_000));
                self.send("PATCH", &project, json!({"key": key})).await;
            }
            3 | 4 => self.send("PATCH", &project, from).await,
            5 => {
                let id = things.pick(dice, "retired_projects", "id");
                let change = json!({"archived": id.is_none()});
                let project = id.map_or(project, |id| format!("projects/{id}"));
                self.send("PATCH", &project, change).await;
            }
            6 => self.send("PATCH", &space, json!({"name": text})).await,
            7 => self.send("PATCH", &space, json!({"archived": dice.below(2) == 0})).await,
            8 => self.send("PATCH", &space, from).await,
            _ => {
                let hired = self.control.post("/__sandbox/people", &json!({"count": 1})).await;
                assert!(hired.status < 300, "{}", hired.text());
            }
        }
        Some(())
    }

    /// Writes something below a thing, and sometimes changes it, answers it or takes it back.
    async fn hang(&self, dice: &mut Dice, path: &str, body: Value) {
        let Some(id) = self.make(path, &body).await else { return };
        match dice.below(4) {
            0 => self.send("PATCH", &format!("{path}/{id}"), body).await,
            1 => self.send("DELETE", &format!("{path}/{id}"), Value::Null).await,
            2 if body.get("inline").is_some() => {
                self.send("POST", path, json!({"body": body["body"], "parent": id})).await;
            }
            _ => {}
        }
    }

    async fn attach(&self, dice: &mut Dice, to: &str, name: &str) {
        let path = format!("{to}/attachments");
        let file =
            json!({"name": format!("{name}.txt"), "media_type": "text/plain", "size": dice.below(5000)});
        if let Some(id) = self.make(&path, &file).await
            && dice.below(3) == 0
        {
            self.send("DELETE", &format!("{path}/{id}"), Value::Null).await;
        }
    }

    async fn make(&self, path: &str, body: &Value) -> Option<String> {
        let made = self.control.post(&format!("/__sandbox/sites/acme/{path}"), body).await;
        (made.status < 300).then(|| made.json()["id"].as_str().map(str::to_owned)).flatten()
    }

    async fn send(&self, method: &str, path: &str, body: Value) {
        let call = self.control.call(method, &format!("/__sandbox/sites/acme/{path}"));
        let answer = if body.is_null() { call.await } else { call.json(&body).await };
        assert!(answer.status < 500, "{method} {path}: {}", answer.text());
    }
}
