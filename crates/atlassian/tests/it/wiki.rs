//! Confluence but for its lists of spaces and pages.

use connector_atlassian::confluence::{
    BodyFormat, CommentsOf, PageQuery, PageSort, PageStatus, WikiPage, cql_value,
};
use connector_atlassian::{ApiError, Listing};
use connector_domain::AccountId;
use serde_json::{Value, json};

use crate::stub::{Asked, Reply, Stub};
use crate::{client, cloud_id, token};

const V2: &str = "/api/ex/confluence/cloud-1/wiki/api/v2";
const LINKS: &str = "https://acme.example/wiki";

fn query(asked: &Asked) -> String {
    let pairs: Vec<_> = asked.query.iter().map(|(name, value)| format!("{name}={value}")).collect();
    format!("{} {}", asked.path.strip_prefix(V2).unwrap_or(&asked.path), pairs.join("&"))
}

/// Two pages: one record, and another behind a cursor.
async fn two_pages(first: Value, second: Value) -> Stub {
    let next = "/wiki/api/v2/x?limit=9&cursor=c%3D2&y=1";
    Stub::in_turn(vec![
        Reply::json(&json!({"results": [first], "_links": {"base": LINKS, "next": next}})),
        Reply::json(&json!({"results": [second], "_links": {"base": LINKS}})),
    ])
    .await
}

async fn all<L: Listing>(list: L) -> Vec<L::Item> {
    let (mut list, mut items) = (list.pager(), Vec::new());
    while let Some(page) = list.next(&token()).await.unwrap() {
        assert_eq!(page.bad, []);
        items.extend(page.items);
    }
    items
}

#[tokio::test]
async fn one_page_or_post_is_read_also_from_the_trash() {
    let adf = json!({"type": "doc", "version": 1, "content": []});
    let stub = Stub::start(move |_| {
        Reply::json(&json!({"id": 9, "title": "Plan", "status": "trashed", "spaceId": "1",
            "version": {"number": 3, "createdAt": "2026-04-28T07:48:10.000Z"},
            "body": {"atlas_doc_format": {"representation": "atlas_doc_format", "value": adf.to_string()}},
            "_links": {"base": LINKS, "webui": "/spaces/A/pages/9"}}))
    })
    .await;
    let (client, cloud_id) = (client(&stub.url), cloud_id());
    let confluence = client.confluence(&cloud_id);
    let format = Some(BodyFormat::AtlasDocFormat);
    let page: WikiPage = confluence.page(&token(), "9", format).await.unwrap();
    assert_eq!(page.body.adf().unwrap()["type"], "doc");
    assert_eq!(page.link("https://other.example").unwrap(), "https://acme.example/wiki/spaces/A/pages/9");
    assert_eq!(page.status.as_deref(), Some("trashed"));
    confluence.blog_post(&token(), "9", None).await.unwrap();
    assert_eq!(
        stub.asked().iter().map(query).collect::<Vec<_>>(),
        [
            "/pages/9 status=current&status=archived&status=trashed&body-format=atlas_doc_format",
            "/blogposts/9 status=current&status=trashed",
        ]
    );
}

#[tokio::test]
async fn blog_posts_are_listed_like_pages() {
    let stub = Stub::in_turn(vec![Reply::json(&json!({"results": [{"id": "1", "title": "News"}]}))]).await;
    let asked = PageQuery {
        ids: vec!["1".to_owned()],
        space_ids: vec!["7".to_owned()],
        status: vec![PageStatus::Trashed],
        sort: Some(PageSort::LastModifiedFirst),
        body_format: Some(BodyFormat::Storage),
        limit: 50,
        cursor: None,
    };
    let posts = client(&stub.url).confluence(&cloud_id()).blog_posts(&token(), &asked).await.unwrap();
    assert_eq!(posts.items[0].title, "News");
    assert_eq!(
        query(&stub.asked()[0]),
        "/blogposts id=1&space-id=7&status=trashed&sort=-modified-date&body-format=storage&limit=50"
    );
}

#[tokio::test]
async fn versions_have_numbers_and_no_ids() {
    let version =
        |number: u64| json!({"number": number, "authorId": "a", "createdAt": "2026-04-28T07:48:10.000Z"});
    let stub = two_pages(version(2), version(1)).await;
    let (client, cloud_id) = (client(&stub.url), cloud_id());
    let versions = all(client.confluence(&cloud_id).versions("9")).await;
    assert_eq!(versions.iter().map(|version| version.number).collect::<Vec<_>>(), [Some(2), Some(1)]);
    assert_eq!(
        stub.asked().iter().map(query).collect::<Vec<_>>(),
        [
            "/pages/9/versions sort=-modified-date&limit=50",
            "/pages/9/versions sort=-modified-date&limit=50&cursor=c=2"
        ]
    );
}

