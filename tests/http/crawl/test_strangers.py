"""Who gets in: nobody, other workspaces, lesser roles, other apps (sandbox-and-security.md 9)."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from tests.http.crawl.site import (
    SAME_FOR_ALL,
    Site,
    address,
    changes,
    id_parameters,
    is_error,
    is_own_refusal,
    label,
    new_rows_about,
)
from tests.support.bodies import valid

from orrery.http.endpoint import BoundEndpoint
from orrery.security.permissions import Role, allows

pytestmark = pytest.mark.asyncio(loop_scope="session")

# What routes that read their bodies themselves look for.
WHOLE: dict[str, object] = {
    "graph": {"nodes": list[object](), "edges": list[object]()},
    "features": dict[str, object](),
    "inputs": dict[str, object](),
    "query": "x",
}
BEARERS = ("", "Bearer", "Bearer ", "Bearer x", "Bearer app-x", "Basic eDp5", "Bearer null", "Bearer \x7f")


async def call(
    client: httpx.AsyncClient, endpoint: BoundEndpoint, values: dict[str, str], known: dict[str, object]
) -> httpx.Response:
    """Calls the route as its declaration says, with everything valid but what ``values`` name."""
    declared = endpoint.declaration
    body = valid(declared.body, known) if declared.body is not None else WHOLE
    query = valid(declared.query, known) if declared.query is not None else {}
    parameters: dict[str, Any] = {name: value for name, value in query.items() if isinstance(value, str | int | list)}
    json = None if declared.method == "GET" else body
    return await client.request(declared.method, address(endpoint, values), json=json, params=parameters)


async def test_nobody_gets_in(site: Site) -> None:
    before, known = await site.rows(), site.known(site.things)
    async with site.anonymous() as nobody:
        for endpoint in site.routes:
            if endpoint.declaration.auth == "public":
                continue
            answer = await call(nobody, endpoint, site.things, known)
            allowed = {401} if endpoint.declaration.auth != "signed" else {400, 401, 403, 404}
            assert answer.status_code in allowed, f"{label(endpoint)}: {answer.status_code} {answer.text}"
            assert is_error(answer), f"{label(endpoint)}: {answer.text}"
    assert changes(before, await site.rows()) == []


@pytest.mark.parametrize("header", BEARERS)
async def test_what_is_no_credential(site: Site, header: str) -> None:
    async with site.anonymous() as nobody:
        nobody.headers["Authorization"] = header
        nobody.cookies.set("access_token", header)
        for endpoint in site.routes:
            if endpoint.declaration.auth in {"console", "service", "knowledge", "passport"}:
                answer = await nobody.request(endpoint.declaration.method, address(endpoint, site.things))
                assert answer.status_code == 401, f"{label(endpoint)}: {answer.status_code} {answer.text}"
                assert is_error(answer)


async def test_public_routes_stand_up_to_nothing(site: Site) -> None:
    async with site.anonymous() as nobody:
        for endpoint in site.routes:
            if endpoint.declaration.auth == "public" and endpoint.full_path != "/ready":
                answer = await nobody.request(endpoint.declaration.method, address(endpoint, {}))
                assert answer.status_code < 500, f"{label(endpoint)}: {answer.status_code} {answer.text}"
                assert answer.is_success or is_error(answer) or is_own_refusal(answer), (
                    f"{label(endpoint)}: {answer.text}"
                )


async def test_cookies_alone_change_nothing(site: Site) -> None:
    """A page elsewhere can make a browser send cookies, but not the CSRF header."""
    browser = await site.people.signed_in()
    del browser.headers["X-CSRF-Token"]
    before = await site.rows()
    for endpoint in site.routes:
        declared = endpoint.declaration
        # The beacon of a page that is being left can't carry headers.
        beacon = label(endpoint) == "POST /console/api/apps/{app_id}/workflows/draft"
        if declared.auth == "console" and declared.method != "GET" and not beacon:
            answer = await call(browser, endpoint, site.things, site.known(site.things))
            assert answer.status_code == 401, f"{label(endpoint)}: {answer.status_code} {answer.text}"
    assert changes(before, await site.rows()) == []


async def test_sessions_do_not_open_the_service(site: Site) -> None:
    for endpoint in site.routes:
        if endpoint.declaration.auth in {"service", "knowledge"}:
            answer = await site.owner.request(endpoint.declaration.method, address(endpoint, site.things))
            assert answer.status_code == 401, f"{label(endpoint)}: {answer.status_code}"


@pytest.mark.parametrize(("key", "opens"), [("workflow", "service"), ("knowledge", "knowledge")])
async def test_keys_open_only_their_own_kind(site: Site, key: str, opens: str) -> None:
    async with site.service(site.keys[key]) as service:
        for endpoint in site.routes:
            if endpoint.declaration.auth in {"console", "service", "knowledge", "passport"} - {opens}:
                answer = await service.request(endpoint.declaration.method, address(endpoint, site.things))
                assert answer.status_code == 401, f"{label(endpoint)}: {answer.status_code}"


async def test_another_workspace_finds_nothing(site: Site) -> None:
    """The owner of workspace B calls every route with ids of A, in the path and in the body."""
    before = await site.rows()
    known = site.known(site.things)
    for endpoint in site.routes:
        if endpoint.declaration.auth != "console" or not id_parameters(endpoint):
            continue
        if endpoint.full_path.endswith(SAME_FOR_ALL):
            continue
        answer = await call(site.stranger, endpoint, site.things, known)
        # The contract's own words for an import that is not there, and for an heir from outside.
        if is_own_refusal(answer) or (is_error(answer) and answer.json()["code"] == "member_not_in_tenant"):
            continue
        assert answer.status_code in {403, 404}, f"{label(endpoint)}: {answer.status_code} {answer.text}"
        assert is_error(answer), f"{label(endpoint)}: {answer.text}"
    after = await site.rows()
    assert changes(before, after) == []
    assert new_rows_about(before, after, set(site.things.values())) == []


async def test_another_workspace_finds_nothing_below_its_own(site: Site) -> None:
    """Own app, foreign child: a key, run, version or tag of A below an app of B."""
    before = await site.rows()
    own = {name: site.others[name] for name in ("app_id", "tenant_id")}
    for endpoint in site.routes:
        names = id_parameters(endpoint)
        if endpoint.declaration.auth != "console" or len(names) < 2:
            continue
        answer = await call(site.stranger, endpoint, {**site.things, **own}, site.known({**site.things, **own}))
        # Stopping what is not there is no error (workflow.md 4.5).
        allowed = {200, 404} if endpoint.full_path.endswith("/stop") else {403, 404}
        assert answer.status_code in allowed, f"{label(endpoint)}: {answer.status_code} {answer.text}"
    after = await site.rows()
    foreign = {value for name, value in site.things.items() if name not in own}
    assert changes(before, after) == []
    assert new_rows_about(before, after, foreign) == []


@pytest.mark.parametrize("own", [(), ("dataset_id",)], ids=["anywhere", "below its own"])
async def test_the_knowledge_key_of_another_workspace_finds_nothing(site: Site, own: tuple[str, ...]) -> None:
    """With every id of A, and with those of A below a knowledge base of B."""
    before = await site.rows()
    values = {**site.things, **{name: site.others[name] for name in own}}
    known = {**site.known(values), "type": "string", "tag_ids": [site.things["knowledge_tag_id"]]}
    known["segments"] = [{"content": "x"}]
    async with site.service(site.other_keys["knowledge"]) as service:
        for endpoint in site.routes:
            names = id_parameters(endpoint)
            if endpoint.declaration.auth != "knowledge" or not names or set(names) <= set(own):
                continue
            answer = await call(service, endpoint, values, known)
            assert answer.status_code == 404, f"{label(endpoint)}: {answer.status_code} {answer.text}"
            assert is_error(answer), f"{label(endpoint)}: {answer.text}"
        bound: dict[str, object] = {
            "tag_ids": [site.things["knowledge_tag_id"]],
            "target_id": site.things["dataset_id"],
        }
        for path in ("/v1/datasets/tags/binding", "/v1/datasets/tags/unbinding"):
            assert (await service.post(path, json=bound)).status_code == 404
    kept = {name: rows for name, rows in before.items() if name != "api_tokens"}
    after = await site.rows()
    assert changes(kept, after) == []
    assert new_rows_about(before, after, {site.things["dataset_id"], site.things["document_id"]}) == []


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/workspaces/switch", {"tenant_id": "tenant_id"}),
        ("/tag-bindings/create", {"tag_ids": ["tag_id"], "target_id": "app_id", "type": "app"}),
        ("/tag-bindings/remove", {"tag_id": "tag_id", "target_id": "app_id", "type": "app"}),
        ("/apps/imports", {"mode": "yaml-content", "yaml_content": "kind: app", "app_id": "app_id"}),
    ],
)
async def test_foreign_ids_in_bodies(site: Site, path: str, body: dict[str, str | list[str]]) -> None:
    filled = {name: [site.things[v[0]]] if isinstance(v, list) else site.things.get(v, v) for name, v in body.items()}
    before = await site.rows()
    answer = await site.stranger.post(path, json=filled)
    assert answer.status_code in {400, 403, 404}, f"{answer.status_code} {answer.text}"
    after = await site.rows()
    assert changes(before, after) == []
    assert new_rows_about(before, after, set(site.things.values())) == []


@pytest.mark.parametrize("role", ["owner", "admin", "editor", "normal", "dataset_operator"])
async def test_roles(site: Site, role: str) -> None:
    """Who lacks the permission gets 403; who has it gets past the gate. Ids name nothing, so that nothing happens."""
    refused = 0
    for endpoint in site.routes:
        declared = endpoint.declaration
        if declared.auth != "console" or declared.permission is None:
            continue
        content = None if declared.method == "GET" else b"[not json"
        answer = await site.clients[role].request(declared.method, address(endpoint, {}), content=content)
        what = f"{role} {label(endpoint)}: {answer.status_code} {answer.text}"
        if allows(Role(role), declared.permission):
            assert answer.status_code not in {401, 403}, what
            assert answer.status_code < 500, what
        else:
            refused += 1
            assert answer.status_code == 403, what
            assert is_error(answer), what
    assert (refused == 0) == (role == "owner")


async def test_a_normal_member_changes_no_app(site: Site) -> None:
    """Named one by one, so that a permission that was loosened by mistake is seen."""
    member, app = site.clients["normal"], site.things["app_id"]
    before = await site.rows()
    for method, path in [
        ("PUT", f"/apps/{app}"), ("DELETE", f"/apps/{app}"), ("POST", f"/apps/{app}/copy"),
        ("GET", f"/apps/{app}/export"), ("POST", "/apps"), ("POST", "/apps/imports"), ("POST", f"/apps/{app}/name"),
        ("POST", f"/apps/{app}/site-enable"), ("POST", f"/apps/{app}/api-enable"), ("POST", f"/apps/{app}/site"),
        ("POST", f"/apps/{app}/model-config"), ("GET", f"/apps/{app}/api-keys"), ("POST", f"/apps/{app}/api-keys"),
        ("DELETE", f"/apps/{app}/api-keys/{site.things['key_id']}"), ("GET", f"/apps/{app}/workflows/draft"),
        ("POST", f"/apps/{app}/workflows/draft"), ("POST", f"/apps/{app}/workflows/publish"),
        ("POST", "/tags"), ("POST", "/workspaces/info"), ("POST", "/workspaces/current/members/invite-email"),
    ]:  # fmt: skip
        answer = await member.request(method, path, json=None if method == "GET" else {})
        assert answer.status_code == 403, f"{method} {path}: {answer.status_code}"
    assert changes(before, await site.rows()) == []


async def test_the_key_of_another_app_finds_nothing(site: Site) -> None:
    """Both apps are of one workspace: the key alone must keep them apart."""
    made = await site.owner.post(f"/apps/{site.apps['workflow']}/copy", json={})
    assert made.status_code == 201, made.text
    neighbours = {"workflow": made.json()["id"]}
    made = await site.owner.post(f"/apps/{site.apps['chatflow']}/copy", json={})
    neighbours["chatflow"] = made.json()["id"]
    for app_id in neighbours.values():
        published = await site.owner.post(f"/apps/{app_id}/workflows/publish", json={})
        assert published.status_code == 200, published.text
        key = (await site.owner.post(f"/apps/{app_id}/api-keys", json={})).json()["token"]
        before = await site.rows()
        async with site.service(key) as service:
            for endpoint in site.routes:
                declared = endpoint.declaration
                if declared.auth != "service" or not id_parameters(endpoint):
                    continue
                answer = await call(service, endpoint, site.things, {**site.known(site.things), "inputs": {}})
                # Stopping what is not there is no error; an app of another mode may say so first.
                allowed = {200, 400} if endpoint.full_path.endswith("/stop") else {400, 403, 404}
                assert answer.status_code in allowed, f"{label(endpoint)}: {answer.status_code} {answer.text}"
        after = await site.rows()
        kept = {name: rows for name, rows in before.items() if name != "api_tokens"}
        assert changes(kept, after) == []
        foreign = {site.things[n] for n in ("conversation_id", "message_id", "run_id", "node_execution_id", "task_id")}
        assert new_rows_about(before, after, foreign) == []


async def test_a_conversation_can_not_be_gone_on_with_from_elsewhere(site: Site) -> None:
    """By another user of the app, and through another app's key."""
    body: dict[str, object] = {"inputs": {}, "query": "and?", "conversation_id": site.things["conversation_id"]}
    before = await site.rows()
    async with site.service(site.keys["chatflow"]) as service:
        answer = await service.post("/v1/chat-messages", json={**body, "user": "bob"})
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    found = (await site.owner.get(f"/apps/{site.apps['chatflow']}")).json()
    assert found["mode"] == "advanced-chat"
    assert changes({"messages": before["messages"], "conversations": before["conversations"]}, await site.rows()) == []
