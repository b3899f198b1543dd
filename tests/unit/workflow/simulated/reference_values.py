"""Variables, texts and conditions of the reference, as far as the random graphs use them (workflow.md 2.5, 2.6, 3.2)."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

REFERENCE = re.compile(r"\{\{#([a-zA-Z0-9_]+(?:\.[a-zA-Z_][a-zA-Z0-9_]*)+)#\}\}")


class Failed(Exception):
    """A node's failure; the text is its error."""


class Values:
    """All variables by namespace; ``did`` is what was done here: (namespace, name, operation, value)."""

    def __init__(self, held: Mapping[str, Mapping[str, Any]]) -> None:
        self.held = {name: dict(values) for name, values in held.items()}
        self.did: list[tuple[str, str, str, Any]] = []

    def fork(self) -> Values:
        return Values(self.held)

    def put(self, namespace: str, values: Mapping[str, Any]) -> None:
        self.held.setdefault(namespace, {}).update(values)

    def exists(self, path: Sequence[str]) -> bool:
        return path[1] in self.held.get(path[0], {})

    def get(self, path: Sequence[str]) -> Any:
        return self.held.get(path[0], {}).get(path[1])

    def shown(self, path: Sequence[str]) -> str:
        """The text of a reference in a prompt."""
        if not self.exists(path):
            return ".".join(path)
        return text(self.get(path))

    def prompt(self, template: str) -> str:
        return "".join(
            self.shown(piece.split(".")) if i % 2 else piece for i, piece in enumerate(REFERENCE.split(template))
        )

    def answer(self, template: str) -> str:
        return "".join(self._piece(piece, i % 2 == 1) for i, piece in enumerate(REFERENCE.split(template)))

    def _piece(self, piece: str, is_reference: bool) -> str:
        path = piece.split(".")
        if is_reference and self.exists(path):
            return markdown(self.get(path))
        return piece

    def assign(self, items: Sequence[Mapping[str, Any]]) -> None:
        for item in items:
            namespace, name = item["variable_selector"]
            value = item["value"]
            if item["input_type"] == "variable":
                if not self.exists(value):
                    raise Failed(f"Variable {value} not found")
                value = self.get(value)
            self.do(namespace, name, item["operation"], value)

    def do(self, namespace: str, name: str, operation: str, value: Any) -> None:
        old = self.held[namespace][name]
        self.held[namespace][name] = [*old, value] if operation == "append" else old + value
        self.did.append((namespace, name, operation, value))


def text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        if not value:
            return ""
        return json.dumps(value, ensure_ascii=False) if all(isinstance(item, str) for item in value) else str(value)
    return str(value)


def markdown(value: Any) -> str:
    return "\n".join(f"- {item}" for item in value) if isinstance(value, list) else text(value)


def holds(conditions: Sequence[Mapping[str, Any]], logic: str, values: Values) -> bool:
    for condition in conditions:
        path = condition["variable_selector"]
        if not values.exists(path):
            raise Failed(f"Variable {path} not found")
        result = compare(condition["comparison_operator"], values.get(path), condition["value"])
        if result != (logic == "and"):
            return result
    return logic == "and"


def compare(operator: str, actual: Any, expected: str) -> bool:
    if operator == "≥":
        return actual >= int(expected)
    if operator in {"empty", "not empty"}:
        return bool(actual) == (operator == "not empty")
    if operator in {"contains", "not contains"}:
        if actual and not isinstance(actual, (str, list)):
            raise Failed("Invalid actual value type: string or array")
        return (bool(actual) and expected in actual) == (operator == "contains")
    if actual is None:
        return False
    if not isinstance(actual, str):
        raise Failed("Invalid actual value type: string or boolean")
    return (actual == expected) == (operator == "is")
