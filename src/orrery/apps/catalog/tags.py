"""Tags of apps and knowledge: names on things, for finding them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Literal

import msgspec
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from orrery.apps.catalog import store
from orrery.apps.catalog.errors import TagNameTaken
from orrery.apps.catalog.service import Actor
from orrery.apps.catalog.tables import Tag, TagBinding
from orrery.database.engine import Database
from orrery.database.ids import is_id
from orrery.errors import NotFound

TagKind = Literal["app", "knowledge"]
TargetExists = Callable[[AsyncSession, str, str], Awaitable[bool]]
"""Whether the workspace has a thing with this id."""
_MISSING: dict[TagKind, str] = {"app": "App not found", "knowledge": "Dataset not found"}


class TagName(msgspec.Struct, frozen=True):
    """A tag as it is shown on a thing."""

    id: str
    name: str
    type: str


async def _app_exists(session: AsyncSession, workspace_id: str, app_id: str) -> bool:
    return await store.find_app(session, workspace_id, app_id) is not None


class TagService:
    """Use cases on tags. Each is one transaction. ``knowledge`` says which knowledge bases there are."""

    def __init__(self, database: Database, knowledge: TargetExists | None = None) -> None:
        self._database = database
        self._targets: dict[TagKind, TargetExists] = {"app": _app_exists}
        if knowledge is not None:
            self._targets["knowledge"] = knowledge

    async def all(self, who: Actor, kind: str, keyword: str | None) -> list[tuple[Tag, int]]:
        async with self._database.read() as session:
            return await store.tags_of_workspace(session, who.workspace_id, kind, keyword)

    async def create(self, who: Actor, kind: str, name: str) -> Tag:
        """Raises `TagNameTaken`."""
        tag = Tag(tenant_id=who.workspace_id, type=kind, name=name, created_by=who.account_id)
        try:
            async with self._database.write() as session:
                session.add(tag)
        except IntegrityError as error:
            raise TagNameTaken from error
        return tag

    async def rename(self, who: Actor, tag_id: str, name: str, kind: TagKind | None = None) -> Tag:
        """With ``kind`` only a tag of it is found. Raises `NotFound`, `TagNameTaken`."""
        try:
            async with self._database.write() as session:
                tag = await _found(session, who, tag_id, kind)
                tag.name = name
        except IntegrityError as error:
            raise TagNameTaken from error
        return tag

    async def delete(self, who: Actor, tag_id: str, kind: TagKind | None = None) -> None:
        """With ``kind`` only a tag of it is found. Raises `NotFound`."""
        async with self._database.write() as session:
            await session.delete(await _found(session, who, tag_id, kind))

    async def bind(self, who: Actor, kind: TagKind, tag_ids: Sequence[str], target_id: str) -> None:
        """Puts tags on a thing; those already there stay. Raises `NotFound` for a foreign tag or thing."""
        async with self._database.write() as session:
            await self._check_target(session, who, kind, target_id)
            on = await store.tags_on(session, who.workspace_id, [target_id])
            there = {tag.id for tag in on.get(target_id, ())}
            for tag_id in dict.fromkeys(tag_ids):
                await _found(session, who, tag_id, kind)
                if tag_id not in there:
                    session.add(TagBinding(tenant_id=who.workspace_id, tag_id=tag_id, target_id=target_id))

    async def unbind(self, who: Actor, kind: TagKind, tag_ids: Sequence[str], target_id: str) -> None:
        """Takes tags off a thing, those that are there. Raises `NotFound` for a foreign thing."""
        async with self._database.write() as session:
            await self._check_target(session, who, kind, target_id)
            for tag_id in filter(is_id, tag_ids):
                await store.unbind(session, who.workspace_id, tag_id, target_id)

    async def on(self, workspace_id: str, target_ids: Sequence[str]) -> dict[str, list[TagName]]:
        """The tags of each thing that has any."""
        async with self._database.read() as session:
            found = await store.tags_on(session, workspace_id, target_ids)
        return {target: [TagName(tag.id, tag.name, tag.type) for tag in tags] for target, tags in found.items()}

    async def uses(self, workspace_id: str, tag_id: str) -> int:
        """On how many things the tag is."""
        async with self._database.read() as session:
            return len(await store.tagged_with(session, workspace_id, [tag_id]))

    async def targets_of(self, workspace_id: str, tag_ids: Sequence[str]) -> frozenset[str]:
        """The things with any of these tags."""
        async with self._database.read() as session:
            return await store.tagged_with(session, workspace_id, tag_ids)

    async def forget(self, session: AsyncSession, workspace_id: str, target_id: str) -> None:
        """Takes every tag off a thing that is being deleted; its transaction commits."""
        await store.forget_target(session, workspace_id, target_id)

    async def _check_target(self, session: AsyncSession, who: Actor, kind: TagKind, target_id: str) -> None:
        exists = self._targets.get(kind)
        if exists is None or not is_id(target_id) or not await exists(session, who.workspace_id, target_id):
            raise NotFound(_MISSING[kind])


async def _found(session: AsyncSession, who: Actor, tag_id: str, kind: TagKind | None) -> Tag:
    tag = await store.find_tag(session, who.workspace_id, tag_id) if is_id(tag_id) else None
    if tag is None or (kind is not None and tag.type != kind):
        raise NotFound("Tag not found")
    return tag
