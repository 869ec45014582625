use connector_atlassian::confluence::{Label, PageAttachment, PageComment, Space, WikiPage};
use connector_store::{
    ContentBody, RemoteAttachment, RemoteBlogPost, RemoteContentComment, RemoteLabel, RemotePage, RemoteSpace,
};

use super::SpaceKeys;
use crate::walk::ContentKind;

pub(crate) fn space(space: Space, site_url: &str) -> RemoteSpace {
    RemoteSpace {
        url: space.link(site_url),
        remote_id: space.id,
        key: space.key,
        name: space.name,
        space_type: space.space_type,
        status: space.status,
        homepage_id: space.homepage_id,
    }
}

/// A page as a row. `body_version`: the version whose body is stored, or will be with this row.
pub(crate) fn page(
    page: &WikiPage,
    keys: &SpaceKeys,
    site_url: &str,
    body_version: Option<i64>,
) -> RemotePage {
    let space_id = page.space_id.clone().unwrap_or_default();
    RemotePage {
        remote_id: page.id.clone(),
        space_key: keys.of(&space_id).to_owned(),
        space_id,
        title: page.title.clone(),
        url: page.link(site_url),
        parent_id: page.parent_id.clone(),
        parent_type: page.parent_type.clone(),
        status: page.status.clone(),
        version: page.version.as_ref().and_then(|version| version.number),
        modified_at: page.modified_at(),
        author_id: page.author_id.clone(),
        body_version,
    }
}

/// The body of a page or blog post in storage format, with its Markdown; `None` where none came.
pub(crate) fn body(content_id: &str, version: Option<i64>, storage: Option<&str>) -> Option<ContentBody> {
    let storage = storage?;
    Some(ContentBody {
        content_id: content_id.to_owned(),
        version: version?,
        markdown: connector_richtext::storage_to_markdown(storage),
        storage: storage.to_owned(),
    })
}

/// A blog post as a row; `body_version` as for pages.
pub(crate) fn blog_post(
    post: &WikiPage,
    keys: &SpaceKeys,
    site_url: &str,
    body_version: Option<i64>,
) -> RemoteBlogPost {
    let space_id = post.space_id.clone().unwrap_or_default();
    RemoteBlogPost {
        remote_id: post.id.clone(),
        space_key: keys.of(&space_id).to_owned(),
        space_id,
        title: post.title.clone(),
        url: post.link(site_url),
        status: post.status.clone(),
        version: post.version.as_ref().and_then(|version| version.number),
        author_id: post.author_id.clone(),
        modified_at: post.modified_at(),
        remote_created_at: post.created_at,
        body_version,
    }
}

pub(crate) fn label(label: Label, container_id: &str) -> RemoteLabel {
    RemoteLabel {
        remote_id: RemoteLabel::id_on(container_id, &label.id),
        container_id: container_id.to_owned(),
        name: label.name,
        prefix: label.prefix,
    }
}

pub(crate) fn content_comment(
    comment: &PageComment,
    container: ContentKind,
    container_id: &str,
    is_inline: bool,
) -> RemoteContentComment {
    let storage = comment.body.storage.as_ref().map(|body| body.value.clone());
    let version = comment.version.as_ref();
    RemoteContentComment {
        remote_id: comment.id.clone(),
        kind: if is_inline { "inline" } else { "footer" }.to_owned(),
        container_type: match container {
            ContentKind::Page => "page",
            ContentKind::BlogPost => "blogpost",
        }
        .to_owned(),
        container_id: container_id.to_owned(),
        parent_comment_id: comment.parent_comment_id.clone(),
        author_id: version.and_then(|version| version.author_id.clone()),
        body: storage.as_deref().map(connector_richtext::storage_to_markdown).unwrap_or_default(),
        body_storage: storage,
        status: comment.status.clone(),
        resolution_status: comment.resolution_status.clone(),
        version: version.and_then(|version| version.number),
        // A comment tells no other time than that of its version.
        remote_created_at: version.filter(|version| version.number == Some(1)).and_then(|one| one.created_at),
        remote_updated_at: version.and_then(|version| version.created_at),
    }
}

pub(crate) fn attachment(file: PageAttachment, site_url: &str) -> RemoteAttachment {
    RemoteAttachment {
        container_id: file.page_id.or(file.blog_post_id).unwrap_or_default(),
        // Below the site's `/wiki`.
        download_url: file.download_link.map(|link| match link.strip_prefix('/') {
            Some(path) => format!("{site_url}/wiki/{path}"),
            None => link,
        }),
        remote_id: file.id,
        title: file.title,
        media_type: file.media_type,
        file_size: file.file_size.and_then(|size| i64::try_from(size).ok()),
        version: file.version.as_ref().and_then(|version| version.number),
        remote_created_at: file.created_at,
        remote_updated_at: file.version.and_then(|version| version.created_at),
    }
}
