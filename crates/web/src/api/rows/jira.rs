use connector_domain::{JiraProject, Json, Timestamp};

view! {
    /// A Jira project as the seed's routes give it.
    Project of JiraProjects {
        id: i64,
        owner_id: i64,
        #[schema(example = "ENG")]
        key: String,
        #[schema(example = "Engineering")]
        name: String,
        /// The lead's name.
        lead: Option<String>,
        /// Deep link.
        url: Option<String>,
        /// Jira's id; null for a project put in by hand.
        #[schema(example = "10000")]
        remote_id: Option<String>,
    }
}

impl From<JiraProject> for Project {
    fn from(project: JiraProject) -> Self {
        Self {
            id: project.id,
            owner_id: project.owner_id.0,
            key: project.key,
            name: project.name,
            lead: project.lead,
            url: project.url,
            remote_id: project.remote_id,
        }
    }
}

view! {
    /// A Jira project with all that is stored of it.
    FullProject of JiraProjects {
        id: i64,
        owner_id: i64,
        #[schema(example = "ENG")]
        key: String,
        #[schema(example = "Engineering")]
        name: String,
        /// The lead's name.
        lead: Option<String>,
        /// Deep link.
        url: Option<String>,
        /// Jira's id; null for a project put in by hand.
        #[schema(example = "10000")]
        remote_id: Option<String>,
        /// The site it comes from; null for a project put in by hand.
        cloud_id: Option<String>,
        #[schema(example = "software")]
        project_type: Option<String>,
        description: Option<String>,
        #[schema(value_type = Option<String>, format = DateTime)]
        synced_at: Option<Timestamp>,
        /// When a sync found it gone; null while it lives.
        #[schema(value_type = Option<String>, format = DateTime)]
        deleted_at: Option<Timestamp>,
        /// `deleted`, `archived`, `access_lost` or `unknown`.
        deleted_reason: Option<String>,
    }
}

view! {
    /// A Jira issue as lists give it.
    #[expect(clippy::struct_field_names, reason = "they are the names of the columns")]
    Issue of JiraIssues {
        id: i64,
        owner_id: i64,
        cloud_id: String,
        /// Jira's id, which stays when the issue is moved.
        #[schema(example = "10042")]
        remote_id: String,
        #[schema(example = "ENG-42")]
        key: String,
        project_id: String,
        #[schema(example = "ENG")]
        project_key: String,
        summary: String,
        #[schema(example = "Bug")]
        issue_type: Option<String>,
        #[schema(example = "In Progress")]
        status: Option<String>,
        /// `new`, `indeterminate` or `done`.
        status_category: Option<String>,
        priority: Option<String>,
        resolution: Option<String>,
        assignee_account_id: Option<String>,
        assignee_name: Option<String>,
        reporter_account_id: Option<String>,
        reporter_name: Option<String>,
        parent_id: Option<String>,
        parent_key: Option<String>,
        #[schema(value_type = Vec<String>)]
        labels: Option<Json>,
        /// A date without time.
        due_date: Option<String>,
        #[schema(value_type = Option<String>, format = DateTime)]
        resolved_at: Option<Timestamp>,
        #[schema(value_type = Option<String>, format = DateTime)]
        remote_created_at: Option<Timestamp>,
        #[schema(value_type = Option<String>, format = DateTime)]
        remote_updated_at: Option<Timestamp>,
        #[schema(value_type = String, format = DateTime)]
        synced_at: Timestamp,
        /// When a sync found it gone; null while it lives.
        #[schema(value_type = Option<String>, format = DateTime)]
        deleted_at: Option<Timestamp>,
        /// `deleted`, `archived`, `access_lost` or `unknown`.
        deleted_reason: Option<String>,
    }
}

view! {
    /// A Jira issue with all that is stored of it.
    FullIssue of JiraIssues {
        id: i64,
        owner_id: i64,
        cloud_id: String,
        /// Jira's id, which stays when the issue is moved.
        #[schema(example = "10042")]
        remote_id: String,
        #[schema(example = "ENG-42")]
        key: String,
        project_id: String,
        #[schema(example = "ENG")]
        project_key: String,
        summary: String,
        /// Markdown.
        description: Option<String>,
        #[schema(example = "Bug")]
        issue_type: Option<String>,
        #[schema(example = "In Progress")]
        status: Option<String>,
        /// `new`, `indeterminate` or `done`.
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
        #[schema(value_type = Vec<String>)]
        labels: Option<Json>,
        /// A date without time.
        due_date: Option<String>,
        #[schema(value_type = Option<String>, format = DateTime)]
        resolved_at: Option<Timestamp>,
        #[schema(value_type = Option<String>, format = DateTime)]
        remote_created_at: Option<Timestamp>,
        #[schema(value_type = Option<String>, format = DateTime)]
        remote_updated_at: Option<Timestamp>,
        /// The value of each custom field by the field's name.
        #[schema(value_type = Object)]
        custom_fields: Option<Json>,
        /// All fields as Jira gave them.
        #[schema(value_type = Object)]
        fields: Option<Json>,
        #[schema(value_type = String, format = DateTime)]
        synced_at: Timestamp,
        /// When a sync found it gone; null while it lives.
        #[schema(value_type = Option<String>, format = DateTime)]
        deleted_at: Option<Timestamp>,
        /// `deleted`, `archived`, `access_lost` or `unknown`.
        deleted_reason: Option<String>,
    }
}

view! {
    /// A comment on an issue.
    IssueComment of JiraComments {
        remote_id: String,
        author_account_id: Option<String>,
        author_name: Option<String>,
        /// Markdown.
        body: String,
        #[schema(value_type = Option<String>, format = DateTime)]
        remote_created_at: Option<Timestamp>,
        #[schema(value_type = Option<String>, format = DateTime)]
        remote_updated_at: Option<Timestamp>,
    }
}

view! {
    /// Work that somebody logged on an issue.
    Worklog of JiraWorklogs {
        remote_id: String,
        author_account_id: Option<String>,
        author_name: Option<String>,
        #[schema(value_type = Option<String>, format = DateTime)]
        started_at: Option<Timestamp>,
        time_spent_seconds: i64,
        /// Markdown.
        comment: Option<String>,
        #[schema(value_type = Option<String>, format = DateTime)]
        remote_created_at: Option<Timestamp>,
        #[schema(value_type = Option<String>, format = DateTime)]
        remote_updated_at: Option<Timestamp>,
    }
}

view! {
    /// What somebody changed in an issue at a time.
    Change of JiraChangelogs {
        remote_id: String,
        author_account_id: Option<String>,
        author_name: Option<String>,
        #[schema(value_type = Option<String>, format = DateTime)]
        remote_created_at: Option<Timestamp>,
        /// A list with an object for each field.
        #[schema(value_type = Vec<Object>)]
        items: Option<Json>,
    }
}
