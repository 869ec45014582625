//! The scopes that Jira's OpenAPI document lists per operation.

/// Classic: projects, issues and what hangs on them.
pub const JIRA_WORK: &[&str] = &["read:jira-work"];
/// Classic: people.
pub const JIRA_USER: &[&str] = &["read:jira-user"];
/// Classic: webhooks.
pub const JIRA_WEBHOOK: &[&str] = &["read:jira-work", "manage:jira-webhook"];

// Granular; every one of a list is needed.
pub const PROJECT: &[&str] = &[
    "read:issue-type:jira",
    "read:project:jira",
    "read:project.property:jira",
    "read:user:jira",
    "read:application-role:jira",
    "read:avatar:jira",
    "read:group:jira",
    "read:issue-type-hierarchy:jira",
    "read:project-category:jira",
    "read:project-version:jira",
    "read:project.component:jira",
];
pub const SEARCH_GET: &[&str] = &[
    "read:issue-details:jira",
    "read:audit-log:jira",
    "read:avatar:jira",
    "read:field-configuration:jira",
    "read:issue-meta:jira",
];
pub const SEARCH_POST: &[&str] = &[
    "read:issue-details:jira",
    "read:field.default-value:jira",
    "read:field.option:jira",
    "read:field:jira",
    "read:group:jira",
];
pub const ISSUE: &[&str] = &[
    "read:issue-meta:jira",
    "read:issue-security-level:jira",
    "read:issue.vote:jira",
    "read:issue.changelog:jira",
    "read:avatar:jira",
    "read:issue:jira",
    "read:status:jira",
    "read:user:jira",
    "read:field-configuration:jira",
];
pub const COMMENT: &[&str] = &[
    "read:comment:jira",
    "read:comment.property:jira",
    "read:group:jira",
    "read:project:jira",
    "read:project-role:jira",
    "read:user:jira",
    "read:avatar:jira",
];
pub const COMMENT_LIST: &[&str] = &[
    "delete:comment.property:jira",
    "read:avatar:jira",
    "read:comment:jira",
    "read:group:jira",
    "read:project-role:jira",
    "read:user:jira",
    "read:comment.property:jira",
    "read:project:jira",
];
pub const WORKLOG: &[&str] = &[
    "read:group:jira",
    "read:issue-worklog:jira",
    "read:issue-worklog.property:jira",
    "read:project-role:jira",
    "read:user:jira",
    "read:avatar:jira",
];
pub const WORKLOG_CHANGES: &[&str] = &["read:issue-worklog:jira", "read:issue-worklog.property:jira"];
pub const WORKLOG_LIST: &[&str] = &[
    "read:comment:jira",
    "read:group:jira",
    "read:issue-worklog:jira",
    "read:issue-worklog.property:jira",
    "read:project-role:jira",
    "read:user:jira",
    "read:avatar:jira",
];
pub const CHANGELOG: &[&str] = &["read:issue-meta:jira", "read:avatar:jira", "read:issue.changelog:jira"];
pub const ATTACHMENT: &[&str] = &[
    "read:attachment:jira",
    "read:user:jira",
    "read:application-role:jira",
    "read:avatar:jira",
    "read:group:jira",
];
pub const ATTACHMENT_CONTENT: &[&str] = &["read:attachment:jira"];
pub const FIELD: &[&str] = &[
    "read:field:jira",
    "read:avatar:jira",
    "read:project-category:jira",
    "read:project:jira",
    "read:field-configuration:jira",
];
pub const STATUS: &[&str] = &["read:status:jira"];
pub const RESOLUTION: &[&str] = &["read:resolution:jira"];
pub const PRIORITY: &[&str] = &["read:priority:jira"];
pub const ISSUE_TYPE: &[&str] =
    &["read:issue-type:jira", "read:avatar:jira", "read:project-category:jira", "read:project:jira"];
pub const MYSELF: &[&str] =
    &["read:application-role:jira", "read:group:jira", "read:user:jira", "read:avatar:jira"];
pub const WEBHOOK_READ: &[&str] = &["read:webhook:jira", "read:jql:jira"];
pub const WEBHOOK_FAILED: &[&str] = &[
    "read:issue-details:jira",
    "read:webhook:jira",
    "read:comment.property:jira",
    "read:group:jira",
    "read:issue-type:jira",
    "read:project-role:jira",
    "read:epic:jira-software",
];
pub const WEBHOOK_WRITE: &[&str] = &["read:field:jira", "read:project:jira", "write:webhook:jira"];
pub const WEBHOOK_DELETE: &[&str] = &["delete:webhook:jira"];
pub const WEBHOOK_REFRESH: &[&str] = &["write:webhook:jira", "read:webhook:jira"];
