"""Which variables a node can read, given what must have run before it (workflow.md 2.5)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from orrery.workflow.check.outputs import Shapes, inner_outputs, outputs_of
from orrery.workflow.check.shapes import ANY, FILES, NUMBER, TEXT, Shape, shape, walk
from orrery.workflow.check.stored import CONTAINERS, StoredGraph, StoredNode
from orrery.workflow.fields import as_selector, as_text

_SHARED: Final[Shapes] = {
    "files": FILES,
    "user_id": TEXT,
    "app_id": TEXT,
    "workflow_id": TEXT,
    "workflow_run_id": TEXT,
}
SYSTEM: Final[Mapping[str, Shapes]] = {
    "workflow": {**_SHARED, "timestamp": NUMBER},
    "advanced-chat": {**_SHARED, "query": TEXT, "conversation_id": TEXT, "dialogue_count": NUMBER},
}


class Missing(msgspec.Struct, frozen=True):
    """Why a variable can't be read, and what to do."""

    message: str
    mend: str


class Variables(msgspec.Struct, frozen=True):
    """Variables that don't come from nodes, by name."""

    mode: str
    environment: Shapes
    conversation: Shapes


def declared(items: Iterable[Mapping[str, object]]) -> dict[str, Shape]:
    """Stored variable items by name."""
    return {as_text(item.get("name")): shape(item.get("value_type")) for item in items}


class Visible:
    """Answers what stands at a selector for a node; remembers each node's outputs."""

    def __init__(self, graph: StoredGraph, variables: Variables) -> None:
        self._graph, self._variables = graph, variables
        self._outputs: dict[str, Shapes | None] = {}
        self._before: dict[str, set[str]] = {}

    def find(self, node: StoredNode, selector: tuple[str, ...], *, inner: bool = False) -> Shape | Missing:
        """The shape of a variable as a node sees it; ``inner``: as a container's rounds see it."""
        path = ".".join(selector)
        namespace, name, rest = selector[0], selector[1], selector[2:]
        outputs = self._namespace(node, namespace, inner=inner)
        if isinstance(outputs, Missing) or outputs is None:
            return ANY if outputs is None else outputs
        if name not in outputs:
            return self._no_such_name(namespace, name, outputs)
        found = walk(outputs[name], rest)
        if found is None:
            known = outputs[name]
            what = "an array, which has no named parts" if known.type.startswith("array") else f"of type {known.type}"
            return Missing(
                f"{path} does not exist: {namespace}.{name} is {what}"
                if known.type != "object"
                else f"{path} does not exist: {namespace}.{name} has no such field",
                "Choose a variable that is there.",
            )
        return found

    def _namespace(self, node: StoredNode, namespace: str, *, inner: bool) -> Shapes | Missing | None:
        variables = self._variables
        if namespace == "sys":
            return SYSTEM.get(variables.mode)
        if namespace == "env":
            return variables.environment
        if namespace == "conversation":
            return variables.conversation
        if namespace == "rag":
            return None
        source = self._graph.nodes.get(namespace)
        if source is None:
            return Missing(
                f"There is no node with the id {namespace}", "Choose the variable again from a node that is there."
            )
        around = [*([node] if inner else []), *self._graph.containers_of(node)]
        if source in around and source.type in CONTAINERS:
            return inner_outputs(source.type, source.data, self._items(source))
        if source.id == node.id:
            return Missing("A node can't read its own outputs", "Choose a variable of a node before it.")
        if source.id not in self._readable(node, inner=inner):
            return Missing(
                f"The node '{source.title or source.id}' never runs before this one, so its variables are not there yet",
                "Connect it before this node, or choose a variable of a node before it.",
            )
        return self._outputs_of(source)

    def _readable(self, node: StoredNode, *, inner: bool) -> set[str]:
        graph = self._graph
        found = self._before_of(node.id)
        for container in graph.containers_of(node):
            found = found | self._before_of(container.id)
        if inner:
            found = found | {child.id for child in graph.children(node.id)}
        return found

    def _before_of(self, node_id: str) -> set[str]:
        known = self._before.get(node_id)
        if known is None:
            known = self._before[node_id] = self._graph.before(node_id)
        return known

    def _outputs_of(self, node: StoredNode) -> Shapes | None:
        if node.id not in self._outputs:
            self._outputs[node.id] = outputs_of(node.type, node.data)
        return self._outputs[node.id]

    def _items(self, container: StoredNode) -> Shape:
        """What an iteration goes through; declared types win over what can be worked out."""
        known = shape(container.data.get("iterator_input_type"))
        selector = as_selector(container.data.get("iterator_selector"))
        if known.type != "any" or container.type != "iteration" or len(selector) < 2:
            return known
        found = self.find(container, selector)
        return ANY if isinstance(found, Missing) else found

    def _no_such_name(self, namespace: str, name: str, outputs: Shapes) -> Missing:
        if namespace == "env":
            return Missing(f"There is no environment variable {name}", "Add it to the app, or choose another variable.")
        if namespace == "conversation":
            text = f"There is no conversation variable {name}"
            if self._variables.mode != "advanced-chat":
                return Missing(f"{text}: only chatflows have them", "Use another variable.")
            return Missing(text, "Add it to the app, or choose another variable.")
        if namespace == "sys":
            return Missing(f"Apps of this kind have no sys.{name}", f"There are: {', '.join(sorted(outputs))}.")
        source = self._graph.nodes[namespace]
        there = ", ".join(sorted(filter(None, outputs))) or "none"
        return Missing(f"The node '{source.title or namespace}' has no output {name}", f"Its outputs are: {there}.")
