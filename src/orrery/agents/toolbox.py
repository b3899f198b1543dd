"""The tools of one agent: what the model is told of them, and calling one by name."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Final, TypeAlias, cast

import json_repair
import msgspec

from orrery.agents.events import AgentOutput
from orrery.agents.request import AgentTool
from orrery.inference.types import ToolSpec, Usage
from orrery.tools.errors import (
    ToolError,
    ToolNotFoundError,
    ToolNotSupportedError,
    ToolParameterValidationError,
    ToolProviderCredentialValidationError,
    ToolProviderNotFoundError,
)
from orrery.tools.hanging_up import hanging_up
from orrery.tools.messages import (
    FileMessage,
    ImageMessage,
    JsonMessage,
    LinkMessage,
    LogMessage,
    RetrieverMessage,
    StoredFileMessage,
    TextMessage,
    UsageMessage,
    VariableMessage,
)
from orrery.tools.parameter_values import argument_schema, configured, typed

_NOT_IN_NAMES: Final = re.compile(r"[^a-zA-Z0-9_-]")
_MAX_NAME: Final = 64


class Observation(msgspec.Struct, frozen=True):
    """What the model is told of a call's outcome; ``error`` is set when the tool failed."""

    text: str
    error: str | None = None


CallEvent: TypeAlias = AgentOutput | LogMessage | Usage | Observation


class Toolbox:
    """Tools by the names that the model knows them by; tools of different providers may share their own name."""

    def __init__(self, tools: Sequence[AgentTool]) -> None:
        self._tools: dict[str, AgentTool] = {}
        for tool in tools:
            self._tools[self._free_name(tool.tool.entity.name)] = tool

    def _free_name(self, wanted: str) -> str:
        stem = _NOT_IN_NAMES.sub("_", wanted)[:_MAX_NAME] or "tool"
        name, number = stem, 2
        while name in self._tools:
            name = f"{stem[: _MAX_NAME - 4]}_{number}"
            number += 1
        return name

    def __bool__(self) -> bool:
        return bool(self._tools)

    @property
    def names(self) -> list[str]:
        return list(self._tools)

    def specs(self) -> tuple[ToolSpec, ...]:
        """What the model may call."""
        return tuple(
            ToolSpec(
                name=name,
                description=held.description or held.tool.entity.description.llm,
                parameters=argument_schema(held.tool.entity, hidden=frozenset(held.fixed)),
            )
            for name, held in self._tools.items()
        )

    def provider_of(self, name: str) -> str:
        held = self._tools.get(name)
        return "" if held is None else held.tool.entity.identity.provider

    def label_of(self, name: str) -> Mapping[str, str]:
        held = self._tools.get(name)
        label = None if held is None else held.tool.entity.identity.label
        return label or {"en_US": name}

    def read_arguments(self, name: str, written: object) -> Mapping[str, object]:
        """Arguments as the model wrote them: JSON, JSON with faults, or the plain value of a sole parameter."""
        if isinstance(written, str):
            written = self._parsed(name, written)
        return cast("Mapping[str, object]", written) if isinstance(written, dict) else {}

    def _parsed(self, name: str, text: str) -> object:
        text = text.strip()
        found: object = None
        if text.startswith("{"):
            try:
                found = json.loads(text, strict=False)
            except (ValueError, RecursionError):
                found = cast("object", json_repair.loads(text))
        if isinstance(found, dict):
            return cast("object", found)
        held = self._tools.get(name)
        if held is None or not text:
            return {}
        schema = argument_schema(held.tool.entity, hidden=frozenset(held.fixed))
        names = list(cast("Mapping[str, object]", schema["properties"]))
        return {names[0]: text} if len(names) == 1 else {}

    async def call(self, name: str, arguments: Mapping[str, object]) -> AsyncIterator[CallEvent]:
        """Calls a tool; the last event is the `Observation`. A failing tool is an observation too.

        `Usage` is what the tool itself spent on models.
        """
        held = self._tools.get(name)
        if held is None:
            text = f"there is not a tool named {name}"
            yield Observation(text, text)
            return
        said = _Said()
        try:
            values = {**self._defaults(held), **arguments, **held.fixed}
            async with hanging_up(held.tool.invoke(typed(held.tool.entity, values))) as messages:
                async for message in messages:
                    said.note(message)
                    if isinstance(message, LogMessage):
                        yield message
                    elif isinstance(message, UsageMessage):
                        yield msgspec.convert(message.usage, Usage, strict=False)
                    elif isinstance(message, (FileMessage, ImageMessage, StoredFileMessage, RetrieverMessage)):
                        yield AgentOutput(message)
        except ToolError as error:
            text = _told(error, name)
            yield Observation(text, text)
            return
        yield Observation(said.text())

    def _defaults(self, held: AgentTool) -> dict[str, object]:
        """Values of parameters that the model doesn't see and nobody chose."""
        found: dict[str, object] = {}
        for parameter in held.tool.entity.parameters:
            if parameter.form == "form" and parameter.name not in held.fixed:
                value = configured(parameter, None)
                if value is not None:
                    found[parameter.name] = value
        return found


def _told(error: ToolError, name: str) -> str:
    """A failure in words that the model can act upon."""
    if isinstance(error, ToolProviderCredentialValidationError):
        return "Please check your tool provider credentials"
    if isinstance(error, (ToolNotFoundError, ToolProviderNotFoundError, ToolNotSupportedError)):
        return f"there is not a tool named {name}: {error}"
    if isinstance(error, ToolParameterValidationError):
        return f"tool parameters validation error: {error}, please check your tool parameters"
    return f"tool invoke error: {error}"


class _Said:
    """Collects what a tool said, as text for the model."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._json: list[str] = []

    def note(self, message: object) -> None:
        match message:
            case TextMessage(text=text):
                self._parts.append(text)
            case LinkMessage(url=url):
                self._parts.append(f"The result is at {url}. Tell the user to open it.")
            case JsonMessage(value=value):
                self._json.append(json.dumps(value, ensure_ascii=False, default=str))
            case VariableMessage(name=name, value=value, stream=False):
                self._json.append(json.dumps({name: value}, ensure_ascii=False, default=str))
            case RetrieverMessage(context=context):
                self._parts.append(context)
            case LogMessage() | VariableMessage() | UsageMessage():
                pass
            case _:
                self._parts.append("A file was made and has been sent to the user already; just say that it is there.")

    def text(self) -> str:
        """JSON that the text repeats is left out."""
        plain = "".join(self._parts)
        return "\n".join(filter(None, [plain, *(item for item in self._json if item not in plain)]))
