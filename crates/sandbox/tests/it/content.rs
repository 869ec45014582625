//! What hangs on pages: the tree, versions, labels, files, comments; and the search of version 1.

use connector_sandbox::SandboxOptions;
use reqwest::{Method, Url};
use rstest::rstest;
use serde_json::{Value, json};

use crate::atlassian::{Atlassian, json_of, read};

const ADA: &str = "ada@example.com";

/// Asks the site itself: an API token needs no scopes.
async fn get(atlassian: &Atlassian, path: &str) -> Value {
    let answer = atlassian.site(ADA, &format!("/wiki/api/v2{path}")).await;
    assert_eq!(answer.status(), 200, "{path}");
    json_of(answer).await
}

fn rows(list: &Value) -> &[Value] {
    list["results"].as_array().expect("results")
}

/// All current pages.
async fn pages(atlassian: &Atlassian) -> Vec<Value> {
    let mut all = Vec::new();
    let mut path = String::from("/pages?limit=250&sort=id");
    loop {
        let list = get(atlassian, &path).await;
        all.extend(rows(&list).iter().cloned());
        match list["_links"]["next"].as_str().and_then(|next| next.strip_prefix("/wiki/api/v2")) {
            Some(next) => path = String::from(next),
            None => return all,
        }
    }
}

fn id(row: &Value) -> &str {
    row["id"].as_str().expect("an id")
}

#[tokio::test]
async fn children_and_ancestors_agree_with_the_parents_of_the_list() {
    let atlassian = Atlassian::start(SandboxOptions::default()).await;
    let all = pages(&atlassian).await;
    let parent = &all[0];
    let children = get(&atlassian, &format!("/pages/{}/children?limit=250", id(parent))).await;
    let expected = all.iter().filter(|page| page["parentId"] == parent["id"]).count();
    assert!(expected > 0);
    assert_eq!(rows(&children).len(), expected);
    for page in &all {
        let ancestors = get(&atlassian, &format!("/pages/{}/ancestors", id(page))).await;
        match rows(&ancestors).last() {
            Some(last) => assert_eq!((&last["id"], &last["type"]), (&page["parentId"], &page["parentType"])),
            None => assert!(page["parentId"].is_null()),
        }
    }
}

#[tokio::test]
async fn folders_are_children_of_another_kind() {
    let atlassian = Atlassian::start(SandboxOptions::default()).await;
    let all = pages(&atlassian).await;
    let inside = all.iter().find(|page| page["parentType"] == "folder").expect("a page in a folder");
    let folder = get(&atlassian, &format!("/folders/{}", inside["parentId"].as_str().expect("an id"))).await;
    assert_eq!((&folder["type"], &folder["spaceId"]), (&json!("folder"), &inside["spaceId"]));
    let home = folder["parentId"].as_str().expect("a parent");
    let direct = get(&atlassian, &format!("/pages/{home}/direct-children?limit=250")).await;
    assert!(rows(&direct).iter().any(|child| child["id"] == folder["id"] && child["type"] == "folder"));
    let pages_only = get(&atlassian, &format!("/pages/{home}/children?limit=250")).await;
    assert!(rows(&pages_only).iter().all(|child| child["id"] != folder["id"]));
}

