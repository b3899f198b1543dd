"""The apps that floods run: one whose steps may be done again, one whose step must not, one that talks."""

from __future__ import annotations

import pytest
from tests.fault.canary import Canary
from tests.fault.fleet import Fleet
from tests.fault.flood import Flood
from tests.support import dsl


def asked(mark: str) -> dict[str, object]:
    """The body of a workflow's request."""
    return {"inputs": {"q": mark}, "user": "ann"}


@pytest.fixture(scope="session")
def gets(two: Fleet, canary: Canary) -> Flood:
    """start -> two GETs, each counted -> a snippet -> end: all of it may be done again."""
    urls = [f"{canary.url}/count/{{{{#start.q#}}}}-{n}?ms=120" for n in range(2)]
    last = dsl.code("code", "def main(a):\n    return {'result': a.upper()}\n", a=["http0", "body"])
    nodes = [dsl.http(f"http{n}", url) for n, url in enumerate(urls)]
    drawn = dsl.chain(dsl.start("q"), *nodes, last, dsl.end(out=["code", "result"]))
    return Flood(two.console.add_app(dsl.workflow("gets", drawn))[1], "/workflows/run", asked)


@pytest.fixture(scope="session")
def posts(two: Fleet, canary: Canary) -> Flood:
    """start -> a POST, counted -> end: none of it may be done twice."""
    node = dsl.http("post", f"{canary.url}/count/{{{{#start.q#}}}}?ms=250", method="post")
    drawn = dsl.chain(dsl.start("q"), node, dsl.end(out=["post", "body"]))
    return Flood(two.console.add_app(dsl.workflow("posts", drawn))[1], "/workflows/run", asked)


@pytest.fixture(scope="session")
def talks(two: Fleet) -> Flood:
    """A chatflow whose model speaks slowly."""
    drawn = dsl.chain(dsl.start(), dsl.llm("slow:20:20"), dsl.answer("It said: {{#llm.text#}}"))
    key = two.console.add_app(dsl.chatflow("talks", drawn))[1]
    return Flood(key, "/chat-messages", lambda mark: {"inputs": {}, "query": mark, "user": "ann"})
