"""What this room needs of the files that documents are made from; `wiring` fulfils it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import msgspec
from sqlalchemy.ext.asyncio import AsyncSession


class SourceFile(msgspec.Struct, frozen=True, kw_only=True):
    """An uploaded file. ``extension`` without the dot, ``size`` in bytes."""

    id: str
    name: str
    extension: str
    mime_type: str
    size: int


class SourceFiles(Protocol):
    """Uploaded files of a workspace."""

    async def find(self, session: AsyncSession, workspace_id: str, file_id: str) -> SourceFile:
        """Raises the `NotFound` of files."""
        ...

    async def load(self, workspace_id: str, file_id: str) -> tuple[SourceFile, bytes]:
        """The file with its whole content. Raises the `NotFound` of files, `StorageUnavailable`."""
        ...

    async def rename(self, session: AsyncSession, workspace_id: str, file_id: str, name: str) -> None:
        """Gives a file another name; a missing one is fine."""
        ...

    async def remove(self, workspace_id: str, file_ids: Sequence[str]) -> None:
        """Removes rows and contents; missing ones are fine."""
        ...
