"""What accounts need to know of uploaded pictures, which live in a room above this one."""

from __future__ import annotations

from typing import Protocol


class Pictures(Protocol):
    """Uploaded files as avatars."""

    async def may_use(self, file_id: str, *, account_id: str, workspace_id: str) -> bool:
        """Whether the file is a picture of this workspace that the account may show as its own."""
        ...

    def link(self, file_id: str) -> str:
        """A signed address of the picture."""
        ...


class NoPictures:
    """Stands where nothing is uploaded: no file can become an avatar."""

    async def may_use(self, file_id: str, *, account_id: str, workspace_id: str) -> bool:
        return False

    def link(self, file_id: str) -> str:
        return ""
