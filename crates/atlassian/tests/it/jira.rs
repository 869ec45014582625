use connector_atlassian::jira::{Project, ProjectQuery, ProjectStatus};
use connector_atlassian::{ApiError, Page};
use serde_json::{Value, json};

use crate::stub::{Asked, Reply, Stub};
use crate::{client, cloud_id, token};

async fn page(body: &Value) -> Result<Page<Project, u64>, ApiError> {
    let stub = Stub::in_turn(vec![Reply::json(body)]).await;
    client(&stub.url).jira(&cloud_id()).projects(&token(), &ProjectQuery::default()).await
}

fn project(id: u64) -> Value {
    json!({"id": id.to_string(), "key": format!("P{id}"), "name": format!("Project {id}")})
}

/// `total` projects, at most `most` a page, as Jira pages them.
fn projects(asked: &Asked, total: u64, most: u64) -> Reply {
    let start: u64 = asked.param("startAt").unwrap().parse().unwrap();
    let end = total.min(start + most);
    let values: Vec<_> = (start..end).map(project).collect();
    Reply::json(&json!({
        "startAt": start, "maxResults": most, "total": total, "isLast": end == total, "values": values,
    }))
}

#[tokio::test]
async fn a_project_is_read_in_full() {
    let stub = Stub::in_turn(vec![
        Reply::json(&json!({"startAt": 50, "maxResults": 2, "total": 51, "isLast": true, "values": [{
            "id": 10_000, "key": "ENG", "name": "Engineering", "description": "What we build",
            "lead": {"accountId": "557:abc", "displayName": "Ada", "emailAddress": "?", "active": true},
            "url": "https://wiki.example/eng", "projectTypeKey": "software", "style": "next-gen",
            "isPrivate": false, "entityId": "e-1", "properties": {},
            "insight": {"totalIssueCount": 7, "lastIssueUpdateTime": "2026-04-28T15:31:13.533+0200"},
        }]}))
        .header("date", "Tue, 28 Apr 2026 14:00:00 GMT"),
    ])
    .await;
    let query = ProjectQuery {
        start_at: 50,
        max_results: 2,
        status: vec![ProjectStatus::Live, ProjectStatus::Archived],
    };
    let page = client(&stub.url).jira(&cloud_id()).projects(&token(), &query).await.unwrap();

    let [asked] = stub.asked().try_into().ok().unwrap();
    assert_eq!(asked.path, "/api/ex/jira/cloud-1/rest/api/3/project/search");
    let query: Vec<_> = asked.query.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let expected = [
        "startAt=50",
        "maxResults=2",
        "expand=description,lead,url,insight",
        "status=live",
        "status=archived",
    ];
    assert_eq!(query, expected);
    assert_eq!((page.next, page.total, page.bad.len()), (None, Some(51), 0));
    assert_eq!(page.date.unwrap().to_string(), "2026-04-28T14:00:00.000Z");
    let [project] = page.items.try_into().ok().unwrap();
    assert_eq!(
        (project.id.as_str(), project.key.as_str(), project.name.as_str()),
        ("10000", "ENG", "Engineering")
    );
    assert_eq!(project.description.as_deref(), Some("What we build"));
    assert_eq!(project.project_type.as_deref(), Some("software"));
    assert_eq!(project.browse_url("https://acme.example/"), "https://acme.example/browse/ENG");
    let insight = project.insight.unwrap();
    assert_eq!(insight.total_issue_count, Some(7));
    assert_eq!(insight.last_issue_update_time.unwrap().to_string(), "2026-04-28T13:31:13.533Z");
    assert_eq!(project.lead.unwrap().display_name.as_deref(), Some("Ada"));
}

#[tokio::test]
async fn what_is_optional_may_be_absent_null_or_empty() {
    let page = page(&json!({"isLast": true, "values": [
        {"id": "1", "key": "A"},
        {"id": "2", "key": "B", "name": null, "description": null, "lead": null, "url": null, "insight": null},
        {"id": "3", "key": "C", "name": "", "description": "", "lead": {}, "url": "",
         "insight": {"totalIssueCount": null, "lastIssueUpdateTime": ""}},
    ]}))
    .await
    .unwrap();
    assert_eq!(page.bad, []);
    assert_eq!(page.items.len(), 3);
    for project in &page.items {
        assert_eq!((&project.description, &project.url), (&None, &None), "{project:?}");
    }
}

#[tokio::test]
async fn bad_records_are_set_aside_and_named_without_their_values() {
    let page = page(&json!({"isLast": false, "values": [
        project(1),
        {"id": "2", "name": "no key"},
        {"key": "NOID"},
        {"id": 3, "key": "C", "lead": {"displayName": ["hush-hush"]}},
        {"id": "4", "key": "D", "insight": {"lastIssueUpdateTime": "hush-hush"}},
        "hush-hush",
        project(5),
    ]}))
    .await
    .unwrap();
    let good: Vec<_> = page.items.iter().map(|project| project.id.as_str()).collect();
    assert_eq!(good, ["1", "5"]);
    let bad: Vec<_> = page.bad.iter().map(ToString::to_string).collect();
    assert_eq!(
        bad,
        [
            "record 2: `.`: missing field `key`",
            "record without an id: `.`: missing field `id`",
            "record 3: `lead.displayName`: expected a string",
            "record 4: `insight.lastIssueUpdateTime`: expected a time with its offset",
            "record without an id: `.`: expected struct Project",
        ]
    );
    assert_eq!(page.next, Some(7), "bad records count as read");
}

