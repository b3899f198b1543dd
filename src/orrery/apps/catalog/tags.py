"""Tags of apps and knowledge: names on things, for finding them."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.exc import IntegrityError

from orrery.apps.catalog import store
from orrery.apps.catalog.errors import TagNameTaken
from orrery.apps.catalog.service import Actor
from orrery.apps.catalog.tables import Tag, TagBinding
from orrery.database.engine import Database
from orrery.errors import NotFound


class TagService:
    """Use cases on tags. Each is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

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

    async def rename(self, who: Actor, tag_id: str, name: str) -> Tag:
        """Raises `NotFound`, `TagNameTaken`."""
        try:
            async with self._database.write() as session:
                tag = await store.find_tag(session, who.workspace_id, tag_id)
                if tag is None:
                    raise NotFound("Tag not found")
                tag.name = name
        except IntegrityError as error:
            raise TagNameTaken from error
        return tag

    async def delete(self, who: Actor, tag_id: str) -> None:
        """Raises `NotFound`."""
        async with self._database.write() as session:
            tag = await store.find_tag(session, who.workspace_id, tag_id)
            if tag is None:
                raise NotFound("Tag not found")
            await session.delete(tag)

    async def bind(self, who: Actor, tag_ids: Sequence[str], app_id: str) -> None:
        """Puts tags on an app; those already there stay. Raises `NotFound` for a foreign tag or app."""
        async with self._database.write() as session:
            if await store.find_app(session, who.workspace_id, app_id) is None:
                raise NotFound("App not found")
            there = {tag.id for tag in (await store.tags_on(session, who.workspace_id, [app_id])).get(app_id, ())}
            for tag_id in dict.fromkeys(tag_ids):
                if await store.find_tag(session, who.workspace_id, tag_id) is None:
                    raise NotFound("Tag not found")
                if tag_id not in there:
                    session.add(TagBinding(tenant_id=who.workspace_id, tag_id=tag_id, target_id=app_id))

    async def unbind(self, who: Actor, tag_id: str, app_id: str) -> None:
        """Takes a tag off an app, if it is there. Raises `NotFound` for a foreign app."""
        async with self._database.write() as session:
            if await store.find_app(session, who.workspace_id, app_id) is None:
                raise NotFound("App not found")
            await store.unbind(session, who.workspace_id, tag_id, app_id)
