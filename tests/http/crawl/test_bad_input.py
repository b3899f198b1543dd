"""What a body, query or path may hold: never an unexpected error, always the error object."""

from __future__ import annotations

import json

import httpx
import msgspec
import pytest
from tests.http.crawl.site import Site, address, is_error, is_own_refusal, label, parameters
from tests.support.bodies import valid, wrong

from orrery.http.endpoint import BoundEndpoint

pytestmark = pytest.mark.asyncio(loop_scope="session")

DEEP = 100_000
RAW_BODIES = {
    "broken": b'{"inputs": {',
    "no object": b"[1, 2]",
    "empty": b"",
    "null": b"null",
    "invalid UTF-8": b'{"query": "\xff\xfe", "user": "a\xc3", "name": "\xf0\x28"}',
    "lone surrogate": b'{"query": "\\ud83e", "user": "\\udd16", "name": "\\ud800", "inputs": {"q": "\\udfff"}}',
    "deep lists": b'{"inputs": ' + b"[" * DEEP + b"]" * DEEP + b"}",
    "deep objects": b'{"inputs": ' + b'{"a":' * DEEP + b"1" + b"}" * DEEP + b"}",
    "deep enough to be read": b'{"inputs": {"q": ' + b"[" * 900 + b"]" * 900 + b'}, "query": "x", "user": "ann"}',
    "deep elsewhere": b'{"nobody reads this": ' + b"[" * DEEP + b"]" * DEEP + b"}",
    "huge number": b'{"inputs": {"q": 1e999}, "page": 1e999, "query": ' + b"9" * 5000 + b"}",
    "not a number": b'{"inputs": {"q": NaN}, "x": Infinity}',
    "twice the same": b'{"user": "a", "user": 1, "inputs": {}, "inputs": []}',
    "two documents": b"{}{}",
}
PATHS = ("not-an-id", "%00", "..%2f..%2fetc", "%ff%fe", "a" * 3000, "'; DROP TABLE apps; --", "{{7*7}}", "-")


def caller(site: Site, endpoint: BoundEndpoint) -> httpx.AsyncClient | None:
    """Somebody who may call the route."""
    match endpoint.declaration.auth:
        case "console":
            return site.owner
        case "service":
            mode = "workflow" if "workflow" in endpoint.full_path else "chatflow"
            return site.service(site.keys[mode])
        case "knowledge":
            return site.service(site.keys["knowledge"])
        case "public":
            return site.anonymous()
        case _:
            return None


def complaints(endpoint: BoundEndpoint, what: str, answer: httpx.Response) -> list[str]:
    """What is wrong with an answer to bad input; nothing, if all is well."""
    if answer.status_code < 400 or (answer.status_code < 500 and (is_error(answer) or is_own_refusal(answer))):
        return []
    return [f"{label(endpoint)} with {what}: {answer.status_code} {answer.text[:200]}"]


async def leave(site: Site, client: httpx.AsyncClient) -> None:
    """After one route: the owner may have been led into a new workspace."""
    if client is site.owner:
        await site.come_home()
    else:
        await client.aclose()


def targets(site: Site) -> dict[str, str]:
    # Things that don't exist, below an app or a knowledge base that does: bodies are read, and nothing is destroyed on the way.
    return {name: value for name, value in site.things.items() if name in {"app_id", "target_id", "dataset_id"}}


def skipped(endpoint: BoundEndpoint) -> bool:
    """What holds the rest is not deleted, and sessions not ended, by routes that read no body; nothing is tried twice.

    Routes of model providers stand under two spellings of the provider's id, some of knowledge bases under two paths.
    """
    once = any(part in endpoint.full_path for part in ("{organization}", "_by_text", "_by_file", "/update-by-file"))
    return once or label(endpoint) in {
        "DELETE /console/api/apps/{app_id}",
        "DELETE /console/api/datasets/{dataset_id}",
        "DELETE /v1/datasets/{dataset_id}",
        "POST /console/api/logout",
    }