#[tokio::test]
async fn pages_are_stepped_by_what_came_and_may_be_resumed() {
    // Asked for 100, Jira gives 3 at most.
    let stub = Stub::start(|asked| projects(asked, 7, 3)).await;
    let (client, cloud_id) = (client(&stub.url), cloud_id());
    let jira = client.jira(&cloud_id);
    let mut pager = jira.all_projects(ProjectQuery::default());
    let (mut ids, mut nexts) = (Vec::new(), Vec::new());
    while let Some(page) = pager.next(&token()).await.unwrap() {
        ids.extend(page.items.into_iter().map(|project| project.id));
        nexts.push(page.next);
    }
    assert_eq!(ids, ["0", "1", "2", "3", "4", "5", "6"]);
    assert_eq!(nexts, [Some(3), Some(6), None]);
    assert_eq!(pager.next(&token()).await.unwrap(), None);
    assert_eq!(stub.asked().len(), 3);

    let mut rest = jira.all_projects(ProjectQuery::default()).starting_at(6);
    assert_eq!(rest.next(&token()).await.unwrap().unwrap().items[0].id, "6");
}

#[tokio::test]
async fn an_error_leaves_the_pager_where_it_is() {
    let replies = vec![
        Reply::json(&json!({"startAt": 0, "isLast": false, "values": [project(0)]})),
        Reply::new(401, ""),
        Reply::json(&json!({"startAt": 1, "isLast": true, "values": [project(1)]})),
    ];
    let stub = Stub::in_turn(replies).await;
    let (client, cloud_id) = (client(&stub.url), cloud_id());
    let mut pager = client.jira(&cloud_id).all_projects(ProjectQuery::default());
    assert!(pager.next(&token()).await.unwrap().is_some());
    assert_eq!(pager.next(&token()).await.unwrap_err(), ApiError::TokenExpired);
    assert_eq!(pager.next(&token()).await.unwrap().unwrap().items[0].id, "1");
    let starts: Vec<_> =
        stub.asked().iter().map(|asked| asked.param("startAt").unwrap().to_owned()).collect();
    assert_eq!(starts, ["0", "1", "1"]);
}

#[tokio::test]
async fn traps_of_paging_end_or_fail_but_never_loop() {
    for (body, expected) in [
        // Without `isLast`, the total decides, then an empty page.
        (json!({"total": 2, "values": [project(0)]}), Some(1)),
        (json!({"total": 1, "values": [project(0)]}), None),
        (json!({"values": [project(0)]}), Some(1)),
        (json!({"values": []}), None),
        (json!({"total": 0, "isLast": false, "values": []}), None),
        // `isLast` is believed, whatever the total says.
        (json!({"total": 9, "isLast": true, "values": [project(0)]}), None),
    ] {
        assert_eq!(page(&body).await.unwrap().next, expected, "{body}");
    }
    for body in [
        json!({"total": 9, "isLast": false, "values": []}),
        json!({"isLast": false, "values": []}),
        json!({"startAt": 4, "isLast": false, "values": [project(0)]}),
        json!({"isLast": true}),
        json!([project(0)]),
    ] {
        let error = page(&body).await.unwrap_err();
        assert!(matches!(error, ApiError::Malformed { .. }), "{body}: {error}");
    }
    // A server that gives the first page for ever.
    let stub =
        Stub::start(|_| Reply::json(&json!({"startAt": 0, "isLast": false, "values": [project(0)]}))).await;
    let (client, cloud_id) = (client(&stub.url), cloud_id());
    let mut pager = client.jira(&cloud_id).all_projects(ProjectQuery::default());
    assert!(pager.next(&token()).await.unwrap().is_some());
    assert!(matches!(pager.next(&token()).await.unwrap_err(), ApiError::Malformed { .. }));
}

#[tokio::test]
async fn a_cloud_id_cannot_leave_its_place_in_the_path() {
    let stub = Stub::start(|asked| projects(asked, 0, 50)).await;
    let cloud_id = connector_domain::CloudId::new("../../me?x=");
    client(&stub.url).jira(&cloud_id).projects(&token(), &ProjectQuery::default()).await.unwrap();
    assert_eq!(stub.asked()[0].path, "/api/ex/jira/..%2F..%2Fme%3Fx=/rest/api/3/project/search");
}

#[tokio::test]
async fn myself_and_the_servers_clock_are_read() {
    let stub = Stub::in_turn(vec![
        Reply::json(&json!({"accountId": "557:abc", "displayName": "Ada", "emailAddress": "?",
            "timeZone": "Asia/Kolkata", "groups": {"size": 3}})),
        Reply::json(&json!({"baseUrl": "https://acme.example", "serverTime": "2026-04-28T23:01:13.533+0930",
            "deploymentType": "Cloud", "versionNumbers": [1001, 0, 0]})),
    ])
    .await;
    let (client, cloud_id) = (client(&stub.url), cloud_id());
    let jira = client.jira(&cloud_id);
    let myself = jira.myself(&token()).await.unwrap();
    assert_eq!((myself.account_id.as_str(), myself.email, myself.active), ("557:abc", None, None));
    assert_eq!(myself.time_zone.as_deref(), Some("Asia/Kolkata"));
    let info = jira.server_info(&token()).await.unwrap();
    assert_eq!(info.server_time.unwrap().to_string(), "2026-04-28T13:31:13.533Z");
    let paths: Vec<_> = stub.asked().into_iter().map(|asked| asked.path).collect();
    let base = "/api/ex/jira/cloud-1/rest/api/3";
    assert_eq!(paths, [format!("{base}/myself"), format!("{base}/serverInfo")]);
}