#[tokio::test]
async fn versions_count_down_to_one_and_survive_changes() {
    let atlassian = Atlassian::start(SandboxOptions::default()).await;
    let all = pages(&atlassian).await;
    let page = all.iter().max_by_key(|page| page["version"]["number"].as_u64()).expect("a page");
    let path = format!("/pages/{}/versions?limit=250", id(page));
    let before = get(&atlassian, &path).await;
    let numbers: Vec<u64> = rows(&before).iter().filter_map(|entry| entry["number"].as_u64()).collect();
    let newest = page["version"]["number"].as_u64().expect("a number");
    assert!(newest > 3);
    assert_eq!(numbers, (1..=newest).rev().collect::<Vec<_>>());
    assert_eq!(rows(&before)[0]["createdAt"], page["version"]["createdAt"]);
    assert_eq!(rows(&before)[numbers.len() - 1]["createdAt"], page["createdAt"]);

    let change = json!({ "title": "Another title" });
    atlassian.control(Method::PATCH, &format!("/sites/acme/pages/{}", id(page)), change).await;
    let mut after = get(&atlassian, &path).await;
    assert_eq!(after["results"][0]["number"], json!(newest + 1));
    let after = after["results"].as_array_mut().expect("results");
    for (old, new) in rows(&before).iter().zip(&after[1..]) {
        assert_eq!(
            (&old["number"], &old["createdAt"], &old["authorId"]),
            (&new["number"], &new["createdAt"], &new["authorId"])
        );
    }
    let first = get(&atlassian, &format!("/pages/{}/versions/1", id(page))).await;
    assert_eq!((&first["nextVersion"], &first["prevVersion"]), (&json!(2), &Value::Null));
    let missing = atlassian.site(ADA, &format!("/wiki/api/v2/pages/{}/versions/999", id(page))).await;
    assert_eq!(missing.status(), 404);
}

#[tokio::test]
async fn pages_have_labels_files_and_comments() {
    let atlassian = Atlassian::start(SandboxOptions::default()).await;
    let (mut labels, mut files, mut footer, mut inline, mut replies) = (0, 0, 0, 0, 0);
    for page in pages(&atlassian).await.iter().take(60) {
        let of = async |part: &str| get(&atlassian, &format!("/pages/{}/{part}", id(page))).await;
        labels += rows(&of("labels").await).len();
        for file in rows(&of("attachments").await) {
            files += 1;
            assert_eq!(file["pageId"], page["id"]);
            assert_eq!(
                get(&atlassian, &format!("/attachments/{}", id(file))).await["fileId"],
                file["fileId"]
            );
        }
        for comment in rows(&of("footer-comments?body-format=storage").await) {
            footer += 1;
            assert!(comment["body"]["storage"]["value"].is_string() && comment.get("properties").is_none());
            let children = get(&atlassian, &format!("/footer-comments/{}/children", id(comment))).await;
            replies += rows(&children).len();
            assert!(rows(&children).iter().all(|reply| reply["parentCommentId"] == comment["id"]));
        }
        for comment in rows(&of("inline-comments").await) {
            inline += 1;
            assert!(comment["properties"]["inlineMarkerRef"].is_string() && comment.get("body").is_none());
        }
    }
    for count in [labels, files, footer, inline, replies] {
        assert!(
            count > 0,
            "labels {labels}, files {files}, footer {footer}, inline {inline}, replies {replies}"
        );
    }
}

#[tokio::test]
async fn a_new_page_has_nothing_hanging_on_it() {
    let atlassian = Atlassian::start(SandboxOptions::default()).await;
    let new = json!({ "space": "ENG", "title": "Bare" });
    let created = atlassian.control(Method::POST, "/sites/acme/pages", new).await;
    for part in ["labels", "attachments", "footer-comments", "inline-comments", "children"] {
        assert!(
            rows(&get(&atlassian, &format!("/pages/{}/{part}", id(&created))).await).is_empty(),
            "{part}"
        );
    }
}

#[rstest]
#[case("labels", "read:page:confluence")]
#[case("versions", "read:page:confluence")]
#[case("children", "read:page:confluence")]
#[case("direct-children", "read:hierarchical-content:confluence")]
#[case("ancestors", "read:content.metadata:confluence")]
#[case("attachments", "read:attachment:confluence")]
#[case("footer-comments", "read:comment:confluence")]
#[case("inline-comments", "read:comment:confluence")]
#[tokio::test]
async fn each_part_has_its_scope(#[case] part: &str, #[case] scope: &str) {
    let (atlassian, _) = Atlassian::connected().await;
    let first = get(&atlassian, "/pages?limit=1").await;
    let path = format!("/wiki/api/v2/pages/{}/{part}", id(&rows(&first)[0]));
    let tokens = atlassian.log_in(scope).await;
    assert_eq!(atlassian.confluence(&tokens, &path).await.status(), 200);
    let tokens = atlassian.log_in("read:space:confluence").await;
    assert_eq!(atlassian.confluence(&tokens, &path).await.status(), 401);
}