@pytest.mark.parametrize("kind", list(RAW_BODIES))
async def test_bodies_that_are_no_json(site: Site, kind: str) -> None:
    found: list[str] = []
    for endpoint in site.routes:
        client = caller(site, endpoint)
        if client is None or endpoint.declaration.method == "GET" or skipped(endpoint):
            continue
        headers = {"Content-Type": "application/json"}
        answer = await client.request(
            endpoint.declaration.method, address(endpoint, targets(site)), content=RAW_BODIES[kind], headers=headers
        )
        found += complaints(endpoint, kind, answer)
        if endpoint.declaration.body is not None and kind in {"broken", "no object", "two documents", "null"}:
            assert answer.status_code in {400, 403, 404}, f"{label(endpoint)}: {answer.status_code}"
        await leave(site, client)
    assert found == []


async def test_fields_of_wrong_types(site: Site) -> None:
    found: list[str] = []
    tried = 0
    known = {**site.known(site.things), "inputs": {"q": "x"}, "email": "x@example.com", "language": "en-US"}
    for endpoint in site.routes:
        client, declared = caller(site, endpoint), endpoint.declaration
        if client is None or declared.body is None or skipped(endpoint):
            continue
        for what, body in wrong(declared.body, known):
            answer = await client.request(declared.method, address(endpoint, targets(site)), json=body)
            found += complaints(endpoint, what, answer)
            tried += 1
        await leave(site, client)
    assert found == []
    assert tried > 1000


async def test_queries_of_wrong_types(site: Site) -> None:
    found: list[str] = []
    for endpoint in site.routes:
        client, declared = caller(site, endpoint), endpoint.declaration
        if client is None or declared.query is None or skipped(endpoint):
            continue
        good = valid(declared.query, site.known(site.things))
        for name in [field.encode_name for field in msgspec.structs.fields(declared.query)]:
            for value in ("", "-1", "0", str(10**30), "1e999", "x" * 5000, "\x00", "true", "[]", "'--", "9" * 19):
                query = {**{key: str(v) for key, v in good.items()}, name: value}
                answer = await client.request(declared.method, address(endpoint, site.things), params=query)
                found += complaints(endpoint, f"{name}={value[:20]!r}", answer)
        await leave(site, client)
    assert found == []


async def test_paths_that_name_nothing(site: Site) -> None:
    found: list[str] = []
    for endpoint in site.routes:
        client, names = caller(site, endpoint), parameters(endpoint)
        if client is None or not names:
            continue
        for name in names:
            for value in PATHS:
                mark = "0f0f0f0f-mark"
                path = address(endpoint, {**targets(site), name: mark}).replace(mark, value)
                content = None if endpoint.declaration.method == "GET" else b"{}"
                answer = await client.request(endpoint.declaration.method, path, content=content)
                found += complaints(endpoint, f"{name}={value[:20]}", answer)
        await leave(site, client)
    assert found == []


async def test_a_prompt_of_ten_megabytes_is_answered(site: Site) -> None:
    prompt = "größe " * (10 * 1024 * 1024 // 8)
    async with site.service(site.keys["chatflow"]) as service:
        body: dict[str, object] = {"inputs": {}, "query": prompt, "user": "ann"}
        answer = await service.post("/v1/chat-messages", json=body, timeout=60)
        assert answer.status_code == 200, answer.text[:300]
        assert answer.json()["answer"] == f"You said {prompt}"


@pytest.mark.parametrize("declared", [True, False], ids=["with a length", "in chunks"])
async def test_bodies_beyond_the_limit_are_refused(site: Site, declared: bool) -> None:
    body = json.dumps({"inputs": {}, "query": "x" * 25 * 1024 * 1024, "user": "ann"}).encode()

    async def chunks():
        for at in range(0, len(body), 1 << 20):
            yield body[at : at + (1 << 20)]

    async with site.service(site.keys["chatflow"]) as service:
        answer = await service.post("/v1/chat-messages", content=body if declared else chunks(), timeout=60)
    assert answer.status_code == 413
    assert is_error(answer)


async def test_methods_and_paths_that_are_not(site: Site) -> None:
    async with site.anonymous() as nobody:
        wrong_method = await nobody.delete("/v1/chat-messages")
        assert (wrong_method.status_code, wrong_method.headers["allow"]) == (405, "POST")
        assert is_error(wrong_method)
        missing = await nobody.get("/v1/nothing-here")
        assert missing.status_code == 404
        assert is_error(missing)
