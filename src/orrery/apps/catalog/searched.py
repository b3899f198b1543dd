"""Which datasets an app searches: told to the room of knowledge when the app is saved or published."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol, cast

from sqlalchemy.ext.asyncio import AsyncSession


class SearchedDatasets(Protocol):
    """Keeps which datasets each app searches."""

    async def keep(self, session: AsyncSession, workspace_id: str, app_id: str, dataset_ids: Sequence[str]) -> None:
        """From now on the app searches these; ids of no dataset of the workspace are left out."""
        ...


class NoKnowledge:
    """Where nobody asks what apps search."""

    async def keep(self, session: AsyncSession, workspace_id: str, app_id: str, dataset_ids: Sequence[str]) -> None:
        """Keeps nothing."""


def graph_dataset_ids(graph: Mapping[str, object]) -> list[str]:
    """The datasets that the graph's nodes search, each once."""
    found: list[str] = []
    nodes = graph.get("nodes")
    for node in cast("list[object]", nodes) if isinstance(nodes, list) else []:
        data = cast("Mapping[str, object]", node).get("data") if isinstance(node, Mapping) else None
        if not isinstance(data, Mapping) or cast("Mapping[str, object]", data).get("type") != "knowledge-retrieval":
            continue
        listed = cast("Mapping[str, object]", data).get("dataset_ids")
        found += [str(one) for one in cast("list[object]", listed)] if isinstance(listed, list) else []
    return list(dict.fromkeys(found))