async fn search(atlassian: &Atlassian, parameters: &[(&str, &str)]) -> (u16, Value) {
    let url = Url::parse_with_params("http://x/wiki/rest/api/search", parameters).expect("a URL");
    read(atlassian.site(ADA, &format!("{}?{}", url.path(), url.query().unwrap_or_default())).await).await
}

#[tokio::test]
async fn the_old_search_is_followed_to_its_end_behind_its_context() {
    let atlassian = Atlassian::start(SandboxOptions::default()).await;
    let mut path = String::from("/wiki/rest/api/search?cql=type%3Dpage&limit=70&includeArchivedSpaces=true");
    let mut seen = std::collections::HashSet::new();
    loop {
        let page = json_of(atlassian.site(ADA, &path).await).await;
        assert_eq!((&page["_links"]["context"], &page["start"]), (&json!("/wiki"), &json!(seen.len())));
        for row in rows(&page) {
            assert!(seen.insert(row["content"]["id"].to_string()));
        }
        match page["_links"]["next"].as_str() {
            Some(next) => path = format!("/wiki{next}&includeArchivedSpaces=true"),
            None => {
                assert_eq!((page["totalSize"].as_u64(), seen.len()), (Some(300), 300));
                break;
            }
        }
    }
}

#[tokio::test]
async fn the_old_search_understands_a_part_of_cql() {
    let atlassian = Atlassian::start(SandboxOptions::default()).await;
    let count = async |cql: &str| {
        let (status, body) = search(&atlassian, &[("cql", cql), ("includeArchivedSpaces", "true")]).await;
        assert_eq!(status, 200, "{cql}: {body}");
        body["totalSize"].as_u64().expect("a number")
    };
    let halves = [
        ("type = page and space = ENG", "type = page AND space != ENG"),
        ("type = page and title ~ runbook", "type = page and title !~ runbook"),
        (
            "type = page and lastmodified >= \"2026/01/01 00:00\"",
            "type = page and lastmodified < \"2026-01-01\"",
        ),
        ("type = page and label = backend", "type = page and not label in (backend)"),
    ];
    for (one, other) in halves {
        let (first, second) = (count(one).await, count(other).await);
        assert!(first > 0 && second > 0, "{one}: {first}, {other}: {second}");
        assert_eq!(first + second, 300, "{one}");
    }
    let all = count("type = page").await;
    let (_, current) = search(&atlassian, &[("cql", "type = page")]).await;
    assert!(current["totalSize"].as_u64() < Some(all), "archived spaces are left out");
    let (_, newest) =
        search(&atlassian, &[("cql", "type = page order by lastmodified desc"), ("limit", "50")]).await;
    let times: Vec<&str> = rows(&newest).iter().filter_map(|row| row["lastModified"].as_str()).collect();
    assert!(times.is_sorted_by(|a, b| a >= b) && times.len() == 50);
}

#[rstest]
#[case("")]
#[case("order by title")]
#[case("colour = red")]
#[case("space > ENG")]
#[case("title ~ \"open")]
#[case("lastmodified > whenever")]
#[case("type = page order by colour")]
#[tokio::test]
async fn what_is_not_understood_is_refused(#[case] cql: &str) {
    let atlassian = Atlassian::start(SandboxOptions::default()).await;
    let (status, body) = search(&atlassian, &[("cql", cql)]).await;
    assert_eq!((status, &body["statusCode"]), (400, &json!(400)), "{cql}");
}
