"""The datasource node, the entry of ingestion pipelines: imports, and says clearly that it can't run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, Final

from orrery.workflow.node import Node, NodeContext, NodeFailure, NodeKindName, NodeOutcome, Selector

_KINDS: Final = frozenset({"local_file", "online_document", "online_drive", "website_crawl"})


class DatasourceNode:
    """Reads what the caller chose from ``sys.datasource_type`` and ``sys.datasource_info`` (workflow.md 3.12)."""

    type: ClassVar[str] = "datasource"
    kind: ClassVar[NodeKindName] = "root"
    repeatable: bool = True
    inline: ClassVar[bool] = True

    @classmethod
    def parse(cls, node_id: str, data: Mapping[str, object]) -> Node:
        del node_id
        kind = data.get("provider_type")
        if kind is not None and (not isinstance(kind, str) or kind not in _KINDS):
            raise ValueError(f"Unknown kind of data source: {kind} - at `$.provider_type`")
        return cls()

    def references(self) -> Sequence[Selector]:
        return ()

    async def run(self, context: NodeContext) -> NodeOutcome:
        kind, info = (context.variables.get(("sys", f"datasource_{part}")) for part in ("type", "info"))
        if not kind:
            raise NodeFailure("Datasource type is not set")
        if not info:
            raise NodeFailure("Datasource info is not set")
        if not isinstance(info, Mapping):
            raise NodeFailure("Invalid datasource info format")
        raise NodeFailure(f"Data sources of the kind {kind} can't be read here: no data source is installed")
