"""An app that is a tool of another app: its graph runs one call deeper, its outputs are the answer (workflow.md 3.16)."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Final, Protocol, TypeGuard, cast

import msgspec

from orrery.tools.entity import ProviderIdentity, ToolEntity
from orrery.tools.errors import ToolInvokeError, WorkflowDepthError
from orrery.tools.messages import JsonMessage, StoredFileMessage, TextMessage, ToolMessage, UsageMessage
from orrery.tools.protocol import ProviderType, Tool

MAX_DEPTH: Final = 5
_FILE_IDENTITY: Final = "__dify__file__"


class WorkflowAnswer(msgspec.Struct, frozen=True):
    """How the inner run went: its outputs, or why it failed; ``usage`` as the contract's usage object."""

    outputs: Mapping[str, object]
    error: str | None = None
    usage: Mapping[str, object] | None = None


class WorkflowCaller(Protocol):
    """Runs another app's published graph on behalf of the caller's user."""

    async def run(self, app_id: str, inputs: Mapping[str, object], *, depth: int) -> WorkflowAnswer: ...


class WorkflowTool:
    """Implements `Tool`. ``depth`` is that of the run that calls; the outermost run has depth 0."""

    def __init__(
        self, entity: ToolEntity, app_id: str, caller: WorkflowCaller, *, depth: int, max_depth: int = MAX_DEPTH
    ) -> None:
        self.entity = entity
        self._app_id, self._caller, self._depth, self._max_depth = app_id, caller, depth, max_depth

    async def invoke(self, parameters: Mapping[str, object]) -> AsyncIterator[ToolMessage]:
        depth = self._depth + 1
        if depth > self._max_depth:
            raise WorkflowDepthError(self._max_depth)
        answer = await self._caller.run(self._app_id, parameters, depth=depth)
        if answer.usage is not None:
            yield UsageMessage(answer.usage)
        if answer.error is not None:
            raise ToolInvokeError(answer.error)
        plain = dict(answer.outputs)
        for name, value in answer.outputs.items():
            files = _files(value)
            if files:
                del plain[name]
                for file in files:
                    yield StoredFileMessage(file)
        yield TextMessage(json.dumps(plain, ensure_ascii=False, default=str))
        yield JsonMessage(plain)


class WorkflowToolProvider(msgspec.Struct, frozen=True):
    """Implements `ToolProvider`: one app, one tool."""

    id: str
    identity: ProviderIdentity
    tool: WorkflowTool

    @property
    def type(self) -> ProviderType:
        return "workflow"

    def tools(self) -> Sequence[Tool]:
        return (self.tool,)


def _files(value: object) -> list[Mapping[str, object]]:
    """The file values that an output is or lists; none when it holds anything else."""
    if _is_file(value):
        return [value]
    if isinstance(value, list):
        items = cast("list[object]", value)
        files = [item for item in items if _is_file(item)]
        return files if len(files) == len(items) else []
    return []


def _is_file(value: object) -> TypeGuard[Mapping[str, object]]:
    return (
        isinstance(value, Mapping) and cast("Mapping[str, object]", value).get("dify_model_identity") == _FILE_IDENTITY
    )
