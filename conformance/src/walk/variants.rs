//! The queries with which each route is asked.

/// With the parameters that change what an answer looks like. Everything else is asked for as it is.
const VARIANTS: &[(&str, &[&str])] = &[
    (
        "/project/search",
        &[
            "",
            "maxResults=3&expand=description,lead,issueTypes,url,projectKeys,permissions,insight",
            "status=archived&status=deleted&status=live&expand=description,lead,insight",
            "orderBy=-name&typeKey=software,business",
            "query=a&orderBy=lastIssueUpdatedTime",
        ],
    ),
    ("/project/{}", &["", "expand=description,lead,issueTypes,url,projectKeys,permissions,insight"]),
    (
        "/search/jql",
        &[
            "jql=project+is+not+EMPTY",
            "jql=project+is+not+EMPTY&fields=*all&maxResults=40",
            "jql=project+is+not+EMPTY&fields=*navigable,-comment&expand=names,schema&maxResults=15",
            "jql=created+%3E%3D+%222000-01-01%22+ORDER+BY+updated+ASC&fields=id,key&maxResults=5000",
            "jql=project+is+not+EMPTY&fields=summary&expand=changelog,renderedFields,operations,editmeta,transitions&maxResults=20",
        ],
    ),
    ("/issue/{}", &["", "expand=renderedFields,names,schema,changelog", "fields=summary,description"]),
    ("/issue/{}/comment", &["", "maxResults=1&orderBy=-created&expand=renderedBody"]),
    ("/issue/{}/changelog", &["", "maxResults=2"]),
    ("/issue/{}/worklog", &["", "maxResults=2"]),
    ("/attachment/content/{}", &["", "redirect=false"]),
    ("/users/search", &["", "startAt=0&maxResults=5", "startAt=1000"]),
    ("/user/bulk", &[]),
    ("/user", &[]),
    ("/priority/search", &["", "maxResults=2"]),
    ("/worklog/updated", &["", "since=0", "since=1700000000000"]),
    ("/worklog/deleted", &["", "since=0", "since=1700000000000"]),
    (
        "/spaces",
        &[
            "",
            "limit=1&sort=-name&description-format=plain&include-icon=true",
            "status=archived",
            "status=current&type=personal&description-format=view",
        ],
    ),
    (
        "/spaces/{}",
        &[
            "",
            "description-format=view&include-icon=true",
            "include-labels=true&include-properties=true&include-operations=true&include-permissions=true",
        ],
    ),
    (
        "/spaces/{}/pages",
        &["", "depth=root&limit=2&sort=title", "status=trashed", "body-format=storage&limit=10"],
    ),
    (
        "/pages",
        &[
            "",
            "limit=20&sort=-modified-date&body-format=atlas_doc_format",
            "limit=20&body-format=storage&sort=created-date",
            "status=archived",
            "status=trashed&body-format=storage",
            "status=deleted",
        ],
    ),
    (
        "/pages/{}",
        &[
            "",
            "body-format=storage",
            "body-format=atlas_doc_format&include-version=false",
            "body-format=view",
            "body-format=export_view&include-labels=true&include-properties=true&include-operations=true&include-likes=true&include-versions=true",
            "status=trashed",
        ],
    ),
    ("/pages/{}/versions", &["", "limit=1&sort=-modified-date", "body-format=storage"]),
    ("/pages/{}/attachments", &["", "limit=1"]),
    ("/pages/{}/footer-comments", &["", "body-format=storage&limit=1", "body-format=atlas_doc_format"]),
    (
        "/pages/{}/inline-comments",
        &["", "body-format=storage", "body-format=atlas_doc_format&resolution-status=open"],
    ),
    ("/footer-comments/{}/children", &["", "body-format=storage"]),
    ("/inline-comments/{}/children", &["", "body-format=storage"]),
    ("/blogposts", &["", "limit=1&body-format=storage&sort=-modified-date", "status=trashed"]),
    ("/blogposts/{}", &["", "body-format=atlas_doc_format"]),
    ("/spaces/{}/blogposts", &["", "limit=1&body-format=storage"]),
    // Both need a query by CQL, which at a site's own address is told apart by nothing else.
    (
        "/search",
        &[
            "cql=type%3Dpage&limit=10",
            "cql=type%3Dpage+and+lastmodified+%3E%3D+%222024-01-01%22+order+by+lastmodified+asc&limit=3",
            "cql=type%3Dpage&limit=2&includeArchivedSpaces=true&excerpt=highlight",
            "jql=project+is+not+EMPTY&maxResults=10",
        ],
    ),
];

pub fn queries(template: &str) -> &'static [&'static str] {
    VARIANTS.iter().find(|(of, _)| *of == template).map_or(&[""], |(_, queries)| *queries)
}
