use connector_domain::{ConfluencePage, Timestamp};

view! {
    /// A Confluence page as the seed's routes give it.
    WikiPage of ConfluencePages {
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

view! {
    /// A Confluence page with all that is stored of it but its body.
    FullWikiPage of ConfluencePages {
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
        /// The site it comes from; null for a page put in by hand.
        cloud_id: Option<String>,
        space_id: Option<String>,
        /// May name something that is no page: a folder, a database, a whiteboard.
        parent_id: Option<String>,
        parent_type: Option<String>,
        #[schema(example = "current")]
        status: Option<String>,
        version: Option<i64>,
        /// The account that made the page.
        author_id: Option<String>,
        /// When the current version was made.
        #[schema(value_type = Option<String>, format = DateTime)]
        modified_at: Option<Timestamp>,
        /// The version whose body is stored.
        body_version: Option<i64>,
        #[schema(value_type = Option<String>, format = DateTime)]
        synced_at: Option<Timestamp>,
        /// When a sync found it gone; null while it lives.
        #[schema(value_type = Option<String>, format = DateTime)]
        deleted_at: Option<Timestamp>,
        /// `deleted`, `archived`, `trashed`, `access_lost` or `unknown`.
        deleted_reason: Option<String>,
    }
}

view! {
    /// A Confluence space.
    #[expect(clippy::struct_field_names, reason = "they are the names of the columns")]
    Space of ConfluenceSpaces {
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
        space_type: Option<String>,
        #[schema(example = "current")]
        status: Option<String>,
        url: Option<String>,
        homepage_id: Option<String>,
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
    /// A blog post of Confluence without its body.
    BlogPost of ConfluenceBlogPosts {
        id: i64,
        owner_id: i64,
        cloud_id: String,
        /// Confluence's id.
        remote_id: String,
        space_id: String,
        #[schema(example = "ENG")]
        space_key: String,
        title: String,
        /// Deep link.
        url: Option<String>,
        #[schema(example = "current")]
        status: Option<String>,
        version: Option<i64>,
        /// The account that wrote it.
        author_id: Option<String>,
        /// When the current version was made.
        #[schema(value_type = Option<String>, format = DateTime)]
        modified_at: Option<Timestamp>,
        #[schema(value_type = Option<String>, format = DateTime)]
        remote_created_at: Option<Timestamp>,
        /// The version whose body is stored.
        body_version: Option<i64>,
        #[schema(value_type = String, format = DateTime)]
        synced_at: Timestamp,
        /// When a sync found it gone; null while it lives.
        #[schema(value_type = Option<String>, format = DateTime)]
        deleted_at: Option<Timestamp>,
        /// `deleted`, `trashed`, `access_lost` or `unknown`.
        deleted_reason: Option<String>,
    }
}

view! {
    /// A comment on a page or a blog post.
    ContentComment of ConfluenceComments {
        remote_id: String,
        /// `footer` or `inline`.
        kind: String,
        /// The comment that this one answers.
        parent_comment_id: Option<String>,
        author_id: Option<String>,
        /// Markdown.
        body: String,
        status: Option<String>,
        /// Of inline comments: `open`, `resolved`, ….
        resolution_status: Option<String>,
        version: Option<i64>,
        #[schema(value_type = Option<String>, format = DateTime)]
        remote_created_at: Option<Timestamp>,
        #[schema(value_type = Option<String>, format = DateTime)]
        remote_updated_at: Option<Timestamp>,
    }
}

view! {
    /// A label on a page or a blog post.
    Label of ConfluenceLabels {
        name: String,
        /// `global`, `my`, `team`, ….
        prefix: Option<String>,
    }
}

view! {
    /// A file on a page or a blog post. The file itself is not mirrored.
    Attachment of ConfluenceAttachments {
        remote_id: String,
        title: String,
        media_type: Option<String>,
        /// In bytes.
        file_size: Option<i64>,
        version: Option<i64>,
        download_url: Option<String>,
        #[schema(value_type = Option<String>, format = DateTime)]
        remote_created_at: Option<Timestamp>,
    }
}
