use connector_domain::{Json, Timestamp};

use super::remote::remote;

remote! {
    /// A project as Jira has it.
    RemoteProject is JiraProjects, by hand (key) {
        key: String,
        name: String,
        /// The lead's display name.
        lead: Option<String>,
        url: Option<String>,
        project_type: Option<String>,
        description: Option<String>,
    }
}

remote! {
    /// An issue as Jira has it.
    RemoteIssue is JiraIssues {
        project_id: String,
        project_key: String,
        key: String,
        summary: String,
        /// Markdown.
        description: Option<String>,
        issue_type: Option<String>,
        status: Option<String>,
        status_category: Option<String>,
        priority: Option<String>,
        resolution: Option<String>,
        assignee_account_id: Option<String>,
        assignee_name: Option<String>,
        reporter_account_id: Option<String>,
        reporter_name: Option<String>,
        creator_account_id: Option<String>,
        creator_name: Option<String>,
        parent_id: Option<String>,
        parent_key: Option<String>,
        /// A list of texts.
        labels: Json,
        /// A date without time, `2026-03-02`.
        due_date: Option<String>,
        resolved_at: Option<Timestamp>,
        remote_created_at: Option<Timestamp>,
        remote_updated_at: Option<Timestamp>,
        /// An object: the value of each custom field by the field's name.
        custom_fields: Json,
        /// An object: all fields as Jira gave them.
        fields: Json,
    }
}

remote! {
    /// A comment on an issue.
    RemoteIssueComment is JiraComments {
        issue_id: String,
        author_account_id: Option<String>,
        author_name: Option<String>,
        /// Markdown.
        body: String,
        /// Atlassian's document format.
        body_adf: Option<Json>,
        remote_created_at: Option<Timestamp>,
        remote_updated_at: Option<Timestamp>,
    }
}

remote! {
    /// Work that somebody logged on an issue.
    RemoteWorklog is JiraWorklogs {
        issue_id: String,
        author_account_id: Option<String>,
        author_name: Option<String>,
        started_at: Option<Timestamp>,
        time_spent_seconds: i64,
        /// Markdown.
        comment: Option<String>,
        remote_created_at: Option<Timestamp>,
        remote_updated_at: Option<Timestamp>,
    }
}

remote! {
    /// What somebody changed in an issue at a time.
    RemoteChangelog is JiraChangelogs {
        issue_id: String,
        author_account_id: Option<String>,
        author_name: Option<String>,
        remote_created_at: Option<Timestamp>,
        /// A list with an object for each field.
        items: Json,
    }
}

remote! {
    /// An account that Jira knows; its id is the account's.
    RemoteUser is JiraUsers {
        display_name: String,
        email: Option<String>,
        active: bool,
        /// `atlassian`, `app`, `customer`.
        account_type: Option<String>,
    }
}

remote! {
    RemoteIssueType is JiraIssueTypes {
        name: String,
        subtask: bool,
        /// −1 subtask, 0 the usual issue, 1 epic.
        hierarchy_level: Option<i64>,
        description: Option<String>,
    }
}

remote! {
    RemoteStatus is JiraStatuses {
        name: String,
        /// `new`, `indeterminate`, `done`.
        category: Option<String>,
    }
}

remote! {
    /// A field of issues; its id is as in `fields`: `summary`, `customfield_10001`.
    RemoteField is JiraFields {
        name: String,
        custom: bool,
        /// `string`, `array`, `option`, ….
        schema_type: Option<String>,
        schema: Option<Json>,
    }
}
