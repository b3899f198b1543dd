"""The template node: a Jinja2 template over some variables, rendered in the sandbox (workflow.md 3.4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, cast

from orrery.whole_text import whole
from orrery.workflow.context import EngineContext
from orrery.workflow.fields import as_mappings, as_selector, as_text
from orrery.workflow.node import Node, NodeFailure, NodeKindName, NodeOutcome, Selector


class TemplateTransformNode:
    """Outputs ``output``, the rendered text."""

    type: ClassVar[str] = "template-transform"
    kind: ClassVar[NodeKindName] = "executable"
    repeatable: bool = True

    def __init__(self, template: str, variables: Sequence[tuple[str, tuple[str, ...]]]) -> None:
        self._template, self._variables = template, tuple(variables)

    @classmethod
    def parse(cls, node_id: str, data: Mapping[str, object]) -> Node:
        del node_id
        variables = [
            (as_text(item.get("variable")), as_selector(item.get("value_selector")))
            for item in as_mappings(data.get("variables"))
        ]
        return cast("Node", cls(as_text(data.get("template")), variables))

    def references(self) -> Sequence[Selector]:
        return [selector for _, selector in self._variables]

    async def run(self, context: EngineContext) -> NodeOutcome:
        inputs = {name: context.variables.get(selector) for name, selector in self._variables}
        output = whole(await context.services.code.render_template(self._template, inputs))
        limit = context.limits.template_max_length
        if len(output) > limit:
            raise NodeFailure(f"Output length exceeds {limit} characters", inputs=inputs)
        return NodeOutcome(outputs={"output": output}, inputs=inputs)
