use serde_json::Value;

use super::{Kind, flag, millis, rows, text};

pub(super) const KINDS: &[Kind] = &[
    Kind {
        name: "projects",
        columns: &["remote_id", "key", "name", "lead", "project_type", "description"],
        from: "jira_projects WHERE deleted_at IS NULL",
        truth: |truth| {
            let row = |row: &Value| {
                let lead = &row["lead"]["displayName"];
                let members = [&row["id"], &row["key"], &row["name"], lead, &row["projectTypeKey"]];
                members.into_iter().chain([&row["description"]]).map(text).collect()
            };
            rows(&truth["projects"]).map(row).collect()
        },
    },
    Kind {
        name: "issues",
        columns: &[
            "remote_id",
            "key",
            "project_id",
            "project_key",
            "summary",
            "status",
            "status_category",
            "issue_type",
            "priority",
            "resolution",
            "assignee_account_id",
            "reporter_account_id",
            "creator_account_id",
            // With an issue that is deleted, those below it lose their parent, of which Atlassian tells nobody. One that
            // is not seen is compared neither.
            "(SELECT parent.remote_id FROM jira_issues AS parent WHERE parent.remote_id = jira_issues.parent_id \
             AND parent.deleted_at IS NULL)",
            "due_date",
            "remote_created_at",
            "remote_updated_at",
            "resolved_at",
            "labels",
        ],
        from: "jira_issues WHERE deleted_at IS NULL",
        truth: |truth| rows(&truth["issues"]).map(|row| issue(truth, row)).collect(),
    },
    Kind {
        name: "fields of issues",
        columns: &["remote_id", "fields"],
        from: "jira_issues WHERE deleted_at IS NULL",
        truth: |truth| {
            let row = |row: &Value| vec![text(&row["id"]), row["fields"].to_string()];
            rows(&truth["issues"]).map(row).collect()
        },
    },
    Kind {
        name: "comments",
        columns: &[
            "issue_id",
            "remote_id",
            "author_account_id",
            "author_name",
            "remote_created_at",
            "remote_updated_at",
            "body_adf",
        ],
        from: "jira_comments WHERE deleted_at IS NULL",
        truth: |truth| {
            below(truth, "comments", |row| {
                let (created, updated) = (millis(&row["created"]), millis(&row["updated"]));
                let author = &row["author"];
                let (id, name) = (text(&author["accountId"]), text(&author["displayName"]));
                vec![text(&row["id"]), id, name, created, updated, row["body"].to_string()]
            })
        },
    },
    Kind {
        name: "worklogs",
        columns: &[
            "issue_id",
            "remote_id",
            "author_account_id",
            "time_spent_seconds",
            "started_at",
            "remote_created_at",
            "remote_updated_at",
        ],
        from: "jira_worklogs WHERE deleted_at IS NULL",
        truth: |truth| {
            below(truth, "worklogs", |row| {
                let head = [&row["id"], &row["author"]["accountId"], &row["timeSpentSeconds"]].map(text);
                let times = [&row["started"], &row["created"], &row["updated"]].map(millis);
                head.into_iter().chain(times).collect()
            })
        },
    },
    Kind {
        name: "changelogs",
        columns: &["issue_id", "remote_id", "author_account_id", "remote_created_at", "items"],
        from: "jira_changelogs WHERE deleted_at IS NULL",
        truth: |truth| {
            below(truth, "changelog", |row| {
                let item = |item: &Value| -> Value {
                    let names = ["field", "fieldId", "fieldtype", "from", "fromString", "to", "toString"];
                    names.iter().map(|name| ((*name).to_owned(), item[*name].clone())).collect()
                };
                let items: Value = rows(&row["items"]).map(item).collect();
                let (author, created) = (text(&row["author"]["accountId"]), millis(&row["created"]));
                vec![text(&row["id"]), author, created, items.to_string()]
            })
        },
    },
    Kind {
        name: "users",
        columns: &[
            "remote_id",
            "display_name",
            "email",
            "account_type",
            "CASE WHEN active THEN 'yes' ELSE 'no' END",
        ],
        from: "jira_users WHERE deleted_at IS NULL",
        truth: |truth| {
            let row = |row: &Value| {
                let names = ["accountId", "displayName", "emailAddress", "accountType"];
                names.iter().map(|name| text(&row[*name])).chain([flag(&row["active"])]).collect()
            };
            rows(&truth["users"]).map(row).collect()
        },
    },
    Kind {
        name: "issue types",
        columns: &[
            "remote_id",
            "name",
            "CASE WHEN subtask THEN 'yes' ELSE 'no' END",
            "hierarchy_level",
            "description",
        ],
        from: "jira_issue_types WHERE deleted_at IS NULL",
        truth: |truth| {
            let row = |row: &Value| {
                let (level, description) = (text(&row["hierarchyLevel"]), text(&row["description"]));
                vec![text(&row["id"]), text(&row["name"]), flag(&row["subtask"]), level, description]
            };
            rows(&truth["issue_types"]).map(row).collect()
        },
    },
    Kind {
        name: "statuses",
        columns: &["remote_id", "name", "category"],
        from: "jira_statuses WHERE deleted_at IS NULL",
        truth: |truth| {
            let row =
                |row: &Value| [&row["id"], &row["name"], &row["statusCategory"]["key"]].map(text).to_vec();
            rows(&truth["statuses"]).map(row).collect()
        },
    },
    Kind {
        name: "fields",
        columns: &["remote_id", "name", "CASE WHEN custom THEN 'yes' ELSE 'no' END", "schema_type"],
        from: "jira_fields WHERE deleted_at IS NULL",
        truth: |truth| {
            let row = |row: &Value| {
                let (id, name) = (text(&row["id"]), text(&row["name"]));
                vec![id, name, flag(&row["custom"]), text(&row["schema"]["type"])]
            };
            rows(&truth["fields"]).map(row).collect()
        },
    },
];

fn issue(truth: &Value, row: &Value) -> Vec<String> {
    let fields = &row["fields"];
    let parent = &fields["parent"]["id"];
    let parent = if rows(&truth["issues"]).any(|row| row["id"] == *parent) { parent } else { &Value::Null };
    let name = |field: &str| &fields[field]["name"];
    let person = |field: &str| &fields[field]["accountId"];
    let members = [
        &row["id"],
        &row["key"],
        &fields["project"]["id"],
        &fields["project"]["key"],
        &fields["summary"],
        name("status"),
        &fields["status"]["statusCategory"]["key"],
        name("issuetype"),
        name("priority"),
        name("resolution"),
        person("assignee"),
        person("reporter"),
        person("creator"),
        parent,
        &fields["duedate"],
    ];
    let times = ["created", "updated", "resolutiondate"].map(|name| millis(&fields[name]));
    members.into_iter().map(text).chain(times).chain([fields["labels"].to_string()]).collect()
}

/// What hangs on issues, with the issue's id before it.
fn below(truth: &Value, name: &str, line: impl Fn(&Value) -> Vec<String>) -> Vec<Vec<String>> {
    let of = |issue: &Value| -> Vec<Vec<String>> {
        let id = text(&issue["id"]);
        rows(&issue[name]).map(|row| [vec![id.clone()], line(row)].concat()).collect()
    };
    rows(&truth["issues"]).flat_map(of).collect()
}
