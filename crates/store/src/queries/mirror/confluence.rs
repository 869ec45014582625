use connector_domain::Timestamp;

use super::remote::remote;

remote! {
    /// A space as Confluence has it.
    RemoteSpace is ConfluenceSpaces {
        key: String,
        name: String,
        space_type: Option<String>,
        status: Option<String>,
        url: Option<String>,
        homepage_id: Option<String>,
    }
}

remote! {
    /// A page as Confluence has it, without its body.
    RemotePage is ConfluencePages, by hand (remote_id, space_key) {
        space_id: String,
        space_key: String,
        title: String,
        url: Option<String>,
        parent_id: Option<String>,
        parent_type: Option<String>,
        status: Option<String>,
        version: Option<i64>,
        /// When the current version was made.
        modified_at: Option<Timestamp>,
        /// The account that made the page.
        author_id: Option<String>,
        /// The version whose body is stored: a [`ContentBody`](crate::ContentBody) of this site, page and version.
        body_version: Option<i64>,
    }
}

remote! {
    /// A blog post as Confluence has it, without its body.
    RemoteBlogPost is ConfluenceBlogPosts {
        space_id: String,
        space_key: String,
        title: String,
        url: Option<String>,
        status: Option<String>,
        version: Option<i64>,
        author_id: Option<String>,
        /// When the current version was made.
        modified_at: Option<Timestamp>,
        remote_created_at: Option<Timestamp>,
        /// The version whose body is stored, as for pages.
        body_version: Option<i64>,
    }
}

remote! {
    /// A comment on a page or a blog post.
    RemoteContentComment is ConfluenceComments {
        /// `footer` or `inline`.
        kind: String,
        /// `page` or `blogpost`.
        container_type: String,
        container_id: String,
        parent_comment_id: Option<String>,
        author_id: Option<String>,
        /// Markdown.
        body: String,
        body_storage: Option<String>,
        status: Option<String>,
        /// Of inline comments: `open`, `resolved`, `dangling`, ….
        resolution_status: Option<String>,
        version: Option<i64>,
        remote_created_at: Option<Timestamp>,
        remote_updated_at: Option<Timestamp>,
    }
}

remote! {
    /// A label on a page or a blog post. Its id is that of [`id_on`](Self::id_on): the same label is on many.
    RemoteLabel is ConfluenceLabels {
        container_id: String,
        name: String,
        /// `global`, `my`, `team`, ….
        prefix: Option<String>,
    }
}

impl RemoteLabel {
    /// The id of a label on one page or blog post.
    pub fn id_on(container_id: &str, label_id: &str) -> String {
        format!("{container_id}:{label_id}")
    }
}

remote! {
    /// A file on a page or a blog post; the file itself is not mirrored.
    RemoteAttachment is ConfluenceAttachments {
        container_id: String,
        title: String,
        media_type: Option<String>,
        /// In bytes.
        file_size: Option<i64>,
        version: Option<i64>,
        download_url: Option<String>,
        remote_created_at: Option<Timestamp>,
        remote_updated_at: Option<Timestamp>,
    }
}
