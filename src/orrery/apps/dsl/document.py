"""An app file: YAML text to a checked document (workflow.md 1.2, 1.3). Knows no database."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Literal, cast

import msgspec
import yaml
from packaging.version import InvalidVersion, Version

from orrery.apps.catalog.modes import BASIC_MODES, CREATABLE_MODES, GRAPH_MODES
from orrery.errors import BadRequest
from orrery.workflow.fields import as_mapping

CURRENT_VERSION = "0.5.0"
MOST_BYTES = 10 * 1024 * 1024
_MOST_VALUES = 500_000
_MOST_CHARACTERS = 2 * MOST_BYTES
_MOST_MERGED = 50_000
_MOST_REPEATED = 10_000
_MOST_SLOWLY = 1 << 20
_DEEPEST = 100

ImportStatus = Literal["completed", "completed-with-warnings", "pending", "failed"]


class DslError(BadRequest):
    """The file can't be imported; the message says why."""

    code = "invalid_dsl"


class AppDocument(msgspec.Struct, frozen=True, kw_only=True):
    """The parts of an app file, with the defaults of the contract filled in."""

    version: str
    mode: str
    app: Mapping[str, object]
    workflow: Mapping[str, object] | None
    model_config: Mapping[str, object] | None
    dependencies: list[object]


_AGENT_STRATEGIES = ("function_call", "react")


def parse(text: str) -> AppDocument:
    """Raises `DslError` with the contract's texts."""
    data = load_yaml(text)
    version = data.get("version") or "0.1.0"
    if not isinstance(version, str):
        raise DslError(f"Invalid version type, expected str, got <class '{type(version).__name__}'>")
    app = data.get("app")
    if not isinstance(app, dict) or not app:
        raise DslError("Missing app data in YAML content")
    app = cast("dict[str, object]", app)
    mode = app.get("mode")
    if not mode:
        raise DslError("loss app mode")
    if mode not in CREATABLE_MODES:
        raise DslError(f"Invalid app mode: {mode}. Supported modes: {', '.join(CREATABLE_MODES)}.")
    workflow, model_config = data.get("workflow"), data.get("model_config")
    if mode in GRAPH_MODES and not isinstance(workflow, dict):
        raise DslError("Missing workflow data for workflow/advanced chat app")
    if mode in BASIC_MODES and not isinstance(model_config, dict):
        raise DslError("Missing model_config for chat/agent-chat/completion app")
    dependencies = data.get("dependencies")
    return AppDocument(
        version=version,
        mode="agent-chat" if mode == "chat" and _works_as_agent(cast("object", model_config)) else str(mode),
        app=app,
        workflow=cast("dict[str, object]", workflow) if mode in GRAPH_MODES else None,
        model_config=cast("dict[str, object]", model_config) if mode in BASIC_MODES else None,
        dependencies=cast("list[object]", dependencies) if isinstance(dependencies, list) else [],
    )


def _works_as_agent(model_config: object) -> bool:
    """Before agents had a mode of their own they were chats with this switched on (product.md 8, app card)."""
    mode = as_mapping(as_mapping(model_config).get("agent_mode"))
    return mode.get("enabled") is True and mode.get("strategy") in _AGENT_STRATEGIES


def graph_of(workflow: Mapping[str, object]) -> dict[str, object]:
    """The graph of a ``workflow`` block. Raises `DslError` when there is none that can be read."""
    graph = workflow.get("graph")
    if not isinstance(graph, dict):
        raise DslError("graph not found in workflow")
    return cast("dict[str, object]", graph)


def list_in(holder: Mapping[str, object], name: str) -> list[object]:
    """A list of the file; anything else reads as an empty one."""
    found = holder.get(name)
    return cast("list[object]", found) if isinstance(found, list) else []


def load_yaml(text: str) -> dict[str, object]:
    """The mapping at the root of a YAML text, with bounded size and depth. Raises `DslError`."""
    if len(text.encode("utf-8", "surrogatepass")) > MOST_BYTES:
        raise DslError("File size exceeds the limit of 10MB")
    try:
        data = _loaded(text)
    # Beside its own errors the library lets through what a malformed tagged scalar (`!!bool x`) makes it stumble on.
    except (yaml.YAMLError, ValueError, LookupError, AttributeError, TypeError, RecursionError) as error:
        raise DslError(f"Invalid YAML format: {_first_line(error)}") from error
    if not isinstance(data, dict):
        raise DslError("Invalid YAML format: content must be a mapping")
    # A text holds fewer values than characters, unless its aliases are there to multiply them.
    budget = [min(_MOST_VALUES, len(text) + _MOST_REPEATED), _MOST_CHARACTERS]
    return cast("dict[str, object]", _plain(cast("object", data), budget, 0))


