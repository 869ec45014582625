use connector_atlassian::ApiError;
use connector_atlassian::confluence::{BodyFormat, PageQuery, PageSort, PageStatus, SpaceQuery, SpaceStatus};
use serde_json::{Value, json};

use crate::stub::{Reply, Stub};
use crate::{client, cloud_id, token};

const SITE: &str = "https://acme.example";

fn page(id: u64) -> Value {
    json!({"id": id.to_string(), "title": format!("Page {id}"), "_links": {"webui": format!("/spaces/A/pages/{id}")}})
}

fn list(results: &[Value], next: Option<&str>) -> Value {
    let mut body = json!({"results": results, "_links": {"base": "https://acme.example/wiki"}});
    if let Some(next) = next {
        body["_links"]["next"] = json!(next);
    }
    body
}

/// The cursor of the page behind `body`, asked for with the cursor `asked`.
async fn next_of(body: &Value, asked: Option<&str>) -> Result<Option<String>, ApiError> {
    // The Link header is there on every page, the last one included.
    let link = r#"<https://acme.example/wiki>; rel="base", <https://x.example/change>; rel="deprecation""#;
    let stub = Stub::in_turn(vec![Reply::json(body).header("link", link)]).await;
    let query = PageQuery { cursor: asked.map(str::to_owned), ..PageQuery::default() };
    Ok(client(&stub.url).confluence(&cloud_id()).pages(&token(), &query).await?.next)
}

#[tokio::test]
async fn spaces_are_read_in_full() {
    let results = [
        json!({"id": "98", "key": "~71", "name": "Ada", "type": "personal", "status": "archived",
            "homepageId": "99", "authorId": "557:abc", "createdAt": "2026-03-19T14:23:47.384Z",
            "description": null, "icon": null, "_links": {"webui": "/spaces/~71"}}),
        json!({"id": 12, "key": "ENG", "homepageId": 13, "_links": {}}),
        json!({"id": "14", "key": "NUL", "name": null, "homepageId": null, "_links": null}),
        json!({"key": "BAD"}),
    ];
    let stub = Stub::in_turn(vec![
        Reply::json(&list(&results, None)).header("date", "Tue, 28 Apr 2026 14:00:00 GMT"),
    ])
    .await;
    let query = SpaceQuery {
        status: Some(SpaceStatus::Archived),
        ids: vec!["7".to_owned()],
        keys: vec!["~71".to_owned(), "ENG".to_owned()],
        limit: 10,
        cursor: Some("a+b/c==".to_owned()),
    };
    let page = client(&stub.url).confluence(&cloud_id()).spaces(&token(), &query).await.unwrap();

    let [asked] = stub.asked().try_into().ok().unwrap();
    assert_eq!(asked.path, "/api/ex/confluence/cloud-1/wiki/api/v2/spaces");
    let query: Vec<_> = asked.query.iter().map(|(name, value)| format!("{name}={value}")).collect();
    assert_eq!(query, ["ids=7", "keys=~71", "keys=ENG", "status=archived", "limit=10", "cursor=a+b/c=="]);
    assert_eq!(page.date.unwrap().to_string(), "2026-04-28T14:00:00.000Z");
    assert_eq!((page.next, page.bad.len(), page.items.len()), (None, 1, 3));
    let [personal, bare, null] = page.items.try_into().ok().unwrap();
    assert_eq!((personal.id.as_str(), personal.key.as_str()), ("98", "~71"));
    assert_eq!(
        (personal.space_type.as_deref(), personal.status.as_deref()),
        (Some("personal"), Some("archived"))
    );
    assert_eq!(personal.homepage_id.as_deref(), Some("99"));
    assert_eq!(personal.created_at.unwrap().to_string(), "2026-03-19T14:23:47.384Z");
    assert_eq!(personal.link("https://other.example").unwrap(), "https://acme.example/wiki/spaces/~71");
    assert_eq!((bare.id.as_str(), bare.homepage_id.as_deref(), bare.link(SITE)), ("12", Some("13"), None));
    assert_eq!((null.name.as_str(), null.homepage_id), ("", None));
}