#[tokio::test]
async fn the_tree_is_read_up_and_down() {
    let node =
        json!({"id": "5", "type": "folder", "title": "Plans", "parentId": 4, "depth": 1, "childPosition": 3});
    let stub = Stub::start(move |asked| {
        Reply::json(&if asked.path.contains("/folders/5") && !asked.path.ends_with("children") {
            json!({"id": "5", "title": "Plans", "parentId": null, "_links": {"base": LINKS, "webui": "/f/5"}})
        } else {
            json!({"results": [node]})
        })
    })
    .await;
    let (client, cloud_id) = (client(&stub.url), cloud_id());
    let confluence = client.confluence(&cloud_id);
    let below = all(confluence.descendants("9", 10)).await;
    assert_eq!((below[0].kind.as_deref(), below[0].parent_id.as_deref()), (Some("folder"), Some("4")));
    assert_eq!((below[0].depth, below[0].child_position), (Some(1), Some(3)));
    assert_eq!(all(confluence.children("9")).await.len(), 1);
    assert_eq!(all(confluence.direct_children("9")).await.len(), 1);
    assert_eq!(all(confluence.folder_children("5")).await.len(), 1);
    assert_eq!(all(confluence.ancestors("9")).await[0].kind.as_deref(), Some("folder"));
    let folder = confluence.folder(&token(), "5").await.unwrap();
    assert_eq!(
        (folder.parent_id.as_deref(), folder.link("").unwrap().as_str()),
        (None, "https://acme.example/wiki/f/5")
    );
    assert_eq!(
        stub.asked().iter().map(query).collect::<Vec<_>>(),
        [
            "/pages/9/descendants depth=10&limit=250",
            "/pages/9/children limit=250",
            "/pages/9/direct-children limit=250",
            "/folders/5/direct-children limit=250",
            "/pages/9/ancestors limit=250",
            "/folders/5 ",
        ]
    );
}

#[tokio::test]
async fn labels_and_files_are_read() {
    let stub = Stub::start(|asked| {
        Reply::json(&json!({"results": [if asked.path.ends_with("labels") {
            json!({"id": 98, "name": "plan", "prefix": "global"})
        } else {
            json!({"id": "att7", "title": "a.svg", "mediaType": "image/svg+xml", "fileSize": 4807, "comment": "",
                "downloadLink": "/download/attachments/9/a.svg", "pageId": 9, "_links": {"webui": "/x?preview=1"}})
        }], "_links": {"base": LINKS}}))
    })
    .await;
    let (client, cloud_id) = (client(&stub.url), cloud_id());
    let confluence = client.confluence(&cloud_id);
    assert_eq!(all(confluence.labels("9")).await[0].name, "plan");
    assert_eq!(all(confluence.blog_post_labels("9")).await[0].prefix.as_deref(), Some("global"));
    let files = all(confluence.attachments("9")).await;
    assert_eq!((files[0].file_size, files[0].comment.as_deref()), (Some(4807), None));
    assert_eq!(files[0].link("").unwrap(), "https://acme.example/wiki/x?preview=1");
    all(confluence.all_attachments()).await;
    assert_eq!(
        stub.asked().iter().map(query).collect::<Vec<_>>(),
        [
            "/pages/9/labels limit=250",
            "/blogposts/9/labels limit=250",
            "/pages/9/attachments limit=250",
            "/attachments sort=-modified-date&limit=250",
        ]
    );
}

#[tokio::test]
async fn comments_of_every_place_are_read() {
    let comment = json!({"id": "7", "pageId": 9, "parentCommentId": "6", "resolutionStatus": "open",
        "properties": {"inlineMarkerRef": "ref", "inlineOriginalSelection": "quick fox"},
        "body": {"storage": {"value": "<p>x</p>"}}, "_links": {"webui": "/c/7"}});
    let stub =
        Stub::start(move |_| Reply::json(&json!({"results": [comment], "_links": {"base": LINKS}}))).await;
    let (client, cloud_id) = (client(&stub.url), cloud_id());
    let confluence = client.confluence(&cloud_id);
    for (of, path) in [
        (CommentsOf::PageFooter("9"), "/pages/9/footer-comments"),
        (CommentsOf::PageInline("9"), "/pages/9/inline-comments"),
        (CommentsOf::BlogPostFooter("9"), "/blogposts/9/footer-comments"),
        (CommentsOf::BlogPostInline("9"), "/blogposts/9/inline-comments"),
        (CommentsOf::FooterReplies("6"), "/footer-comments/6/children"),
        (CommentsOf::InlineReplies("6"), "/inline-comments/6/children"),
    ] {
        let comments = all(confluence.comments(of, Some(BodyFormat::Storage))).await;
        let first = &comments[0];
        assert_eq!((first.page_id.as_deref(), first.parent_comment_id.as_deref()), (Some("9"), Some("6")));
        assert_eq!(first.properties.inline_original_selection.as_deref(), Some("quick fox"));
        assert_eq!(first.link("").unwrap(), "https://acme.example/wiki/c/7");
        assert_eq!(query(&stub.asked()[0]), format!("{path} body-format=storage&limit=100"));
    }
}