def _loaded(text: str) -> object:
    if text.lstrip()[:1] == "{":
        # JSON, most likely: read as such it is quick, and its escape pairs are characters.
        with contextlib.suppress(msgspec.DecodeError, RecursionError):
            return msgspec.json.decode(text.encode())
    try:
        _check_depth(text, _Loader)
        return yaml.load(text, Loader=_Loader)  # noqa: S506  (a safe loader without tags)
    except yaml.MarkedYAMLError as error:
        # The C parser takes no halves of characters; the slow one does, and a text that holds some is small.
        if "escape code" not in str(error.problem) or len(text) > _MOST_SLOWLY:
            raise
    _check_depth(text, _SlowLoader)
    return yaml.load(text, Loader=_SlowLoader)  # noqa: S506  (as above)


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]  # the C parser where there is one
    """Safe YAML that leaves times as text: app files hold none, but names may look like one.

    Merge keys (``<<``) are counted: each level of merging may multiply what the levels below it hold.
    """

    def __init__(self, stream: str) -> None:
        super().__init__(stream)
        self._merged = 0

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        """Puts merged mappings in their place. Raises `DslError` when they hold too much together."""
        for key, value in node.value:
            if key.tag == "tag:yaml.org,2002:merge":
                sources = cast("list[yaml.Node]", value.value) if isinstance(value, yaml.SequenceNode) else [value]
                for source in sources:
                    if isinstance(source, yaml.MappingNode):
                        self.flatten_mapping(source)
                        self._merged += len(source.value) + 1
                        if self._merged > _MOST_MERGED:
                            raise DslError("Invalid YAML format: the file holds too many values")
        super().flatten_mapping(node)


def _check_depth(text: str, loader: type[_Loader | _SlowLoader]) -> None:
    # Before anything is built: the library builds by recursion on the C stack, which deep nesting would overrun.
    depth = 0
    for event in yaml.parse(text, Loader=loader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > _DEEPEST:
                raise DslError("Invalid YAML format: the file is nested too deeply")
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


class _SlowLoader(yaml.SafeLoader):
    """The same in Python. Merge keys stay ordinary keys."""

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        """Leaves merged mappings where they are."""


_Loader.yaml_implicit_resolvers = _SlowLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _plain(value: object, budget: list[int], depth: int) -> object:
    """The value as JSON can hold it. Aliases count each time they are met, so that a bomb stops here."""
    budget[0] -= 1
    if budget[0] < 0:
        raise DslError("Invalid YAML format: the file holds too many values")
    if depth > _DEEPEST:
        raise DslError("Invalid YAML format: the file is nested too deeply")
    if isinstance(value, str):
        budget[1] -= len(value)
        if budget[1] < 0:
            raise DslError("Invalid YAML format: the file holds too much text")
        return _joined_surrogates(value)
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, dict):
        items = cast("dict[object, object]", value).items()
        return {_joined_surrogates(str(key)): _plain(item, budget, depth + 1) for key, item in items}
    if isinstance(value, list | tuple | set):
        return [_plain(item, budget, depth + 1) for item in cast("list[object]", value)]
    raise DslError(f"Invalid YAML format: a value of type {type(value).__name__} can't be used")


def _joined_surrogates(text: str) -> str:
    # JSON written as YAML spells characters beyond the basic plane as an escape pair, which YAML reads as two halves.
    if text.isascii() or not any("\ud800" <= c <= "\udfff" for c in text):
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _first_line(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "the file is nested too deeply"
    if not isinstance(error, yaml.YAMLError):
        return "a value does not fit its tag"
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or str(error).partition("\n")[0] or type(error).__name__
    return f"{problem} (line {mark.line + 1}, column {mark.column + 1})" if mark is not None else str(problem)


def status_for(version: str) -> ImportStatus:
    """How a file of this DSL version is taken in (workflow.md 1.3). Raises `DslError` when it is no version."""
    try:
        imported, current = Version(version), Version(CURRENT_VERSION)
    except InvalidVersion as error:
        raise DslError("Invalid version format") from error
    if imported > current or imported.major < current.major:
        return "pending"
    return "completed-with-warnings" if imported.minor < current.minor else "completed"
