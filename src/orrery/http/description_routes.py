"""Where the description of the APIs is offered to anybody, if the operator says so (SWAGGER_UI_ENABLED)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from starlette.responses import Response

from orrery.http.call import Call
from orrery.http.description import JsonObject, document, page
from orrery.http.endpoint import BoundEndpoint, Endpoint

TITLES = {
    "/v1": "Service API",
    "/console/api": "Console API",
    "/api": "Web app API",
    "/files": "Files",
    "/triggers": "Triggers",
}
"""What is described, by mount point."""
_OWN_PATHS = {"/v1": "/docs"}
"""Pages that stand elsewhere than SWAGGER_UI_PATH says (deployment.md 4.3)."""


class Description:
    """The document and the page of one mount point; made when somebody asks."""

    def __init__(self, prefix: str, version: str, endpoints: Sequence[BoundEndpoint]) -> None:
        self._prefix, self._version, self._endpoints = prefix, version, endpoints

    @cached_property
    def _document(self) -> JsonObject:
        return document(TITLES[self._prefix], self._version, self._prefix, self._endpoints)

    async def show_document(self, call: Call) -> JsonObject:
        """The description as an OpenAPI document."""
        return self._document

    async def show_page(self, call: Call) -> Response:
        """The description as a page."""
        return page(TITLES[self._prefix], f"{self._prefix}/swagger.json", self._document)


def description_endpoints(endpoints: Sequence[BoundEndpoint], *, version: str, path: str) -> list[BoundEndpoint]:
    """The routes that describe ``endpoints``; ``path`` is SWAGGER_UI_PATH."""
    found: list[BoundEndpoint] = []
    for prefix in TITLES:
        own = [each for each in endpoints if each.prefix == prefix]
        if own:
            shown = Description(prefix, version, own)
            where = _OWN_PATHS.get(prefix) or "/" + path.strip("/")
            found.append(BoundEndpoint(_declared("/swagger.json", "OpenAPI document"), shown.show_document, prefix))
            found.append(BoundEndpoint(_declared(where, "Readable description"), shown.show_page, prefix))
    return found


def _declared(path: str, summary: str) -> Endpoint:
    return Endpoint(method="GET", path=path, auth="public", scope="none", summary=summary, before_setup=True)
