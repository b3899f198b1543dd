"""Text of an API description as plain values, read with bounds: it comes from a stranger.

JSON holds what it is long; YAML may repeat a part a million times with a few aliases, merge mappings into mappings, or
nest until the parser's stack is gone. What is read here has a bounded length, depth and number of values.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, cast

import msgspec
import yaml

from orrery.tools.errors import ToolApiSchemaError
from orrery.tools.openapi.references import JsonObject

MAX_CHARS: Final = 4 * 1024 * 1024
_DEEPEST: Final = 64
_MOST_VALUES: Final = 300_000
_MOST_TEXT: Final = 2 * MAX_CHARS
_MOST_MERGED: Final = 20_000
_TOO_DEEP: Final = "Invalid api schema, it is nested too deep."
_TOO_LARGE: Final = "Invalid api schema, it holds too many values."


def read_document(text: str) -> JsonObject:
    """The object at the root. Raises `ToolApiSchemaError`."""
    if len(text) > MAX_CHARS:
        raise ToolApiSchemaError(f"The api schema is longer than {MAX_CHARS} characters.")
    try:
        found: object = msgspec.json.decode(text)
    except RecursionError as error:
        raise ToolApiSchemaError(_TOO_DEEP) from error
    except (msgspec.DecodeError, UnicodeEncodeError) as json_error:
        found = _from_yaml(text, json_error)
    if not isinstance(found, dict):
        raise ToolApiSchemaError("Invalid openapi yaml.")
    return cast("JsonObject", _plain(cast("object", found), _Budget(), 0))


def _from_yaml(text: str, json_error: Exception) -> object:
    try:
        _check_depth(text)
        return yaml.load(text, Loader=_Loader)  # noqa: S506  (a safe loader without tags)
    # Beside its own errors the library lets through what a malformed tagged scalar makes it stumble on.
    except (yaml.YAMLError, ValueError, LookupError, AttributeError, TypeError, RecursionError) as error:
        raise ToolApiSchemaError(
            f"Invalid api schema, schema is neither json nor yaml. json error: {json_error}, yaml error: {error}"
        ) from error


def _check_depth(text: str) -> None:
    # Before anything is built: the library builds by recursion on the C stack, which deep nesting would overrun.
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > _DEEPEST:
                raise ToolApiSchemaError(_TOO_DEEP)
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]  # the C parser where there is one
    """Safe YAML that leaves times as text and counts what merge keys (``<<``) copy."""

    def __init__(self, stream: str) -> None:
        super().__init__(stream)
        self._merged = 0

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        """Puts merged mappings in their place. Raises `ToolApiSchemaError` when they hold too much together."""
        for key, value in node.value:
            if key.tag == "tag:yaml.org,2002:merge":
                sources = cast("list[yaml.Node]", value.value) if isinstance(value, yaml.SequenceNode) else [value]
                for source in sources:
                    if isinstance(source, yaml.MappingNode):
                        self.flatten_mapping(source)
                        self._merged += len(source.value) + 1
                        if self._merged > _MOST_MERGED:
                            raise ToolApiSchemaError(_TOO_LARGE)
        super().flatten_mapping(node)


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


class _Budget:
    """What is left of the values and characters that one description may hold."""

    def __init__(self) -> None:
        self.values, self.characters = _MOST_VALUES, _MOST_TEXT

    def spend(self, characters: int) -> None:
        self.values -= 1
        self.characters -= characters
        if self.values < 0 or self.characters < 0:
            raise ToolApiSchemaError(_TOO_LARGE)


def _plain(value: object, budget: _Budget, depth: int) -> object:
    """The value as JSON can hold it. Aliases count each time they are met, so that a bomb stops here."""
    if depth > _DEEPEST:
        raise ToolApiSchemaError(_TOO_DEEP)
    budget.spend(len(value) if isinstance(value, str) else 0)
    if value is None or isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, Mapping):
        items = cast("Mapping[object, object]", value).items()
        return {str(key): _plain(item, budget, depth + 1) for key, item in items}
    if isinstance(value, list | tuple | set):
        return [_plain(item, budget, depth + 1) for item in cast("list[object]", value)]
    raise ToolApiSchemaError(f"Invalid api schema, a value of type {type(value).__name__} can't be used.")
