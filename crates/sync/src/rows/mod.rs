//! What a page of Atlassian's becomes: rows of the mirror.

mod content;
mod issue;
mod issue_parts;
mod names;
mod vocabulary;
mod write;

pub(crate) use content::{attachment, blog_post, body, content_comment, label, page, space};
pub(crate) use issue::{custom_fields_of, issue};
pub(crate) use issue_parts::{changelog, comment, worklog};
pub(crate) use names::{FieldNames, SpaceKeys};
pub(crate) use vocabulary::{field, issue_type, project, status, user};
pub(crate) use write::{Gone, Target};

use connector_store::{
    ContentBody, MirrorKind, Remote, RemoteAttachment, RemoteBlogPost, RemoteChangelog, RemoteContentComment,
    RemoteField, RemoteIssue, RemoteIssueComment, RemoteIssueType, RemoteLabel, RemotePage, RemoteProject,
    RemoteSpace, RemoteStatus, RemoteUser, RemoteWorklog,
};

use crate::Stream;
use crate::walk::ContentKind;

/// The rows of one page. All of them are written in one transaction.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    pub(crate) projects: Vec<RemoteProject>,
    pub(crate) issues: Vec<RemoteIssue>,
    pub(crate) comments: Vec<RemoteIssueComment>,
    pub(crate) worklogs: Vec<RemoteWorklog>,
    pub(crate) changelogs: Vec<RemoteChangelog>,
    pub(crate) users: Vec<RemoteUser>,
    pub(crate) issue_types: Vec<RemoteIssueType>,
    pub(crate) statuses: Vec<RemoteStatus>,
    pub(crate) fields: Vec<RemoteField>,
    pub(crate) spaces: Vec<RemoteSpace>,
    pub(crate) pages: Vec<RemotePage>,
    pub(crate) blog_posts: Vec<RemoteBlogPost>,
    pub(crate) content_comments: Vec<RemoteContentComment>,
    pub(crate) labels: Vec<RemoteLabel>,
    pub(crate) attachments: Vec<RemoteAttachment>,
    pub(crate) bodies: Vec<ContentBody>,
    /// Lists that are known to be complete: what is mirrored below the same thing and not in them is gone.
    pub(crate) complete: Vec<CompleteList>,
    /// What Atlassian itself says was deleted.
    pub(crate) deleted: Vec<(MirrorKind, Vec<String>)>,
}

/// All things of a kind that something has: all comments of an issue, all labels of a page.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct CompleteList {
    pub(crate) kind: MirrorKind,
    /// The id of what they belong to.
    pub(crate) of: String,
    /// What that is, where it is a page or a blog post.
    pub(crate) content: Option<ContentKind>,
    pub(crate) ids: Vec<String>,
}

impl Rows {
    pub(crate) fn append(&mut self, other: Self) {
        self.projects.extend(other.projects);
        self.issues.extend(other.issues);
        self.comments.extend(other.comments);
        self.worklogs.extend(other.worklogs);
        self.changelogs.extend(other.changelogs);
        self.users.extend(other.users);
        self.issue_types.extend(other.issue_types);
        self.statuses.extend(other.statuses);
        self.fields.extend(other.fields);
        self.spaces.extend(other.spaces);
        self.pages.extend(other.pages);
        self.blog_posts.extend(other.blog_posts);
        self.content_comments.extend(other.content_comments);
        self.labels.extend(other.labels);
        self.attachments.extend(other.attachments);
        self.bodies.extend(other.bodies);
        self.complete.extend(other.complete);
        self.deleted.extend(other.deleted);
    }

    /// The ids of all rows, by the stream that they are of.
    pub(crate) fn ids(&self) -> Vec<(Stream, &str)> {
        fn of<R: Remote>(stream: Stream, rows: &[R]) -> impl Iterator<Item = (Stream, &str)> {
            rows.iter().map(move |row| (stream, row.remote_id()))
        }

        of(Stream::JiraProjects, &self.projects)
            .chain(of(Stream::JiraIssues, &self.issues))
            .chain(of(Stream::JiraComments, &self.comments))
            .chain(of(Stream::JiraWorklogs, &self.worklogs))
            .chain(of(Stream::JiraChangelogs, &self.changelogs))
            .chain(of(Stream::JiraUsers, &self.users))
            .chain(of(Stream::JiraIssueTypes, &self.issue_types))
            .chain(of(Stream::JiraStatuses, &self.statuses))
            .chain(of(Stream::JiraFields, &self.fields))
            .chain(of(Stream::ConfluenceSpaces, &self.spaces))
            .chain(of(Stream::ConfluencePages, &self.pages))
            .chain(of(Stream::ConfluenceBlogPosts, &self.blog_posts))
            .chain(of(Stream::ConfluenceComments, &self.content_comments))
            .chain(of(Stream::ConfluenceLabels, &self.labels))
            .chain(of(Stream::ConfluenceAttachments, &self.attachments))
            .collect()
    }
}
