"""Tags on datasets: rows of another room, reached through this protocol."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncSession


class Label(Protocol):
    """A tag as it is shown on a dataset."""

    @property
    def id(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def type(self) -> str: ...


class Labels(Protocol):
    """Which tags are on which datasets of a workspace."""

    async def on(self, workspace_id: str, target_ids: Sequence[str]) -> Mapping[str, Sequence[Label]]:
        """The tags of each dataset that has any."""
        ...

    async def targets_of(self, workspace_id: str, tag_ids: Sequence[str]) -> frozenset[str]:
        """The datasets with any of these tags."""
        ...

    async def forget(self, session: AsyncSession, workspace_id: str, target_id: str) -> None:
        """Takes every tag off a dataset that is being deleted; its transaction commits."""
        ...
