//! The shapes that several operations answer with.

use connector_domain::{ConfluencePage, ConfluenceSpace, JiraProject, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

/// A list, and where it goes on.
#[derive(Serialize, ToSchema)]
pub(crate) struct Page<T> {
    pub(crate) items: Vec<T>,
    /// To be given as `cursor` for the next page; null at the end.
    pub(crate) next_cursor: Option<String>,
}

/// A Jira project as the seed's routes give it.
#[derive(Serialize, ToSchema)]
pub(crate) struct Project {
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

/// A Jira project with all that is stored of it.
#[derive(Serialize, ToSchema)]
pub(crate) struct FullProject {
    #[serde(flatten)]
    project: Project,
    /// The site it comes from; null for a project put in by hand.
    cloud_id: Option<String>,
    #[schema(example = "software")]
    project_type: Option<String>,
    description: Option<String>,
    #[schema(value_type = Option<String>, format = DateTime)]
    synced_at: Option<Timestamp>,
}

impl From<JiraProject> for FullProject {
    fn from(mut project: JiraProject) -> Self {
        Self {
            cloud_id: project.cloud_id.take().map(|id| id.to_string()),
            project_type: project.project_type.take(),
            description: project.description.take(),
            synced_at: project.synced_at,
            project: project.into(),
        }
    }
}

/// A Confluence page as the seed's routes give it.
#[derive(Serialize, ToSchema)]
pub(crate) struct WikiPage {
    id: i64,
    owner_id: i64,
    #[schema(example = "ENG")]
    space_key: String,
    /// Confluence's id.
    #[schema(example = "294916")]
    page_id: String,
    title: String,
    /// Deep link.
    url: Option<String>,
    /// Confluence's id; null for a page put in by hand.
    remote_id: Option<String>,
}

impl From<ConfluencePage> for WikiPage {
    fn from(page: ConfluencePage) -> Self {
        Self {
            id: page.id,
            owner_id: page.owner_id.0,
            space_key: page.space_key,
            remote_id: page.cloud_id.map(|_| page.page_id.clone()),
            page_id: page.page_id,
            title: page.title,
            url: page.url,
        }
    }
}

/// A Confluence page with all that is stored of it.
#[derive(Serialize, ToSchema)]
pub(crate) struct FullWikiPage {
    #[serde(flatten)]
    page: WikiPage,
    /// The site it comes from; null for a page put in by hand.
    cloud_id: Option<String>,
    space_id: Option<String>,
    /// May name something that is no page: a folder, a database, a whiteboard.
    parent_id: Option<String>,
    parent_type: Option<String>,
    #[schema(example = "current")]
    status: Option<String>,
    version: Option<i64>,
    /// When the current version was made.
    #[schema(value_type = Option<String>, format = DateTime)]
    modified_at: Option<Timestamp>,
    #[schema(value_type = Option<String>, format = DateTime)]
    synced_at: Option<Timestamp>,
}

impl From<ConfluencePage> for FullWikiPage {
    fn from(mut page: ConfluencePage) -> Self {
        Self {
            cloud_id: page.cloud_id.as_ref().map(ToString::to_string),
            space_id: page.space_id.take(),
            parent_id: page.parent_id.take(),
            parent_type: page.parent_type.take(),
            status: page.status.take(),
            version: page.version,
            modified_at: page.modified_at,
            synced_at: page.synced_at,
            page: page.into(),
        }
    }
}

/// A Confluence space.
#[derive(Serialize, ToSchema)]
pub(crate) struct Space {
    id: i64,
    owner_id: i64,
    cloud_id: String,
    /// Confluence's id.
    #[schema(example = "98308")]
    remote_id: String,
    #[schema(example = "ENG")]
    key: String,
    name: String,
    #[serde(rename = "type")]
    #[schema(example = "global")]
    kind: Option<String>,
    #[schema(example = "current")]
    status: Option<String>,
    url: Option<String>,
    homepage_id: Option<String>,
    #[schema(value_type = Option<String>, format = DateTime)]
    synced_at: Option<Timestamp>,
}

impl From<ConfluenceSpace> for Space {
    fn from(space: ConfluenceSpace) -> Self {
        Self {
            id: space.id,
            owner_id: space.owner_id.0,
            cloud_id: space.cloud_id.to_string(),
            remote_id: space.remote_id,
            key: space.key,
            name: space.name,
            kind: space.space_type,
            status: space.status,
            url: space.url,
            homepage_id: space.homepage_id,
            synced_at: space.synced_at,
        }
    }
}
