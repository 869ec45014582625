use connector_atlassian::jira::{Field, IssueStatus, IssueType, Project, User};
use connector_domain::Json;
use connector_store::{RemoteField, RemoteIssueType, RemoteProject, RemoteStatus, RemoteUser};
use serde_json::json;

pub(crate) fn project(project: Project, site_url: &str) -> RemoteProject {
    RemoteProject {
        url: Some(project.browse_url(site_url)),
        lead: project.lead.and_then(|lead| lead.display_name),
        remote_id: project.id,
        key: project.key,
        name: project.name,
        project_type: project.project_type,
        description: project.description,
    }
}

pub(crate) fn user(user: User) -> RemoteUser {
    RemoteUser {
        remote_id: user.account_id.as_str().to_owned(),
        // An account whose person has closed it may show no name.
        display_name: user.display_name.unwrap_or_default(),
        email: user.email,
        active: user.active.unwrap_or(true),
        account_type: user.account_type,
    }
}

pub(crate) fn issue_type(kind: IssueType) -> RemoteIssueType {
    RemoteIssueType {
        remote_id: kind.id,
        name: kind.name,
        subtask: kind.subtask.unwrap_or(false),
        hierarchy_level: kind.hierarchy_level,
        description: kind.description,
    }
}

pub(crate) fn status(status: IssueStatus) -> RemoteStatus {
    RemoteStatus {
        remote_id: status.id,
        name: status.name,
        category: status.status_category.map(|category| category.key),
    }
}

pub(crate) fn field(field: Field) -> RemoteField {
    let schema = field.schema.map(|schema| {
        json!({
            "type": schema.value_type,
            "items": schema.items,
            "system": schema.system,
            "custom": schema.custom,
            "customId": schema.custom_id,
        })
    });
    RemoteField {
        remote_id: field.id,
        name: field.name,
        custom: field.custom,
        schema_type: schema.as_ref().and_then(|schema| schema["type"].as_str().map(str::to_owned)),
        schema: schema.as_ref().map(Json::from),
    }
}
