use serde_json::Value;

use super::{Kind, millis, rows, text};

pub(super) const KINDS: &[Kind] = &[
    Kind {
        name: "spaces",
        columns: &["remote_id", "key", "name", "space_type", "status", "homepage_id"],
        from: "confluence_spaces WHERE deleted_at IS NULL",
        truth: |truth| {
            let names = ["id", "key", "name", "type", "status", "homepageId"];
            let row = |row: &Value| names.iter().map(|name| text(&row[*name])).collect();
            rows(&truth["spaces"]).map(row).collect()
        },
    },
    Kind {
        name: "pages",
        columns: &[
            "page_id",
            "space_id",
            "space_key",
            "parent_id",
            "parent_type",
            "status",
            "confluence_pages.version",
            "author_id",
            "modified_at",
            "title",
            "storage",
        ],
        from: "confluence_pages LEFT JOIN content_bodies ON content_bodies.cloud_id = confluence_pages.cloud_id \
               AND content_id = page_id AND content_bodies.version = body_version WHERE deleted_at IS NULL",
        truth: |truth| current(truth, "pages").map(|row| content(truth, row, true)).collect(),
    },
    Kind {
        name: "blog posts",
        columns: &[
            "remote_id",
            "space_id",
            "space_key",
            "status",
            "confluence_blog_posts.version",
            "author_id",
            "modified_at",
            "title",
            "storage",
        ],
        from: "confluence_blog_posts LEFT JOIN content_bodies \
               ON content_bodies.cloud_id = confluence_blog_posts.cloud_id AND content_id = remote_id \
               AND content_bodies.version = body_version WHERE deleted_at IS NULL",
        truth: |truth| current(truth, "blog_posts").map(|row| content(truth, row, false)).collect(),
    },
    Kind {
        name: "comments on pages",
        columns: &[
            "container_id",
            "remote_id",
            "parent_comment_id",
            "kind",
            "resolution_status",
            "version",
            "author_id",
            "remote_updated_at",
            "body_storage",
        ],
        from: "confluence_comments WHERE deleted_at IS NULL",
        truth: |truth| {
            hanging(truth, "comments", |_, row| {
                let resolution = &row["resolutionStatus"];
                let kind = String::from(if resolution.is_null() { "footer" } else { "inline" });
                let version = &row["version"];
                vec![
                    text(&row["id"]),
                    text(&row["parentCommentId"]),
                    kind,
                    text(resolution),
                    text(&version["number"]),
                    text(&version["authorId"]),
                    millis(&version["createdAt"]),
                    text(&row["body"]["storage"]["value"]),
                ]
            })
        },
    },
    Kind {
        name: "labels",
        columns: &["container_id", "remote_id", "prefix", "name"],
        from: "confluence_labels WHERE deleted_at IS NULL",
        truth: |truth| {
            hanging(truth, "labels", |id, row| {
                let label = format!("{id}:{}", text(&row["id"]));
                vec![label, text(&row["prefix"]), text(&row["name"])]
            })
        },
    },
    Kind {
        name: "attachments",
        columns: &["container_id", "remote_id", "title", "media_type", "file_size", "version"],
        // Confluence lists those of archived pages too, whose pages are not mirrored.
        from: "confluence_attachments WHERE deleted_at IS NULL AND container_id IN \
               (SELECT page_id FROM confluence_pages WHERE deleted_at IS NULL \
               UNION SELECT remote_id FROM confluence_blog_posts WHERE deleted_at IS NULL)",
        truth: |truth| {
            hanging(truth, "attachments", |_, row| {
                let version = &row["version"]["number"];
                let members = [&row["id"], &row["title"], &row["mediaType"], &row["fileSize"], version];
                members.map(text).to_vec()
            })
        },
    },
];

/// Pages or blog posts that are neither archived nor in the trash.
fn current<'a>(truth: &'a Value, kind: &str) -> impl Iterator<Item = &'a Value> + use<'a> {
    rows(&truth[kind]).filter(|row| row["status"] == "current")
}

fn content(truth: &Value, row: &Value, is_page: bool) -> Vec<String> {
    let space = rows(&truth["spaces"]).find(|space| space["id"] == row["spaceId"]);
    let place: &[&str] = if is_page { &["parentId", "parentType"] } else { &[] };
    let version = &row["version"];
    let mut line =
        vec![text(&row["id"]), text(&row["spaceId"]), text(&space.expect("the page's space")["key"])];
    line.extend(place.iter().map(|name| text(&row[*name])));
    line.extend([&row["status"], &version["number"], &row["authorId"]].map(text));
    line.extend([millis(&version["createdAt"]), text(&row["title"]), text(&row["body"]["storage"]["value"])]);
    line
}

/// What hangs on pages and blog posts, with the id of these before it.
fn hanging(truth: &Value, name: &str, line: impl Fn(&str, &Value) -> Vec<String>) -> Vec<Vec<String>> {
    let of = |content: &Value| -> Vec<Vec<String>> {
        let id = text(&content["id"]);
        rows(&content[name]).map(|row| [vec![id.clone()], line(&id, row)].concat()).collect()
    };
    current(truth, "pages").chain(current(truth, "blog_posts")).flat_map(of).collect()
}
