"""What routes declare about themselves, read from the table."""

from __future__ import annotations

import pytest
from tests.http.crawl.site import PUBLIC_NAMES, Site, id_parameters, label

from orrery.http.router import Router

pytestmark = pytest.mark.asyncio(loop_scope="session")

LARGEST_BODY = 32 * 1024 * 1024
WEBHOOK_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD")
SCOPES = {
    "public": {"none"},
    "console": {"account", "workspace"},
    "service": {"app"},
    "knowledge": {"workspace"},
    "passport": {"app"},
    "signed": {"signature"},
}


async def test_every_route_declares_who_may_call(site: Site) -> None:
    assert len(site.routes) > 90
    for endpoint in site.routes:
        declared = endpoint.declaration
        assert declared.scope in SCOPES[declared.auth], label(endpoint)
        assert declared.summary, label(endpoint)
        assert 0 < declared.body_limit <= LARGEST_BODY, label(endpoint)


async def test_console_routes_of_a_workspace_name_a_permission(site: Site) -> None:
    # What any member may see of the workspace he is in.
    free = {
        "POST /console/api/info",
        "POST /console/api/workspaces/current",
        "GET /console/api/workspaces/current/permission",
        "GET /console/api/features",
        # Files that members hand over while they test an app; each is bound to its workspace.
        "GET /console/api/files/upload",
        "POST /console/api/files/upload",
        "GET /console/api/files/support-type",
        "GET /console/api/files/{file_id}/preview",
        "GET /console/api/remote-files/{url:path}",
        "POST /console/api/remote-files/upload",
    }
    without = {
        label(endpoint)
        for endpoint in site.routes
        if endpoint.declaration.auth == "console"
        and endpoint.declaration.scope == "workspace"
        and endpoint.declaration.permission is None
    }
    assert without <= free
    for endpoint in site.routes:
        if endpoint.declaration.auth != "console":
            assert endpoint.declaration.permission is None, label(endpoint)


async def test_changing_routes_need_more_than_seeing(site: Site) -> None:
    """No route that changes a thing of the workspace is content with a permission to look."""
    for endpoint in site.routes:
        declared = endpoint.declaration
        if declared.permission is None or declared.method == "GET":
            continue
        if declared.permission.value.endswith(".view"):
            # A key of one's own app, for those who may read its keys.
            assert label(endpoint) == "POST /console/api/apps/{app_id}/api-keys"


async def test_only_these_routes_are_public(site: Site) -> None:
    """A new public route is a decision, made here."""
    public = {label(endpoint) for endpoint in site.routes if endpoint.declaration.auth == "public"}
    assert public <= {
        "GET /health",
        "GET /ready",
        "GET /threads",
        "GET /db-pool-stat",
        "GET /console/api/setup",
        "POST /console/api/setup",
        "GET /console/api/init",
        "POST /console/api/init",
        "GET /console/api/ping",
        "POST /console/api/login",
        "POST /console/api/refresh-token",
        "POST /console/api/logout",
        "GET /console/api/activate/check",
        "POST /console/api/activate",
        "GET /console/api/system-features",
        "GET /console/api/version",
        "GET /api/passport",
        "GET /api/system-features",
        "GET /api/webapp/access-mode",
        "GET /api/webapp/permission",
        "GET /api/login/status",
        "POST /api/login",
        "POST /api/logout",
        "GET /files/workspaces/{workspace_id}/webapp-logo",
        "GET /files/reachable.svg",
        # Pictures of providers that are part of the program, and the way back of those who began to sign in.
        "GET /console/api/workspaces/current/tool-provider/builtin/{provider}/icon",
        "GET /console/api/workspaces/current/tool-provider/builtin/{organization}/{plugin}/{provider}/icon",
        "GET /console/api/mcp/oauth/callback",
        # Whoever holds the token of a form may see and answer it.
        "GET /api/form/human_input/{form_token}",
        "POST /api/form/human_input/{form_token}",
        "POST /api/form/human_input/{form_token}/upload-token",
        "POST /api/form/human_input/files/upload",
        "POST /api/form/human_input/files/remote-upload",
        *(f"{method} /triggers/webhook/{{webhook_id}}" for method in WEBHOOK_METHODS),
        *(f"{method} /triggers/webhook-debug/{{webhook_id}}" for method in WEBHOOK_METHODS),
        *(f"{method} /triggers/plugin/{{endpoint_id}}" for method in WEBHOOK_METHODS),
    }


async def test_the_crawl_knows_every_parameter(site: Site) -> None:
    """A route with a parameter that no crawl fills in would pass every crawl."""
    names = {name for endpoint in site.routes for name in id_parameters(endpoint)}
    assert names <= {*site.things, *PUBLIC_NAMES}


async def test_no_path_is_served_twice(site: Site) -> None:
    Router(site.routes)
    labels = [label(endpoint) for endpoint in site.routes]
    assert len(labels) == len(set(labels))
