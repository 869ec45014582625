use std::fmt;
use std::str::FromStr;

use connector_domain::{Product, Scopes};

/// One kind of records that is mirrored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    JiraProjects,
    ConfluenceSpaces,
    ConfluencePages,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("is not a stream: the streams are jira_projects, confluence_spaces and confluence_pages")]
pub struct UnknownStream;

impl Stream {
    /// In the order in which they are run: pages need their spaces.
    pub const ALL: [Self; 3] = [Self::JiraProjects, Self::ConfluenceSpaces, Self::ConfluencePages];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::JiraProjects => "jira_projects",
            Self::ConfluenceSpaces => "confluence_spaces",
            Self::ConfluencePages => "confluence_pages",
        }
    }

    pub const fn product(self) -> Product {
        match self {
            Self::JiraProjects => Product::Jira,
            Self::ConfluenceSpaces | Self::ConfluencePages => Product::Confluence,
        }
    }

    /// The scopes without which Atlassian refuses the calls of this stream.
    pub const fn needs(self) -> &'static [&'static str] {
        match self {
            Self::JiraProjects => &["read:jira-work"],
            Self::ConfluenceSpaces => &["read:space:confluence"],
            Self::ConfluencePages => &["read:space:confluence", "read:page:confluence"],
        }
    }

    /// The scopes of [`needs`](Self::needs) that `granted` lacks.
    pub fn missing(self, granted: &Scopes) -> Vec<&'static str> {
        self.needs().iter().copied().filter(|scope| !granted.contains(scope)).collect()
    }
}

impl fmt::Display for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Stream {
    type Err = UnknownStream;

    fn from_str(text: &str) -> Result<Self, UnknownStream> {
        Self::ALL.into_iter().find(|stream| stream.as_str() == text).ok_or(UnknownStream)
    }
}
