use std::fmt;
use std::str::FromStr;

/// What is mirrored. Each kind is a table, which has its name, and a stream of a sync.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum MirrorKind {
    JiraProjects,
    JiraIssues,
    JiraComments,
    JiraWorklogs,
    JiraChangelogs,
    JiraUsers,
    JiraIssueTypes,
    JiraStatuses,
    JiraFields,
    ConfluenceSpaces,
    ConfluencePages,
    ConfluenceBlogPosts,
    ConfluenceComments,
    ConfluenceLabels,
    ConfluenceAttachments,
}

/// Text that names no kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is nothing that is mirrored")]
pub struct UnknownKind;

impl MirrorKind {
    pub const ALL: [Self; 15] = [
        Self::JiraProjects,
        Self::JiraIssues,
        Self::JiraComments,
        Self::JiraWorklogs,
        Self::JiraChangelogs,
        Self::JiraUsers,
        Self::JiraIssueTypes,
        Self::JiraStatuses,
        Self::JiraFields,
        Self::ConfluenceSpaces,
        Self::ConfluencePages,
        Self::ConfluenceBlogPosts,
        Self::ConfluenceComments,
        Self::ConfluenceLabels,
        Self::ConfluenceAttachments,
    ];

    /// The name of the table and of the stream.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::JiraProjects => "jira_projects",
            Self::JiraIssues => "jira_issues",
            Self::JiraComments => "jira_comments",
            Self::JiraWorklogs => "jira_worklogs",
            Self::JiraChangelogs => "jira_changelogs",
            Self::JiraUsers => "jira_users",
            Self::JiraIssueTypes => "jira_issue_types",
            Self::JiraStatuses => "jira_statuses",
            Self::JiraFields => "jira_fields",
            Self::ConfluenceSpaces => "confluence_spaces",
            Self::ConfluencePages => "confluence_pages",
            Self::ConfluenceBlogPosts => "confluence_blog_posts",
            Self::ConfluenceComments => "confluence_comments",
            Self::ConfluenceLabels => "confluence_labels",
            Self::ConfluenceAttachments => "confluence_attachments",
        }
    }

    /// The column with Atlassian's id.
    pub(crate) const fn id_column(self) -> &'static str {
        match self {
            // A name that other programs rely on.
            Self::ConfluencePages => "page_id",
            _ => "remote_id",
        }
    }

    /// The column with the id of what a row belongs to, which a census goes through at a time: the project of an
    /// issue, the issue of a comment, the space of a page.
    pub(crate) const fn scope_column(self) -> Option<&'static str> {
        match self {
            Self::JiraIssues => Some("project_id"),
            Self::JiraComments | Self::JiraWorklogs | Self::JiraChangelogs => Some("issue_id"),
            Self::ConfluencePages | Self::ConfluenceBlogPosts => Some("space_id"),
            Self::ConfluenceComments | Self::ConfluenceLabels | Self::ConfluenceAttachments => {
                Some("container_id")
            }
            _ => None,
        }
    }

    /// The column that only grows while a thing lives: by it an older version is told from a newer one.
    pub(crate) const fn age_column(self) -> Option<&'static str> {
        match self {
            Self::JiraIssues | Self::JiraComments | Self::JiraWorklogs => Some("remote_updated_at"),
            Self::ConfluencePages
            | Self::ConfluenceBlogPosts
            | Self::ConfluenceComments
            | Self::ConfluenceAttachments => Some("version"),
            _ => None,
        }
    }

    /// The columns by which a row that was put in by hand is known for one of Atlassian's.
    pub(crate) const fn by_hand_columns(self) -> &'static [&'static str] {
        match self {
            Self::JiraProjects => &["key"],
            Self::ConfluencePages => &["page_id", "space_key"],
            _ => &[],
        }
    }
}

impl fmt::Display for MirrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for MirrorKind {
    type Err = UnknownKind;

    fn from_str(text: &str) -> Result<Self, UnknownKind> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text).ok_or(UnknownKind)
    }
}
