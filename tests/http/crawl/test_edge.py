"""Every route of the product is reached through the edge, except those that are for operators alone."""

from __future__ import annotations

import pytest
from tests.http.crawl.site import Site

from orrery.deploy.render.edge_files import ROUTES, Route

pytestmark = pytest.mark.asyncio(loop_scope="session")

INSIDE = {"/health", "/ready", "/threads", "/db-pool-stat", "/metrics"}


def answering(path: str) -> Route:
    """The route that nginx takes: the longest prefix that fits."""
    return max((route for route in ROUTES if path.startswith(route.prefix)), key=lambda route: len(route.prefix))


async def test_every_route_of_the_product_is_reached_through_the_edge(site: Site) -> None:
    paths = {endpoint.full_path for endpoint in site.routes}
    reached = {path for path in paths if answering(path).service == "api"}
    assert len(reached) > 100
    assert {path for path in paths - reached if not path.startswith("/inner/")} <= INSIDE


@pytest.mark.parametrize("page", ["/", "/apps", "/signin", "/explore", "/chat/x", "/form/x", "/inner/api/x", "/health"])
async def test_pages_and_what_stays_inside_are_no_business_of_the_api(page: str) -> None:
    assert answering(page).service == "web"
