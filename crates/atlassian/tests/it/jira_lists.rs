use connector_atlassian::jira::{Change, Comment, Worklog};
use connector_atlassian::{ApiError, Listing, Page};
use connector_domain::{AccountId, Timestamp};
use serde_json::{Value, json};

use crate::stub::{Asked, Reply, Stub};
use crate::{client, cloud_id, token};

const BASE: &str = "/api/ex/jira/cloud-1/rest/api/3";

fn body(asked: &Asked) -> Value {
    serde_json::from_slice(&asked.body).unwrap()
}

fn adf() -> Value {
    json!({"type": "doc", "version": 1, "content": []})
}

/// All items of `list`, with how many pages there were.
async fn all<L: Listing>(list: L) -> (Vec<L::Item>, usize) {
    let (mut list, mut items, mut pages) = (list.pager(), Vec::new(), 0);
    while let Some(page) = list.next(&token()).await.unwrap() {
        assert_eq!(page.bad, []);
        items.extend(page.items);
        pages += 1;
    }
    (items, pages)
}

#[tokio::test]
async fn comments_are_read_to_their_end() {
    let comment = |id: u64| {
        json!({"id": id.to_string(), "body": adf(), "author": {"accountId": "a", "displayName": "Ada"},
            "created": "2026-04-28T15:41:27.114+0200", "updated": "2026-04-28T15:41:28.000+0200",
            "visibility": {"type": "role", "value": "Administrators", "identifier": "10002"},
            "self": format!("https://api.example/ex/jira/c/rest/api/3/issue/10011/comment/{id}")})
    };
    let page = |start: u64, ids: &[u64]| {
        let comments: Vec<_> = ids.iter().map(|id| comment(*id)).collect();
        Reply::json(&json!({"startAt": start, "maxResults": 2, "total": 3, "comments": comments}))
    };
    let stub = Stub::in_turn(vec![page(0, &[1, 2]), page(2, &[3])]).await;
    let (client, cloud_id) = (client(&stub.url), cloud_id());
    let (comments, pages) = all(client.jira(&cloud_id).comments("ENG-1")).await;
    assert_eq!((comments.len(), pages), (3, 2));
    let Comment { author, body, visibility, updated, .. } = &comments[0];
    assert_eq!((author.as_ref().unwrap().account_id.as_str(), body), ("a", &Some(adf())));
    assert_eq!(visibility.as_ref().unwrap().value.as_deref(), Some("Administrators"));
    assert_eq!(updated.unwrap().to_string(), "2026-04-28T13:41:28.000Z");
    assert_eq!(comments[0].issue_id(), Some("10011"));
    let asked = stub.asked();
    assert_eq!(asked[1].path, format!("{BASE}/issue/ENG-1/comment"));
    let params = ["startAt", "maxResults", "orderBy"].map(|name| asked[1].param(name).unwrap());
    assert_eq!(params, ["2", "100", "created"]);
}

#[tokio::test]
async fn comments_and_worklogs_are_fetched_by_their_ids() {
    let worklog = json!({"id": "100", "issueId": 10_002, "timeSpentSeconds": 12_000, "comment": adf(),
        "started": "2026-01-18T00:00:00.000+0000", "author": null});
    let stub = Stub::in_turn(vec![
        Reply::json(&json!({"isLast": true, "startAt": 0, "total": 1, "values": [{"id": 7, "self": "x"}]})),
        Reply::json(&json!([worklog, {"issueId": "2"}])),
    ])
    .await;
    let (client, cloud_id) = (client(&stub.url), cloud_id());
    let jira = client.jira(&cloud_id);
    let comments = jira.comments_by_id(&token(), &[7, 8]).await.unwrap();
    assert_eq!((comments.items[0].id.as_str(), comments.items[0].issue_id()), ("7", None));
    let worklogs: Page<Worklog, u64> = jira.worklogs_by_id(&token(), &[100]).await.unwrap();
    assert_eq!((worklogs.items.len(), worklogs.bad.len(), worklogs.next), (1, 1, None));
    let Worklog { issue_id, time_spent_seconds, author, .. } = &worklogs.items[0];
    assert_eq!((issue_id.as_deref(), *time_spent_seconds, author), (Some("10002"), Some(12_000), &None));
    let asked = stub.asked();
    assert_eq!(
        (asked[0].path.clone(), body(&asked[0])),
        (format!("{BASE}/comment/list"), json!({"ids": [7, 8]}))
    );
    assert_eq!(
        (asked[1].path.clone(), body(&asked[1])),
        (format!("{BASE}/worklog/list"), json!({"ids": [100]}))
    );
}

