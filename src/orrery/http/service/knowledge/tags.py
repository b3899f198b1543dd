"""Service API routes of tags of knowledge bases (knowledge.md 8.6)."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from orrery.apps.catalog.service import Actor
from orrery.apps.catalog.tags import TagService
from orrery.errors import InvalidParam
from orrery.http.call import Call
from orrery.http.console.tags import tag_object
from orrery.http.endpoint import RouteGroup, route
from orrery.http.service.knowledge.callers import open_dataset
from orrery.http.service.knowledge.shapes import JsonObject
from orrery.knowledge.datasets.service import Datasets

TagName = Annotated[str, Meta(min_length=1, max_length=50)]
KIND = "knowledge"


class NewTag(msgspec.Struct, frozen=True):
    name: TagName


class ChangedTag(msgspec.Struct, frozen=True):
    tag_id: str
    name: TagName


class DroppedTag(msgspec.Struct, frozen=True):
    tag_id: str


class Binding(msgspec.Struct, frozen=True):
    tag_ids: Annotated[list[str], Meta(min_length=1)]
    target_id: str


class Unbinding(msgspec.Struct, frozen=True):
    target_id: str
    tag_ids: list[str] | None = None
    tag_id: str | None = None


class ServiceTagRoutes(RouteGroup):
    """Tags of the kind that knowledge bases have."""

    def __init__(self, tags: TagService, datasets: Datasets) -> None:
        self._tags = tags
        self._datasets = datasets

    @route("POST", "/datasets/tags", auth="knowledge", scope="workspace", body=NewTag)
    async def create(self, call: Call, body: NewTag) -> JsonObject:
        """Makes a tag."""
        return tag_object(await self._tags.create(_actor(call), KIND, body.name), 0)

    @route("GET", "/datasets/tags", auth="knowledge", scope="workspace")
    async def all(self, call: Call) -> list[JsonObject]:
        """Lists tags with how often each is used."""
        return [tag_object(tag, count) for tag, count in await self._tags.all(_actor(call), KIND, None)]

    @route("PATCH", "/datasets/tags", auth="knowledge", scope="workspace", body=ChangedTag)
    async def rename(self, call: Call, body: ChangedTag) -> JsonObject:
        """Renames a tag."""
        tag = await self._tags.rename(_actor(call), body.tag_id, body.name, KIND)
        return tag_object(tag, await self._tags.uses(call.knowledge.workspace_id, tag.id))

    @route("DELETE", "/datasets/tags", auth="knowledge", scope="workspace", body=DroppedTag, status=204)
    async def delete(self, call: Call, body: DroppedTag) -> None:
        """Deletes a tag and takes it off every knowledge base."""
        await self._tags.delete(_actor(call), body.tag_id, KIND)

    @route("POST", "/datasets/tags/binding", auth="knowledge", scope="workspace", body=Binding, status=204)
    async def bind(self, call: Call, body: Binding) -> None:
        """Puts tags on a knowledge base."""
        await self._tags.bind(_actor(call), KIND, body.tag_ids, body.target_id)

    @route("POST", "/datasets/tags/unbinding", auth="knowledge", scope="workspace", body=Unbinding, status=204)
    async def unbind(self, call: Call, body: Unbinding) -> None:
        """Takes tags off a knowledge base."""
        tag_ids = [*(body.tag_ids or []), *([body.tag_id] if body.tag_id else [])]
        if not tag_ids:
            raise InvalidParam("Tag IDs is required.", params="tag_ids")
        await self._tags.unbind(_actor(call), KIND, tag_ids, body.target_id)

    @route("GET", "/datasets/{dataset_id}/tags", auth="knowledge", scope="workspace")
    async def on_dataset(self, call: Call) -> JsonObject:
        """Lists the tags of a knowledge base."""
        dataset = await open_dataset(call, self._datasets)
        found = (await self._tags.on(dataset.tenant_id, [dataset.id])).get(dataset.id, [])
        return {"data": [{"id": tag.id, "name": tag.name} for tag in found], "total": len(found)}


def _actor(call: Call) -> Actor:
    return Actor(call.knowledge.workspace_id, call.knowledge.account_id)
