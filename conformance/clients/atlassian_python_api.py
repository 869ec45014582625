"""atlassian-python-api, at a site with an API token and through the gateway with an access token."""

import os

import hosts
from atlassian import Confluence, ConfluenceV2, Jira, JiraCloud

EMAIL, API_TOKEN = os.environ["EMAIL"], os.environ["API_TOKEN"]
ACCESS_TOKEN, CLOUD_ID = os.environ["ACCESS_TOKEN"], os.environ["CLOUD_ID"]
ISSUE, PAGE = os.environ["ISSUE"], os.environ["PAGE"]
GATEWAY = "https://api.atlassian.com/ex"


def drive(way, jira, new_jira, confluence):
    def step(name, run):
        hosts.step(way, name, run)

    def issue():
        found = jira.issue(ISSUE)
        jira.issue_get_comments(ISSUE)
        jira.get_issue_changelog(ISSUE)
        return {"key": found["key"], "title": found["fields"]["summary"]}

    def search():
        found = jira.enhanced_jql_get_list_of_tickets("project is not EMPTY ORDER BY key", fields="summary")
        return [row["key"] for row in found]

    def new_search():
        rows = new_jira.enhanced_jql_get_list_of_tickets("project is not EMPTY", fields=["*all"])
        return [row["key"] for row in rows]

    step("projects", lambda: [project["key"] for project in jira.projects(expand="description,lead")])
    step("search", search)
    step("search by version 3", new_search)
    step("issue", issue)
    step("who", lambda: jira.myself()["accountId"])
    step("spaces", lambda: [space["key"] for space in confluence.get_spaces(limit=2)])
    listing = {"status": None, "body_format": "storage", "limit": 20}
    step("pages", lambda: [page["title"] for page in confluence.get_pages(**listing)])
    step("body", lambda: confluence.get_page_by_id(PAGE, body_format="storage")["body"]["storage"]["value"])


basic = {"username": EMAIL, "password": API_TOKEN}
drive(
    "site",
    Jira(hosts.HOST, cloud=True, **basic),
    JiraCloud(hosts.HOST, **basic),
    ConfluenceV2(hosts.HOST, **basic),
)
# The operations of version 1, which are left at the sites' own addresses only.
old = Confluence(hosts.HOST, api_version=1, **basic)
old_pages = {"params": {"type": "page", "limit": 20}}
hosts.step("site", "spaces of version 1", lambda: [space["key"] for space in old.get_spaces(limit=100)["results"]])
hosts.step("site", "pages of version 1", lambda: [page["title"] for page in old._get_paged("rest/api/content", **old_pages)])
old_body = {"expand": ["body.storage", "version", "space"]}
hosts.step("site", "body of version 1", lambda: old.get_page_by_id(PAGE, **old_body)["body"]["storage"]["value"])

bearer = {"token": ACCESS_TOKEN}
drive(
    "gateway",
    Jira(f"{GATEWAY}/jira/{CLOUD_ID}", cloud=True, **bearer),
    JiraCloud(f"{GATEWAY}/jira/{CLOUD_ID}", **bearer),
    ConfluenceV2(f"{GATEWAY}/confluence/{CLOUD_ID}/wiki", **bearer),
)
