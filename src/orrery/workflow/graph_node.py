"""One node of a parsed graph, and what the engine may find out about its object."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, Protocol, runtime_checkable

import msgspec

from orrery.workflow.node import Node, NodeKindName, Selector
from orrery.workflow.node_settings import NodeSettings
from orrery.workflow.template import Piece

START_TYPES: Final = frozenset({"start", "datasource", "trigger-webhook", "trigger-schedule", "trigger-plugin"})
CONTAINER_STARTS: Final = frozenset({"iteration-start", "loop-start"})


@runtime_checkable
class ResponseNode(Protocol):
    """A node whose text is streamed: ``segments`` in reading order (workflow.md 2.9)."""

    @property
    def segments(self) -> Sequence[Piece]: ...


@runtime_checkable
class WritingNode(Protocol):
    """A node that writes variables other than its own outputs."""

    def writes(self) -> Sequence[Selector]: ...


@runtime_checkable
class ContainerNode(Protocol):
    """A node that runs a part of the graph, from ``start_node_id`` on."""

    @property
    def start_node_id(self) -> str: ...


class GraphNode(msgspec.Struct, frozen=True, eq=False):
    """One node with what the engine needs at hand.

    ``kind`` is ``branch`` for every node with a fail branch. ``inline``: its coroutine never waits, so it costs no
    task (a class attribute ``inline = True`` of the node says so). ``hidden``: no events are told of it.
    """

    index: int
    id: str
    type: str
    title: str
    kind: NodeKindName
    node: Node
    settings: NodeSettings
    data: Mapping[str, object]
    parent_id: str | None
    inline: bool
    hidden: bool
