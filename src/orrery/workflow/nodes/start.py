"""The start node: hands the user's inputs and the system values to the graph (workflow.md 3.1)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, cast

from orrery.workflow.context import EngineContext
from orrery.workflow.fields import as_mappings, as_text
from orrery.workflow.node import Node, NodeFailure, NodeKindName, NodeOutcome, Selector


class StartNode:
    """Outputs every input by name, and each system value under its literal name ``sys.<name>``."""

    type: ClassVar[str] = "start"
    kind: ClassVar[NodeKindName] = "root"
    repeatable: bool = True
    inline: ClassVar[bool] = True

    def __init__(self, objects: Sequence[Mapping[str, object]]) -> None:
        self._objects = objects

    @classmethod
    def parse(cls, node_id: str, data: Mapping[str, object]) -> Node:
        del node_id
        return cast(
            "Node", cls([field for field in as_mappings(data.get("variables")) if field.get("type") == "json_object"])
        )

    def references(self) -> Sequence[Selector]:
        return ()

    async def run(self, context: EngineContext) -> NodeOutcome:
        inputs = context.pool.inputs
        for field in self._objects:
            _check_object(field, inputs)
        outputs = dict(inputs)
        for name, value in context.pool.namespace("sys").items():
            outputs[f"sys.{name}"] = value
        return NodeOutcome(outputs=outputs, inputs=outputs)


def _check_object(field: Mapping[str, object], inputs: Mapping[str, object]) -> None:
    name = as_text(field.get("variable"))
    value = inputs.get(name)
    if value is None:
        if field.get("required"):
            raise NodeFailure(f"{name} is required in input form")
        return
    if not isinstance(value, Mapping):
        raise NodeFailure(f"JSON object for '{name}' must be an object")
    schema = field.get("json_schema")
    if not isinstance(schema, Mapping) or not schema:
        return
    # jsonschema takes 60 ms to import, and few apps ask for it.
    from jsonschema import Draft7Validator, ValidationError

    try:
        Draft7Validator(cast("Mapping[str, object]", schema)).validate(value)  # pyright: ignore[reportUnknownMemberType] - untyped library
    except ValidationError as error:
        raise NodeFailure(f"JSON object for '{name}' does not match schema: {error.message}") from None