#[tokio::test]
async fn pages_are_read_in_full() {
    let result = json!({"id": "77", "status": "current", "title": "Plan", "spaceId": 12, "parentId": "5",
        "parentType": "folder", "position": 3, "authorId": "557:abc", "ownerId": null, "lastOwnerId": null,
        "createdAt": "2026-04-01T08:00:00.000Z",
        "version": {"number": 4, "message": "", "minorEdit": false, "createdAt": "2026-04-28T07:48:10.000Z"},
        "body": {"atlas_doc_format": {"representation": "atlas_doc_format", "value": "{\"type\":\"doc\"}"}},
        "_links": {"webui": "/spaces/ENG/pages/77/Plan", "tinyui": "/x/TQ"}});
    let stub = Stub::in_turn(vec![Reply::json(&list(&[result], None))]).await;
    let query = PageQuery {
        ids: Vec::new(),
        space_ids: vec!["12".to_owned(), "13".to_owned()],
        status: vec![PageStatus::Current, PageStatus::Trashed],
        sort: Some(PageSort::LastModifiedFirst),
        body_format: Some(BodyFormat::AtlasDocFormat),
        limit: 50,
        cursor: None,
    };
    let page = client(&stub.url).confluence(&cloud_id()).pages(&token(), &query).await.unwrap();

    let [asked] = stub.asked().try_into().ok().unwrap();
    assert_eq!(asked.path, "/api/ex/confluence/cloud-1/wiki/api/v2/pages");
    let query: Vec<_> = asked.query.iter().map(|(name, value)| format!("{name}={value}")).collect();
    assert_eq!(
        query,
        [
            "space-id=12",
            "space-id=13",
            "status=current",
            "status=trashed",
            "sort=-modified-date",
            "body-format=atlas_doc_format",
            "limit=50",
        ]
    );
    let [page] = page.items.try_into().ok().unwrap();
    assert_eq!((page.id.as_str(), page.title.as_str(), page.space_id.as_deref()), ("77", "Plan", Some("12")));
    assert_eq!((page.parent_id.as_deref(), page.parent_type.as_deref()), (Some("5"), Some("folder")));
    assert_eq!(page.modified_at().unwrap().to_string(), "2026-04-28T07:48:10.000Z");
    assert_eq!(page.version.as_ref().unwrap().number, Some(4));
    assert_eq!(page.body.atlas_doc_format.as_ref().unwrap().value, r#"{"type":"doc"}"#);
    assert_eq!(page.body.storage, None);
    assert_eq!(page.link(SITE).unwrap(), "https://acme.example/wiki/spaces/ENG/pages/77/Plan");
}

#[tokio::test]
async fn what_is_optional_may_be_absent_null_or_empty() {
    let results = [
        json!({"id": "1"}),
        json!({"id": "2", "title": null, "spaceId": null, "parentId": null, "parentType": null, "position": null,
            "version": null, "body": null, "createdAt": null, "_links": null}),
        json!({"id": "3", "title": "", "spaceId": "", "parentId": "", "parentType": "", "version": {}, "body": {},
            "createdAt": "", "_links": {}}),
        json!({"id": "4", "version": {"number": "four"}}),
    ];
    let stub = Stub::in_turn(vec![Reply::json(&list(&results, None))]).await;
    let page =
        client(&stub.url).confluence(&cloud_id()).pages(&token(), &PageQuery::default()).await.unwrap();
    assert_eq!(page.items.len(), 3);
    for page in &page.items {
        assert_eq!((&page.space_id, &page.parent_id, page.modified_at()), (&None, &None, None), "{page:?}");
    }
    let bad: Vec<_> = page.bad.iter().map(ToString::to_string).collect();
    assert_eq!(bad, ["record 4: `version.number`: expected i64"]);
}

#[tokio::test]
async fn links_fall_back_to_the_sites_address() {
    for links in [json!({}), json!(null), json!({"base": ""}), json!({"base": "javascript:alert(1)"})] {
        let body = json!({"results": [page(7)], "_links": links});
        let stub = Stub::in_turn(vec![Reply::json(&body)]).await;
        let page =
            client(&stub.url).confluence(&cloud_id()).pages(&token(), &PageQuery::default()).await.unwrap();
        let link = page.items[0].link("https://acme.example/").unwrap();
        assert_eq!(link, "https://acme.example/wiki/spaces/A/pages/7", "{body}");
    }
}

/// The next link leads to the site, without the gateway's path, and its cursor is encoded once.
#[tokio::test]
async fn the_pager_takes_the_cursor_out_of_the_next_link_and_asks_the_gateway_again() {
    let next = "/wiki/api/v2/pages?cursor=eyJpZCI6%2B%2F%253D%3D&limit=2";
    let stub = Stub::in_turn(vec![
        Reply::json(&list(&[page(1), page(2)], Some(next))),
        Reply::json(&list(&[page(3)], None)),
    ])
    .await;
    let (client, cloud_id) = (client(&stub.url), cloud_id());
    let query = PageQuery { limit: 2, status: vec![PageStatus::Current], ..PageQuery::default() };
    let mut pager = client.confluence(&cloud_id).all_pages(query);
    let mut ids = Vec::new();
    while let Some(page) = pager.next(&token()).await.unwrap() {
        ids.extend(page.items.into_iter().map(|page| page.id));
    }
    assert_eq!(ids, ["1", "2", "3"]);
    let asked = stub.asked();
    for asked in &asked {
        assert_eq!(asked.path, "/api/ex/confluence/cloud-1/wiki/api/v2/pages");
        assert_eq!((asked.param("limit"), asked.param("status")), (Some("2"), Some("current")));
    }
    let cursors: Vec<_> = asked.iter().map(|asked| asked.param("cursor")).collect();
    assert_eq!(cursors, [None, Some("eyJpZCI6+/%3D=")]);
}

#[tokio::test]
async fn traps_of_paging_end_or_fail_but_never_loop() {
    let next = Some("/wiki/api/v2/pages?cursor=c2&limit=2");
    assert_eq!(next_of(&list(&[page(1)], next), Some("c1")).await.unwrap().as_deref(), Some("c2"));
    assert_eq!(next_of(&list(&[page(1)], None), None).await.unwrap(), None);
    assert_eq!(next_of(&list(&[page(1)], Some("")), None).await.unwrap(), None);
    assert_eq!(next_of(&list(&[], next), None).await.unwrap(), None, "a next link with no results");
    let error = next_of(&list(&[page(1)], next), Some("c2")).await.unwrap_err();
    assert!(matches!(error, ApiError::LostPlace { .. }), "{error}");
    for body in
        [list(&[page(1)], Some("/wiki/api/v2/pages?limit=2")), json!({"_links": {}}), json!([page(1)])]
    {
        let error = next_of(&body, None).await.unwrap_err();
        assert!(matches!(error, ApiError::Malformed { .. }), "{body}: {error}");
    }
    // Two cursors that lead to each other.
    let stub = Stub::start(|asked| {
        let (id, next) = if asked.param("cursor") == Some("a") { (1, "?cursor=b") } else { (2, "?cursor=a") };
        Reply::json(&list(&[page(id)], Some(next)))
    })
    .await;
    let (client, cloud_id) = (client(&stub.url), cloud_id());
    let mut pager = client.confluence(&cloud_id).all_pages(PageQuery::default());
    for _ in 0..2 {
        assert!(pager.next(&token()).await.unwrap().is_some());
    }
    assert!(matches!(pager.next(&token()).await.unwrap_err(), ApiError::LostPlace { .. }));
}

#[tokio::test]
async fn space_pages_are_resumed_at_a_cursor() {
    let stub = Stub::in_turn(vec![Reply::json(&list(&[json!({"id": "1", "key": "A"})], None))]).await;
    let (client, cloud_id) = (client(&stub.url), cloud_id());
    let mut pager =
        client.confluence(&cloud_id).all_spaces(SpaceQuery::default()).starting_at("kept".to_owned());
    assert_eq!(pager.next(&token()).await.unwrap().unwrap().items[0].key, "A");
    assert_eq!(stub.asked()[0].param("cursor"), Some("kept"));
}
