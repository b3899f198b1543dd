"""Console routes of tags (product.md 6.4)."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from orrery.apps.catalog.tables import Tag
from orrery.apps.catalog.tags import TagKind, TagService
from orrery.http.call import Call
from orrery.http.console.app_shapes import JsonObject
from orrery.http.console.apps import actor
from orrery.http.endpoint import RouteGroup, route
from orrery.security.permissions import Permission

TagName = Annotated[str, Meta(min_length=1, max_length=50)]


class TagsQuery(msgspec.Struct):
    type: TagKind = "app"
    keyword: str | None = None


class NewTag(msgspec.Struct):
    name: TagName
    type: TagKind


class TagChange(msgspec.Struct):
    name: TagName


class Binding(msgspec.Struct):
    tag_ids: list[str]
    target_id: str
    type: TagKind


class Unbinding(msgspec.Struct):
    tag_id: str
    target_id: str
    type: TagKind


class TagRoutes(RouteGroup):
    """Tags of the workspace and what they are put on."""

    def __init__(self, tags: TagService) -> None:
        self._tags = tags

    @route("GET", "/tags", auth="console", scope="workspace", permission=Permission.APP_VIEW, query=TagsQuery)
    async def list(self, call: Call, query: TagsQuery) -> list[JsonObject]:
        """Lists tags with how often each is used."""
        found = await self._tags.all(actor(call), query.type, query.keyword)
        return [tag_object(tag, count) for tag, count in found]

    @route("POST", "/tags", auth="console", scope="workspace", permission=Permission.TAG_EDIT, body=NewTag)
    async def create(self, call: Call, body: NewTag) -> JsonObject:
        """Makes a tag."""
        return tag_object(await self._tags.create(actor(call), body.type, body.name), 0)

    @route("PATCH", "/tags/{tag_id}", auth="console", scope="workspace", permission=Permission.TAG_EDIT, body=TagChange)
    async def rename(self, call: Call, body: TagChange) -> JsonObject:
        """Renames a tag."""
        return tag_object(await self._tags.rename(actor(call), call.id("tag_id"), body.name), 0)

    @route("DELETE", "/tags/{tag_id}", auth="console", scope="workspace", permission=Permission.TAG_EDIT, status=204)
    async def delete(self, call: Call) -> None:
        """Deletes a tag and takes it off everything."""
        await self._tags.delete(actor(call), call.id("tag_id"))

    @route(
        "POST", "/tag-bindings/create", auth="console", scope="workspace", permission=Permission.TAG_EDIT, body=Binding
    )
    async def bind(self, call: Call, body: Binding) -> JsonObject:
        """Puts tags on an app or a knowledge base."""
        await self._tags.bind(actor(call), body.type, body.tag_ids, body.target_id)
        return {"result": "success"}

    @route("POST", "/tag-bindings/remove", auth="console", scope="workspace", permission=Permission.TAG_EDIT,
           body=Unbinding)  # fmt: skip
    async def unbind(self, call: Call, body: Unbinding) -> JsonObject:
        """Takes a tag off an app or a knowledge base."""
        await self._tags.unbind(actor(call), body.type, [body.tag_id], body.target_id)
        return {"result": "success"}


def tag_object(tag: Tag, count: int) -> JsonObject:
    """A tag with the number of things that it is on."""
    return {"id": tag.id, "name": tag.name, "type": tag.type, "binding_count": str(count)}