#[tokio::test]
async fn worklogs_of_an_issue_are_read_in_full() {
    let stub = Stub::start(|asked| {
        let start: u64 = asked.param("startAt").unwrap().parse().unwrap();
        let worklogs: Vec<_> = (start..50.min(start + 20)).map(|id| json!({"id": id.to_string()})).collect();
        Reply::json(&json!({"startAt": start, "maxResults": 20, "total": 50, "worklogs": worklogs}))
    })
    .await;
    let (client, cloud_id) = (client(&stub.url), cloud_id());
    let (worklogs, pages) = all(client.jira(&cloud_id).worklogs("10002")).await;
    assert_eq!((worklogs.len(), pages), (50, 3));
    assert_eq!(stub.asked()[0].path, format!("{BASE}/issue/10002/worklog"));
}

#[tokio::test]
async fn changed_worklogs_are_followed_from_moment_to_moment() {
    let change = |id: u64, time: i64| json!({"worklogId": id, "updatedTime": time, "properties": []});
    let stub = Stub::in_turn(vec![
        Reply::json(
            &json!({"since": 10, "until": 30, "lastPage": false, "values": [change(1, 20), change(2, 30)]}),
        ),
        Reply::json(&json!({"since": 30, "until": 40, "lastPage": true, "values": [change(2, 30)]})),
        Reply::json(&json!({"since": 10, "until": 10, "lastPage": false, "values": [change(1, 10)]})),
    ])
    .await;
    let (client, cloud_id) = (client(&stub.url), cloud_id());
    let jira = client.jira(&cloud_id);
    let since = Timestamp::from_millis(10);
    let (changes, pages) = all(jira.worklogs_deleted(since)).await;
    assert_eq!((changes.len(), pages), (3, 2));
    assert_eq!((changes[1].worklog_id.as_str(), changes[1].updated_time.unwrap().as_millis()), ("2", 30));
    let error = jira.worklogs_updated(since).fetch(&token(), None).await.unwrap_err();
    assert!(matches!(error, ApiError::LostPlace { .. }), "{error}");
    let asked: Vec<_> = stub
        .asked()
        .iter()
        .map(|asked| format!("{} {}", asked.path, asked.param("since").unwrap()))
        .collect();
    assert_eq!(
        asked,
        ["worklog/deleted 10", "worklog/deleted 30", "worklog/updated 10"]
            .map(|call| format!("{BASE}/{call}"))
    );
}

