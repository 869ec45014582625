use std::fmt;
use std::str::FromStr;

use connector_domain::{Product, Scopes};
use connector_store::MirrorKind;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// One kind of records that is mirrored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Stream {
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

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("is not a stream: the streams are {}", Stream::ALL.map(Stream::as_str).join(", "))]
pub struct UnknownStream;

impl Stream {
    /// In the order in which they are told of; what others need stands before them.
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

    pub const fn as_str(self) -> &'static str {
        self.kind().as_str()
    }

    /// The kind of rows that it writes.
    pub const fn kind(self) -> MirrorKind {
        match self {
            Self::JiraProjects => MirrorKind::JiraProjects,
            Self::JiraIssues => MirrorKind::JiraIssues,
            Self::JiraComments => MirrorKind::JiraComments,
            Self::JiraWorklogs => MirrorKind::JiraWorklogs,
            Self::JiraChangelogs => MirrorKind::JiraChangelogs,
            Self::JiraUsers => MirrorKind::JiraUsers,
            Self::JiraIssueTypes => MirrorKind::JiraIssueTypes,
            Self::JiraStatuses => MirrorKind::JiraStatuses,
            Self::JiraFields => MirrorKind::JiraFields,
            Self::ConfluenceSpaces => MirrorKind::ConfluenceSpaces,
            Self::ConfluencePages => MirrorKind::ConfluencePages,
            Self::ConfluenceBlogPosts => MirrorKind::ConfluenceBlogPosts,
            Self::ConfluenceComments => MirrorKind::ConfluenceComments,
            Self::ConfluenceLabels => MirrorKind::ConfluenceLabels,
            Self::ConfluenceAttachments => MirrorKind::ConfluenceAttachments,
        }
    }

    pub const fn product(self) -> Product {
        match self {
            Self::JiraProjects
            | Self::JiraIssues
            | Self::JiraComments
            | Self::JiraWorklogs
            | Self::JiraChangelogs
            | Self::JiraUsers
            | Self::JiraIssueTypes
            | Self::JiraStatuses
            | Self::JiraFields => Product::Jira,
            Self::ConfluenceSpaces
            | Self::ConfluencePages
            | Self::ConfluenceBlogPosts
            | Self::ConfluenceComments
            | Self::ConfluenceLabels
            | Self::ConfluenceAttachments => Product::Confluence,
        }
    }

    /// The scopes without which Atlassian refuses the calls of this stream, its own last: a consent without that one
    /// leaves the stream out, one with it but without the others is a mistake.
    pub const fn needs(self) -> &'static [&'static str] {
        const SPACE: &str = "read:space:confluence";
        const PAGE: &str = "read:page:confluence";
        match self {
            Self::JiraUsers => &["read:jira-user"],
            Self::JiraProjects
            | Self::JiraIssues
            | Self::JiraComments
            | Self::JiraWorklogs
            | Self::JiraChangelogs
            | Self::JiraIssueTypes
            | Self::JiraStatuses
            | Self::JiraFields => &["read:jira-work"],
            Self::ConfluenceSpaces => &[SPACE],
            Self::ConfluencePages | Self::ConfluenceBlogPosts | Self::ConfluenceLabels => &[SPACE, PAGE],
            Self::ConfluenceComments => &[SPACE, PAGE, "read:comment:confluence"],
            Self::ConfluenceAttachments => &["read:attachment:confluence"],
        }
    }

    /// Whether it is expected of every connection: the default scopes are enough for it. The others are synchronized
    /// where the consent has the scopes for them.
    pub const fn is_default(self) -> bool {
        !matches!(self, Self::ConfluenceComments | Self::ConfluenceAttachments)
    }

    /// The stream whose rows say where those of this one are to be looked for.
    pub const fn container(self) -> Option<Self> {
        match self {
            Self::JiraIssues | Self::JiraComments | Self::JiraWorklogs | Self::JiraChangelogs => {
                Some(Self::JiraProjects)
            }
            Self::ConfluencePages
            | Self::ConfluenceBlogPosts
            | Self::ConfluenceComments
            | Self::ConfluenceLabels => Some(Self::ConfluenceSpaces),
            _ => None,
        }
    }

    /// The scopes of [`needs`](Self::needs) that `granted` lacks.
    pub fn missing(self, granted: &Scopes) -> Vec<&'static str> {
        self.needs().iter().copied().filter(|scope| !granted.contains(scope)).collect()
    }
}

/// The streams, and the projects and spaces that have to be read for their sake.
pub(crate) fn with_containers(mut streams: Vec<Stream>) -> Vec<Stream> {
    for container in [Stream::JiraProjects, Stream::ConfluenceSpaces] {
        if !streams.contains(&container) && streams.iter().any(|stream| stream.container() == Some(container))
        {
            streams.push(container);
        }
    }
    streams
}

impl fmt::Display for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Stream {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Stream {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

impl FromStr for Stream {
    type Err = UnknownStream;

    fn from_str(text: &str) -> Result<Self, UnknownStream> {
        Self::ALL.into_iter().find(|stream| stream.as_str() == text).ok_or(UnknownStream)
    }
}
