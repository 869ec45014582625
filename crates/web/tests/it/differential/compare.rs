use std::collections::BTreeSet;

use connector_testkit::{Browser, TestApp};
use serde_json::Value;

type Lines = BTreeSet<String>;

/// What is in one of the two only, with its kind.
pub(crate) async fn differences(app: &TestApp) -> Vec<String> {
    let control = Browser::new(&app.sandbox.url);
    let truth = control.get("/__sandbox/sites/acme/truth?full=true").await.expect(200).json();
    let mut found = Vec::new();
    for (kind, query, of_truth) in kinds() {
        let mirror: Lines = app.database.texts(query).await.into_iter().collect();
        let truth = of_truth(&truth);
        found.extend(truth.difference(&mirror).map(|line| format!("{kind}: only at Atlassian: {line}")));
        found.extend(mirror.difference(&truth).map(|line| format!("{kind}: only in the mirror: {line}")));
    }
    found
}

type Kind = (&'static str, &'static str, fn(&Value) -> Lines);

fn kinds() -> Vec<Kind> {
    vec![
        (
            "projects",
            "SELECT remote_id || ' ' || key || ' ' || name FROM jira_projects WHERE deleted_at IS NULL",
            |truth| {
                lines(&truth["projects"], |row| {
                    format!("{} {} {}", text(&row["id"]), text(&row["key"]), text(&row["name"]))
                })
            },
        ),
        (
            "issues",
            "SELECT remote_id || ' ' || key || ' ' || project_id || ' ' || summary FROM jira_issues WHERE deleted_at IS NULL",
            |truth| {
                lines(&truth["issues"], |row| {
                    let fields = &row["fields"];
                    let project = text(&fields["project"]["id"]);
                    format!(
                        "{} {} {project} {}",
                        text(&row["id"]),
                        text(&row["key"]),
                        text(&fields["summary"])
                    )
                })
            },
        ),
        (
            "comments",
            "SELECT issue_id || ' ' || remote_id FROM jira_comments WHERE deleted_at IS NULL",
            |truth| below(truth, "comments", |row| text(&row["id"])),
        ),
        (
            "worklogs",
            "SELECT issue_id || ' ' || remote_id || ' ' || CAST(time_spent_seconds AS text) FROM jira_worklogs \
             WHERE deleted_at IS NULL",
            |truth| {
                below(truth, "worklogs", |row| format!("{} {}", text(&row["id"]), row["timeSpentSeconds"]))
            },
        ),
        (
            "changelogs",
            "SELECT issue_id || ' ' || remote_id FROM jira_changelogs WHERE deleted_at IS NULL",
            |truth| below(truth, "changelog", |row| text(&row["id"])),
        ),
        (
            "pages",
            "SELECT page_id || ' ' || space_id || ' ' || COALESCE(parent_id, '-') || ' ' || CAST(version AS text) || ' ' \
             || CAST(body_version AS text) || ' ' || title FROM confluence_pages WHERE deleted_at IS NULL",
            |truth| {
                current(truth, "pages", |row| {
                    let version = &row["version"]["number"];
                    let parent = row["parentId"].as_str().unwrap_or("-");
                    let (id, space, title) = (text(&row["id"]), text(&row["spaceId"]), text(&row["title"]));
                    vec![format!("{id} {space} {parent} {version} {version} {title}")]
                })
            },
        ),
        (
            "blog posts",
            "SELECT remote_id || ' ' || space_id || ' ' || title FROM confluence_blog_posts WHERE deleted_at IS NULL",
            |truth| {
                current(truth, "blog_posts", |row| {
                    vec![format!("{} {} {}", text(&row["id"]), text(&row["spaceId"]), text(&row["title"]))]
                })
            },
        ),
        (
            "comments on pages",
            "SELECT container_id || ' ' || remote_id FROM confluence_comments WHERE deleted_at IS NULL",
            |truth| hanging(truth, "comments"),
        ),
        (
            "labels",
            "SELECT container_id || ' ' || name FROM confluence_labels WHERE deleted_at IS NULL",
            |truth| {
                let of = |row: &Value| {
                    let labels = row["labels"].as_array().cloned().unwrap_or_default();
                    labels
                        .iter()
                        .map(|label| format!("{} {}", text(&row["id"]), text(&label["name"])))
                        .collect()
                };
                current(truth, "pages", of).into_iter().chain(current(truth, "blog_posts", of)).collect()
            },
        ),
    ]
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn lines(rows: &Value, line: impl Fn(&Value) -> String) -> Lines {
    rows.as_array().expect("rows").iter().map(line).collect()
}

/// What hangs on issues, with the issue's id before it.
fn below(truth: &Value, name: &str, line: impl Fn(&Value) -> String) -> Lines {
    let issues = truth["issues"].as_array().expect("issues").iter();
    let of = |issue: &Value| -> Vec<String> {
        let rows = issue[name].as_array().expect("rows");
        rows.iter().map(|row| format!("{} {}", text(&issue["id"]), line(row))).collect()
    };
    issues.flat_map(of).collect()
}

/// What is said of pages or blog posts that are neither archived nor in the trash.
fn current(truth: &Value, kind: &str, of: impl Fn(&Value) -> Vec<String>) -> Lines {
    let rows = truth[kind].as_array().expect("rows").iter();
    rows.filter(|row| row["status"] == "current").flat_map(of).collect()
}

fn hanging(truth: &Value, name: &str) -> Lines {
    let of = |row: &Value| {
        let hanging = row[name].as_array().cloned().unwrap_or_default();
        hanging.iter().map(|one| format!("{} {}", text(&row["id"]), text(&one["id"]))).collect()
    };
    current(truth, "pages", of).into_iter().chain(current(truth, "blog_posts", of)).collect()
}