/// Parts of a change may be missing, and times come as text, in milliseconds and in seconds.
#[tokio::test]
async fn changes_are_read_whatever_is_missing() {
    let stub = Stub::in_turn(vec![Reply::json(&json!({
        "startAt": 0, "total": 3, "isLast": true, "values": [
            {"id": "1", "created": "2026-04-28T15:33:31.783+0200", "author": {"accountId": "a"}, "items": [
                {"field": "Link", "fieldtype": "jira", "from": null, "fromString": null,
                    "to": "KAN-2", "toString": "relates to KAN-2"}]},
            {"id": 2, "created": 1_777_383_211_783_i64, "items": [
                {"field": "Sprint", "fieldId": "customfield_1", "fieldtype": "custom", "from": 5, "to": ""}]},
            {"id": "3", "created": 1_492_070_429, "author": null, "items": null},
        ],
    }))])
    .await;
    let (client, cloud_id) = (client(&stub.url), cloud_id());
    let (changes, _): (Vec<Change>, _) = all(client.jira(&cloud_id).changelog("KAN-6")).await;
    let times: Vec<_> = changes.iter().map(|change| change.created.unwrap().to_string()).collect();
    assert_eq!(times, ["2026-04-28T13:33:31.783Z", "2026-04-28T13:33:31.783Z", "2017-04-13T08:00:29.000Z"]);
    let link = &changes[0].items[0];
    assert_eq!((link.field.as_str(), &link.field_id, &link.from), ("Link", &None, &None));
    assert_eq!((link.to.as_deref(), link.to_text.as_deref()), (Some("KAN-2"), Some("relates to KAN-2")));
    let sprint = &changes[1].items[0];
    assert_eq!(
        (sprint.field_id.as_deref(), sprint.from.as_deref(), &sprint.to),
        (Some("customfield_1"), Some("5"), &None)
    );
    assert_eq!((&changes[2].author, changes[2].items.len()), (&None, 0));
}

#[tokio::test]
async fn changes_of_many_issues_are_read_by_tokens() {
    let page = |issue: u64, next: Value| {
        let change = json!({"id": issue.to_string(), "created": 1_492_070_429, "items": []});
        let histories = [json!({"issueId": issue.to_string(), "changeHistories": [change]})];
        Reply::json(&json!({"issueChangeLogs": histories, "nextPageToken": next}))
    };
    let stub = Stub::in_turn(vec![page(1, json!("Ux/=")), page(2, Value::Null), Reply::new(400, "{}")]).await;
    let (client, cloud_id) = (client(&stub.url), cloud_id());
    let list = client.jira(&cloud_id).changelogs(vec!["1".into(), "2".into()], vec!["status".into()]);
    let (histories, pages) = all(list.clone()).await;
    assert_eq!((histories.len(), histories[1].changes[0].id.as_str(), pages), (2, "2", 2));
    let error = list.fetch(&token(), Some(&"old".to_owned())).await.unwrap_err();
    assert!(matches!(error, ApiError::LostPlace { .. }), "{error}");
    let asked = stub.asked();
    assert_eq!(asked[0].path, format!("{BASE}/changelog/bulkfetch"));
    let mut expected = json!({"issueIdsOrKeys": ["1", "2"], "fieldIds": ["status"], "maxResults": 1000});
    assert_eq!(body(&asked[0]), expected);
    expected["nextPageToken"] = json!("Ux/=");
    assert_eq!(body(&asked[1]), expected);
}

#[tokio::test]
async fn what_issues_choose_from_is_read() {
    let stub = Stub::start(|asked| {
        Reply::json(&match asked.path.rsplit('/').next().unwrap() {
            "field" => json!([
                {"id": "customfield_10016", "key": "customfield_10016", "name": "Story Points", "custom": true,
                    "schema": {"type": "number", "custom": "com.example:points", "customId": 10_016}},
                {"id": "thumbnail", "name": "Images", "custom": false},
            ]),
            "status" => json!([
                {"id": "1", "name": "Open", "statusCategory": {"id": 2, "key": "new", "name": "To Do"}},
                {"id": "2", "name": "Doing", "statusCategory": "IN_PROGRESS"},
            ]),
            "priority" => json!([{"id": 1, "name": "High", "statusColor": "#d04437", "isDefault": false}]),
            "issuetype" => json!([{"id": "10002", "name": "Subtask", "subtask": true, "hierarchyLevel": -1}]),
            _ => json!([{"id": "10000", "name": "Done", "description": ""}]),
        })
    })
    .await;
    let (client, cloud_id, token) = (client(&stub.url), cloud_id(), token());
    let jira = client.jira(&cloud_id);
    let fields = jira.fields(&token).await.unwrap().items;
    let schema = fields[0].schema.as_ref().unwrap();
    assert_eq!((schema.value_type.as_str(), schema.custom_id.as_deref()), ("number", Some("10016")));
    assert_eq!((fields[0].custom, fields[1].custom, &fields[1].schema), (true, false, &None));
    let statuses = jira.statuses(&token).await.unwrap().items;
    assert_eq!(
        (statuses[0].status_category.as_ref().unwrap().key.as_str(), &statuses[1].status_category),
        ("new", &None)
    );
    assert_eq!(jira.priorities(&token).await.unwrap().items[0].status_color.as_deref(), Some("#d04437"));
    assert_eq!(jira.issue_types(&token).await.unwrap().items[0].hierarchy_level, Some(-1));
    assert_eq!(jira.resolutions(&token).await.unwrap().items[0].description, None);
}

