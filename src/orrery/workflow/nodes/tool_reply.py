"""Listening to a tool: text and streamed variables are passed on, the rest is kept for the outputs (workflow.md 3.16)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Final

import msgspec

from orrery.inference.types import Usage
from orrery.tools.errors import ToolInvokeError
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
    ToolMessage,
    UsageMessage,
    VariableMessage,
)
from orrery.workflow.node import NodeContext
from orrery.workflow.nodes.tool_errors import ToolNodeError
from orrery.workflow.nodes.tool_files import ToolFiles

NOTHING: Final[Mapping[str, object]] = {"data": []}
"""Stands in the ``json`` output of a tool that gave none."""


class ToolReply:
    """Takes a tool's messages in."""

    def __init__(self, context: NodeContext) -> None:
        self._context = context
        self._files = ToolFiles(context.services)
        self._texts: list[str] = []
        self._json: list[object] = []
        self._streamed: dict[str, list[str]] = {}
        self._variables: dict[str, object] = {}
        self.files: list[Mapping[str, object]] = []
        self.resources: list[Mapping[str, object]] = []
        self.usage = Usage()

    async def listen(self, messages: AsyncIterator[ToolMessage]) -> None:
        """Raises what the tool raises, and `ToolNodeError` for a message that makes no sense."""
        async with hanging_up(messages) as heard:
            async for message in heard:
                await self._take(message)
        self._context.stream("text", "", final=True)
        for name in self._streamed:
            self._context.stream(name, "", final=True)

    def outputs(self) -> dict[str, object]:
        streamed = {name: "".join(pieces) for name, pieces in self._streamed.items()}
        return {
            "text": "".join(self._texts),
            "files": self.files,
            "json": self._json or [dict(NOTHING)],
            **self._variables,
            **streamed,
        }

    async def _take(self, message: ToolMessage) -> None:
        match message:
            case TextMessage(text=text):
                self._say(text)
            case LinkMessage(url=url):
                self._say(f"Link: {url}\n")
            case JsonMessage(value=value):
                if value:
                    self._json.append(value)
            case VariableMessage():
                self._note(message)
            case FileMessage() | ImageMessage() | StoredFileMessage():
                await self._keep(message)
            case RetrieverMessage(resources=resources):
                self.resources.extend(resources)
            case UsageMessage(usage=usage):
                self.usage += msgspec.convert(usage, Usage, strict=False)
            case LogMessage():
                pass  # only agents tell of their steps

    def _say(self, text: str) -> None:
        if text:
            self._texts.append(text)
            self._context.stream("text", text)

    def _note(self, message: VariableMessage) -> None:
        if not message.stream:
            self._variables[message.name] = message.value
            return
        if not isinstance(message.value, str):
            raise ToolNodeError("When 'stream' is True, 'variable_value' must be a string.")
        self._streamed.setdefault(message.name, []).append(message.value)
        self._context.stream(message.name, message.value)

    async def _keep(self, message: FileMessage | ImageMessage | StoredFileMessage) -> None:
        try:
            file = await self._files.keep(message)
        except ToolInvokeError as error:
            # One picture that is gone must not take the rest of the answer with it.
            self._say(f"{error}\n")
            return
        self.files.append(file)
        if isinstance(message, StoredFileMessage) and file.get("type") != "image":
            self._say(f"File: {self._files.url(file)}\n")
