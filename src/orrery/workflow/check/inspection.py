"""What every part of an examination works with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, Protocol, TypeAlias

from orrery.tools.protocol import ToolRef
from orrery.workflow.check.finding import Report
from orrery.workflow.check.shapes import ANY, Shape
from orrery.workflow.check.stored import StoredGraph, StoredNode
from orrery.workflow.check.visible import Missing, Variables, Visible, declared
from orrery.workflow.fields import as_mappings
from orrery.workflow.registry import NodeRegistry


class ModelKnowledge(Protocol):
    """What an installation knows about models without asking anybody."""

    def knows(self, provider: str) -> bool:
        """Whether such a provider is installed, in any of the spellings that apps use."""
        ...

    def is_ready(self, provider: str, name: str) -> bool:
        """Whether there are credentials for it; True where that can't be told."""
        ...


Shortage: TypeAlias = Literal["provider", "tool", "credentials", "login"]


class ToolKnowledge(Protocol):
    """What a workspace knows about its tools without asking anybody."""

    def lacks(self, ref: ToolRef) -> Shortage | None:
        """What is missing to call the tool; None where nothing is."""
        ...

    def required_inputs(self, ref: ToolRef) -> Sequence[str]:
        """Names of the inputs that a graph must give; none for tools that aren't known."""
        ...


class Inspection:
    """One app under examination. ``stored`` is its ``workflow`` block."""

    def __init__(
        self,
        mode: str,
        stored: Mapping[str, object],
        graph: Mapping[str, object],
        registry: NodeRegistry,
        models: ModelKnowledge | None,
        tools: ToolKnowledge | None = None,
    ) -> None:
        self.tools = tools
        self.mode, self.stored, self.stored_graph, self.registry, self.models = mode, stored, graph, registry, models
        self.report = Report()
        self.graph = StoredGraph.read(graph)
        self.environment = as_mappings(stored.get("environment_variables"))
        self.conversation = as_mappings(stored.get("conversation_variables"))
        self.visible = Visible(self.graph, Variables(mode, declared(self.environment), declared(self.conversation)))

    def shape(self, node: StoredNode, selector: Sequence[str], *, inner: bool = False) -> Shape:
        """The type at a selector; unknown where there is nothing, which the check of references tells."""
        if len(selector) < 2:
            return ANY
        found = self.visible.find(node, tuple(selector), inner=inner)
        return ANY if isinstance(found, Missing) else found