/// Jira filters a page of people after it has cut it: a short page is not the end, and pages may overlap.
#[tokio::test]
async fn people_are_listed_until_an_empty_page() {
    let person = |id: u64| json!({"accountId": format!("p{id}"), "accountType": "app"});
    let stub = Stub::start(move |asked| {
        let start: u64 = asked.param("startAt").unwrap().parse().unwrap();
        // Of the first two only the second one is shown.
        let shown: Vec<_> = (start..3.min(start + 2)).filter(|id| *id > 0).map(person).collect();
        Reply::json(&json!(shown))
    })
    .await;
    let (client, cloud_id) = (client(&stub.url), cloud_id());
    let (people, pages) = all(client.jira(&cloud_id).users()).await;
    let ids: Vec<_> = people.iter().map(|person| person.account_id.as_str()).collect();
    assert_eq!((ids, pages), (vec!["p1", "p1", "p2"], 3));
    assert_eq!(stub.asked()[0].path, format!("{BASE}/users/search"));
}

#[tokio::test]
async fn people_are_found_by_their_account_ids() {
    let ids = ["557:a&b".to_owned(), "c".to_owned()].map(AccountId::new);
    let person = json!({"accountId": "557:a&b", "emailAddress": ""});
    let stub = Stub::in_turn(vec![
        Reply::json(&person),
        Reply::json(&json!({"startAt": 0, "total": 1, "isLast": true, "values": [person]})),
        Reply::new(403, r#"{"errorMessages":["You do not have permission"],"errors":{}}"#),
    ])
    .await;
    let (client, cloud_id) = (client(&stub.url), cloud_id());
    let jira = client.jira(&cloud_id);
    assert_eq!(jira.user(&token(), &ids[0]).await.unwrap().email, None);
    assert_eq!(all(jira.users_by_id(&ids)).await.0.len(), 1);
    let error = jira.users().fetch(&token(), None).await.unwrap_err();
    assert!(matches!(error, ApiError::NotVisible { status: 403, .. }), "{error}");
    let asked = stub.asked();
    assert_eq!(
        (asked[0].path.clone(), asked[0].param("accountId")),
        (format!("{BASE}/user"), Some("557:a&b"))
    );
    let asked_ids: Vec<_> = asked[1].query.iter().filter(|(name, _)| name == "accountId").collect();
    assert_eq!((asked[1].path.clone(), asked_ids.len()), (format!("{BASE}/user/bulk"), 2));
}

#[tokio::test]
async fn a_project_is_found_by_its_key() {
    let stub = Stub::in_turn(vec![Reply::json(
        &json!({"id": "10000", "key": "NEW", "name": "x", "archived": true, "deleted": false}),
    )])
    .await;
    let project = client(&stub.url).jira(&cloud_id()).project(&token(), "OLD").await.unwrap();
    assert_eq!((project.key.as_str(), project.archived, project.deleted), ("NEW", Some(true), Some(false)));
    assert_eq!(stub.asked()[0].path, format!("{BASE}/project/OLD"));
}
