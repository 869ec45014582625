"""The hosts of Atlassian, played by the sandbox: whatever a client sends to them by `requests` arrives there. So
clients are used as they are used on the real thing, with the addresses that they take for Atlassian's cloud."""

import json
import os
import re

import requests

SANDBOX, SITE = os.environ["SANDBOX"], os.environ["SITE"]
HOST = f"https://{SITE}.atlassian.net"
_OVER = [
    (re.compile(r"^https://(auth|api)\.atlassian\.com(?=/)"), SANDBOX),
    (re.compile(rf"^https://{SITE}\.atlassian\.net(?=/)"), f"{SANDBOX}/sites/{SITE}"),
    # What answers name: the sandbox writes its own address into them.
    (re.compile(rf"^{re.escape(SANDBOX)}(?=/)"), SANDBOX),
]
_real = requests.adapters.HTTPAdapter.send
# Not the session's own, which may be bound to the addresses that the host has in the name service.
_adapter = requests.adapters.HTTPAdapter()


def _send(_, request, **options):
    asked = request.url
    for host, here in _OVER:
        if host.match(asked):
            request.url = host.sub(here, asked)
            options["proxies"] = {}
            answer = _real(_adapter, request, **options)
            # The client goes on to believe in the address that it has asked.
            request.url = answer.url = asked
            return answer
    raise requests.ConnectionError(f"a client asked {asked}, which is none of Atlassian's")


requests.adapters.HTTPAdapter.send = _send


def step(way, name, run):
    """Runs one step and tells what came of it, in a line of its own."""
    line = {"way": way, "step": name}
    try:
        line["value"] = run()
    except Exception as error:
        line["error"] = f"{type(error).__name__}: {error}"[:2000]
    print(json.dumps(line), flush=True)
