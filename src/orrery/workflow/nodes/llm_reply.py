"""Listening to a model: pieces passed on as they come, pictures kept, the whole in the end (workflow.md 3.10)."""

from __future__ import annotations

import base64
import binascii
import mimetypes
from collections.abc import AsyncGenerator, Callable, Mapping

import msgspec

from orrery.egress.protocol import EgressError
from orrery.inference.types import InvokeError, LLMCall, LLMDelta, MediaPart, ToolCall, Usage
from orrery.workflow.node import NodeServices
from orrery.workflow.nodes.llm_data import ModelNodeOptions
from orrery.workflow.nodes.llm_errors import LLMNodeError, failure_of
from orrery.workflow.nodes.llm_reasoning import ReasoningMarks


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """A whole answer; ``text`` has reasoning between its marks and links to the pictures."""

    text: str
    usage: Usage
    finish_reason: str | None = None
    tool_calls: tuple[ToolCall, ...] = ()
    files: tuple[Mapping[str, object], ...] = ()


def silent(_: str) -> None:
    """A listener for answers that nobody watches."""


class ReplyReader:
    """Makes one model call and reads its answer."""

    def __init__(self, services: NodeServices, options: ModelNodeOptions) -> None:
        self._services, self._options = services, options

    async def read(self, call: LLMCall, tell: Callable[[str], None] = silent) -> Reply:
        """``tell`` gets every piece of text at once. Raises `NodeFailure`."""
        parts: list[str] = []
        tools: list[ToolCall] = []
        files: list[Mapping[str, object]] = []
        usage, finish = Usage(), None
        marks = ReasoningMarks()

        def say(piece: str) -> None:
            if piece:
                parts.append(piece)
                tell(piece)

        deltas = self._services.models.stream(call)
        try:
            async for delta in deltas:
                say(marks.text(delta.reasoning, delta.text))
                await self._keep_pictures(delta, marks, files, say)
                tools.extend(delta.tool_calls)
                usage = delta.usage or usage
                finish = delta.finish_reason or finish
        except InvokeError as error:
            raise failure_of(error, call.model.name) from error
        finally:
            # A run that is stopped must hang up now, not when the garbage is collected.
            if isinstance(deltas, AsyncGenerator):
                await deltas.aclose()
        say(marks.close())
        return Reply(
            text="".join(parts), usage=usage, finish_reason=finish, tool_calls=tuple(tools), files=tuple(files)
        )

    async def _keep_pictures(
        self,
        delta: LLMDelta,
        marks: ReasoningMarks,
        files: list[Mapping[str, object]],
        say: Callable[[str], None],
    ) -> None:
        for image in delta.images:
            content = await self._content(image)
            ending = mimetypes.guess_extension(image.mime_type) or ".png"
            name = image.filename or f"image-{len(files) + 1}{ending}"
            file = await self._services.files.save_tool_file(content, filename=name, mime_type=image.mime_type)
            files.append(file)
            say(f"{marks.close()}![]({self._services.files.url(file)})")

    async def _content(self, image: MediaPart) -> bytes:
        limit = self._options.max_media_bytes
        if image.data is not None:
            try:
                content = base64.b64decode(image.data)
            except binascii.Error as error:
                raise LLMNodeError(f"The model sent a picture that can't be decoded: {error}") from error
            if len(content) > limit:
                raise LLMNodeError(f"The model sent a picture of more than {limit} bytes.")
            return content
        try:
            answer = await self._services.http.request("GET", image.url or "", follow_redirects=True, max_bytes=limit)
        except EgressError as error:
            raise LLMNodeError(f"The model's picture can't be fetched: {error}") from error
        if not 200 <= answer.status < 300:
            raise LLMNodeError(f"The model's picture can't be fetched: status {answer.status}")
        return answer.content
