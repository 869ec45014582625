"""The server of mcp-atlassian as it is, behind the hosts that the sandbox plays."""

import sys

import hosts  # noqa: F401
from mcp_atlassian import main

sys.argv[1:] = ["--transport", "stdio", "--read-only"]
main()