#[tokio::test]
async fn a_search_asks_version_one_and_goes_on_by_its_cursor() {
    let result = |id: u64| {
        json!({"title": "Plan", "url": "/spaces/A/pages/9", "entityType": "content",
            "lastModified": "2026-03-19T14:23:48.000Z", "content": {"id": id, "type": "page"}})
    };
    let next = "/rest/api/search?next=true&cursor=_t_W%3D&limit=5&start=5&cql=type%3Dpage";
    let stub = Stub::in_turn(vec![
        Reply::json(&json!({"results": [result(1)], "totalSize": 2,
            "_links": {"base": LINKS, "context": "/wiki", "next": next}})),
        Reply::json(&json!({"results": [result(2)], "totalSize": 2, "_links": {"base": LINKS}})),
    ])
    .await;
    let (client, cloud_id) = (client(&stub.url), cloud_id());
    let cql = format!("type = page AND title = {}", cql_value("a\" OR \\ b"));
    let found = all(client.confluence(&cloud_id).search(&cql)).await;
    assert_eq!(found[1].content.as_ref().unwrap().id, "2");
    assert_eq!(found[0].link("").unwrap(), "https://acme.example/wiki/spaces/A/pages/9");
    let asked = stub.asked();
    assert_eq!(asked[0].path, "/api/ex/confluence/cloud-1/wiki/rest/api/search");
    assert_eq!(asked[1].param("cursor"), Some("_t_W="));
    assert_eq!(asked[1].param("cql"), Some(r#"type = page AND title = "a\" OR \\ b""#));
}

#[tokio::test]
async fn a_next_link_may_stand_in_the_header_alone() {
    let base = r#"<https://acme.example/wiki>; rel="base", "#;
    for (header, next) in [
        (
            r#"<https://x.example/change>; rel="deprecation", </wiki/api/v2/x?a=1,2&cursor=c2>; rel="next""#,
            Some("c2"),
        ),
        ("</wiki/api/v2/x?cursor=c2>;type=x; rel=next", Some("c2")),
        (r#"</wiki/api/v2/x?cursor=c2>; rel="prev next""#, Some("c2")),
        (r#"</wiki/api/v2/x?cursor=c2>; rel="nextish""#, None),
        ("", None),
    ] {
        let reply = Reply::json(&json!({"results": [{"id": "1"}], "_links": {"base": LINKS}}));
        let stub = Stub::in_turn(vec![reply.header("link", &format!("{base}{header}"))]).await;
        let (client, cloud_id) = (client(&stub.url), cloud_id());
        let page = client.confluence(&cloud_id).labels("9").fetch(&token(), None).await.unwrap();
        assert_eq!(page.next.as_deref(), next, "{header}");
    }
}

#[tokio::test]
async fn a_refused_cursor_loses_the_place() {
    let refusal = r#"{"errors":[{"status":400,"code":"INVALID_REQUEST_PARAMETER","title":"bad cursor"}]}"#;
    let stub = Stub::start(move |_| Reply::new(400, refusal)).await;
    let (client, cloud_id) = (client(&stub.url), cloud_id());
    let list = client.confluence(&cloud_id).labels("9");
    let error = list.fetch(&token(), Some(&"old".to_owned())).await.unwrap_err();
    assert!(matches!(error, ApiError::LostPlace { .. }), "{error}");
    let error = list.fetch(&token(), None).await.unwrap_err();
    assert!(matches!(error, ApiError::InvalidRequest { .. }), "{error}");
}

#[tokio::test]
async fn people_and_a_space_are_found_by_their_ids() {
    let stub = Stub::in_turn(vec![
        Reply::json(&json!({"results": [{"accountId": "a", "email": "", "displayName": "Ada"}]})),
        Reply::json(&json!({"id": "7", "key": "A", "_links": {"base": LINKS, "webui": "/spaces/A"}})),
    ])
    .await;
    let (client, cloud_id) = (client(&stub.url), cloud_id());
    let confluence = client.confluence(&cloud_id);
    let people = confluence.users_by_id(&token(), &["a", "b"].map(AccountId::new)).await.unwrap();
    assert_eq!((people.items[0].display_name.as_deref(), &people.items[0].email), (Some("Ada"), &None));
    let space = confluence.space(&token(), "7").await.unwrap();
    assert_eq!(space.link("").unwrap(), "https://acme.example/wiki/spaces/A");
    let asked = stub.asked();
    assert_eq!((asked[0].method.as_str(), query(&asked[0])), ("POST", "/users-bulk ".to_owned()));
    let body: Value = serde_json::from_slice(&asked[0].body).unwrap();
    assert_eq!((body, query(&asked[1])), (json!({"accountIds": ["a", "b"]}), "/spaces/7 ".to_owned()));
}
