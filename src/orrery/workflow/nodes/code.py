"""The code node: a user's snippet, run in the sandbox (workflow.md 3.3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, Literal, cast

import msgspec

from orrery.sandbox.protocol import CodeExecutionError
from orrery.whole_text import whole_values
from orrery.workflow.context import EngineContext
from orrery.workflow.fields import as_mappings, as_selector, as_text
from orrery.workflow.node import Node, NodeFailure, NodeKindName, NodeOutcome, Selector
from orrery.workflow.nodes.code_schema import OutputCheck, OutputSpec, numbers_from_text, parse_outputs


class CodeInput(msgspec.Struct, frozen=True):
    """One argument of ``main``."""

    name: str
    selector: tuple[str, ...]
    type: str


class CodeNode:
    """Outputs what ``main`` returned, after checks."""

    type: ClassVar[str] = "code"
    kind: ClassVar[NodeKindName] = "executable"
    repeatable: bool = True

    def __init__(
        self,
        language: Literal["python3", "javascript"],
        code: str,
        variables: Sequence[CodeInput],
        outputs: Mapping[str, OutputSpec],
    ) -> None:
        self._language: Literal["python3", "javascript"] = language
        self._code, self._variables, self._outputs = code, tuple(variables), outputs

    @classmethod
    def parse(cls, node_id: str, data: Mapping[str, object]) -> Node:
        language = data.get("code_language", "python3")
        if not isinstance(language, str) or language not in {"python3", "javascript"}:
            raise ValueError(f"code_language of node {node_id} must be python3 or javascript, not {language}")
        variables = [
            CodeInput(
                as_text(item.get("variable")), as_selector(item.get("value_selector")), as_text(item.get("value_type"))
            )
            for item in as_mappings(data.get("variables"))
        ]
        chosen: Literal["python3", "javascript"] = "javascript" if language == "javascript" else "python3"
        return cast("Node", cls(chosen, as_text(data.get("code")), variables, parse_outputs(data.get("outputs"))))

    def references(self) -> Sequence[Selector]:
        return [variable.selector for variable in self._variables]

    async def run(self, context: EngineContext) -> NodeOutcome:
        inputs: dict[str, object] = {}
        for variable in self._variables:
            value = context.pool.get(variable.selector)
            if value == [] and "array[file]" in {variable.type, context.pool.type_of(variable.selector)}:
                value = None
            inputs[variable.name] = value
        try:
            result: object = await context.services.code.call_main(self._language, self._code, inputs)
        except (CodeExecutionError, ValueError) as error:
            failure = NodeFailure(str(error), inputs=inputs)
            failure.error_type = "CodeExecutionError" if isinstance(error, CodeExecutionError) else ""
            raise failure from error
        try:
            return NodeOutcome(outputs=self._checked(result, context), inputs=inputs)
        except NodeFailure as failure:
            failure.inputs = inputs
            raise

    def _checked(self, result: object, context: EngineContext) -> dict[str, object]:
        if not isinstance(result, dict):
            raise NodeFailure(f"Result must be a dict, got {type(result).__name__}")
        fields = cast("dict[object, object]", result)
        if not all(isinstance(key, str) for key in fields):
            raise NodeFailure("Result keys must be strings")
        plain = cast("dict[str, object]", numbers_from_text(whole_values(fields)))
        return OutputCheck(context.limits.code).check(plain, self._outputs)
