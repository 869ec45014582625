"""mcp-atlassian, as programs with language models use it: its server over standard input and output, asked for its
tools by the protocol's own client. What no tool tells is asked of its Python classes."""

import asyncio
import json
import os
import sys
from pathlib import Path

import hosts
from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client

ISSUE, PAGE = os.environ["ISSUE"], os.environ["PAGE"]
SERVER = Path(__file__).with_name("mcp_server.py")
WAYS = {
    "site": {
        f"{product}_{name}": value
        for product, url in (("JIRA", hosts.HOST), ("CONFLUENCE", f"{hosts.HOST}/wiki"))
        for name, value in (("URL", url), ("USERNAME", os.environ["EMAIL"]), ("API_TOKEN", os.environ["API_TOKEN"]))
    },
    "gateway": {
        "JIRA_URL": hosts.HOST,
        "CONFLUENCE_URL": f"{hosts.HOST}/wiki",
        "ATLASSIAN_OAUTH_CLOUD_ID": os.environ["CLOUD_ID"],
        "ATLASSIAN_OAUTH_ACCESS_TOKEN": os.environ["ACCESS_TOKEN"],
    },
}


async def tools(way, settings):
    server = StdioServerParameters(command=sys.executable, args=[str(SERVER)], env={**os.environ, **settings})
    async with stdio_client(server) as (read, write), ClientSession(read, write) as session:
        await session.initialize()

        async def call(tool, **arguments):
            answer = await session.call_tool(tool, arguments)
            text = answer.content[0].text
            if answer.isError:
                raise RuntimeError(text)
            return json.loads(text)

        async def step(name, run):
            try:
                value = await run()
            except Exception as error:
                caught = error
                hosts.step(way, name, lambda: (_ for _ in ()).throw(caught))
            else:
                hosts.step(way, name, lambda: value)

        async def projects():
            return [project["key"] for project in await call("jira_get_all_projects")]

        async def search():
            keys, more = [], {}
            while True:
                found = await call("jira_search", jql="project is not EMPTY ORDER BY key", limit=40, fields="summary", **more)
                keys += [issue["key"] for issue in found["issues"]]
                if not found.get("next_page_token"):
                    return keys
                more = {"page_token": found["next_page_token"]}

        async def issue():
            found = await call("jira_get_issue", issue_key=ISSUE, fields="*all", comment_limit=5)
            return {"key": found["key"], "title": found["summary"]}

        async def confluence_search():
            found = await call("confluence_search", query="type=page order by title", limit=50)
            return [row["title"] for row in found]

        async def body():
            found = await call("confluence_get_page", page_id=PAGE, convert_to_markdown=False)
            return found["metadata"]["content"]["value"]

        await step("projects", projects)
        await step("search", search)
        await step("issue", issue)
        await step("first page of a search", confluence_search)
        await step("body", body)


def refusal():
    """The status with which the gateway refuses the list of spaces of version 1, which the site still has."""
    from mcp_atlassian.confluence import ConfluenceFetcher
    from requests import HTTPError

    try:
        return ConfluenceFetcher().get_spaces(limit=100)
    except HTTPError as error:
        return error.response.status_code


def classes(way, settings):
    os.environ.update(settings)
    from mcp_atlassian.confluence import ConfluenceFetcher
    from mcp_atlassian.jira import JiraFetcher

    hosts.step(way, "who", lambda: JiraFetcher().get_current_user_account_id())
    hosts.step(way, "who in Confluence", lambda: ConfluenceFetcher().get_current_user_info()["accountId"])
    if way == "site":
        hosts.step(way, "spaces", lambda: [space["key"] for space in ConfluenceFetcher().get_spaces(limit=100)["results"]])
    else:
        hosts.step(way, "spaces of version 1", refusal)
    for name in settings:
        del os.environ[name]


for way, settings in WAYS.items():
    asyncio.run(tools(way, settings))
    classes(way, settings)
