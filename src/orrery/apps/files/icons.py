"""Pictures as icons of apps and pages: only pictures of the icon's own workspace become links."""

from __future__ import annotations

from orrery.apps.files import store
from orrery.apps.files.kinds import kind_of
from orrery.apps.files.links import FileLinks
from orrery.database.engine import Database
from orrery.database.ids import is_id


class Icons:
    """Finds the address of an icon. Icons come from forms, so an id in one proves nothing."""

    def __init__(self, database: Database, links: FileLinks) -> None:
        self._database = database
        self._links = links

    async def link(self, workspace_id: str, icon_type: str | None, icon: str | None) -> str | None:
        """The address of a picture; None for emojis, and for files that are not the workspace's pictures."""
        if icon_type == "link":
            return icon if icon and icon.startswith(("http://", "https://")) else None
        if icon_type != "image" or not icon or not is_id(icon):
            return None
        async with self._database.read() as session:
            row = (await store.uploads_by_id(session, workspace_id, [icon])).get(icon)
        if row is None or kind_of(row.extension, row.mime_type or "") != "image":
            return None
        return self._links.picture(row.id)
