"""Console route that makes a graph app of a basic one (product.md 6.4)."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from orrery.apps.workflows.conversion import Conversion
from orrery.http.call import Call
from orrery.http.console.app_shapes import JsonObject
from orrery.http.console.apps import Name, actor
from orrery.http.endpoint import RouteGroup, route
from orrery.security.permissions import Permission


class ConversionBody(msgspec.Struct):
    """What the new app shows of itself; the old app's where nothing is said."""

    name: Name | None = None
    icon_type: Annotated[str, Meta(max_length=32)] | None = None
    icon: Annotated[str, Meta(max_length=255)] | None = None
    icon_background: Annotated[str, Meta(max_length=255)] | None = None


class ConversionRoutes(RouteGroup):
    """Basic apps into graphs."""

    def __init__(self, conversion: Conversion) -> None:
        self._conversion = conversion

    @route("POST", "/apps/{app_id}/convert-to-workflow", auth="console", scope="workspace",
           permission=Permission.APP_CREATE, body=ConversionBody)  # fmt: skip
    async def convert(self, call: Call, body: ConversionBody) -> JsonObject:
        """Makes a chatflow of a chat app, a workflow of a completion app; the old app stays."""
        made = await self._conversion.convert(
            actor(call),
            call.id("app_id"),
            name=body.name,
            icon_type=body.icon_type,
            icon=body.icon,
            icon_background=body.icon_background,
        )
        return {"new_app_id": made}
