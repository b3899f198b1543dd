"""Anthropic's messages: the events of an answer."""

from __future__ import annotations

import msgspec

from orrery.inference.endpoint import Endpoint
from orrery.inference.failures import in_stream
from orrery.inference.json_shapes import JsonObject
from orrery.inference.toolcalls import ToolCallPieces
from orrery.inference.types import LLMDelta, Usage
from orrery.inference.wire import MalformedEvent

FORCED_TOOL = "structured_answer"
_FINISH = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "tool_use": "tool_calls",
    "refusal": "content_filter",
}


class _Spent(msgspec.Struct):
    input_tokens: int | None = None
    output_tokens: int | None = None
    cache_creation_input_tokens: int | None = None
    cache_read_input_tokens: int | None = None


class _Block(msgspec.Struct):
    type: str = ""
    id: str | None = None
    name: str | None = None
    text: str | None = None
    thinking: str | None = None
    input: JsonObject | None = None


class _Piece(msgspec.Struct):
    type: str = ""
    text: str | None = None
    thinking: str | None = None
    signature: str | None = None
    partial_json: str | None = None
    stop_reason: str | None = None


class _Opening(msgspec.Struct):
    usage: _Spent | None = None


class _Event(msgspec.Struct):
    type: str = ""
    index: int = 0
    message: _Opening | None = None
    content_block: _Block | None = None
    delta: _Piece | None = None
    usage: _Spent | None = None
    error: object = None


_DECODE = msgspec.json.Decoder(_Event, strict=False).decode


class MessagesDecoder:
    """Implements `AnswerDecoder`. Arguments of the forced tool come out as text: they are the answer."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.finished = False
        self._endpoint = endpoint
        self._calls = ToolCallPieces()
        self._forced: set[int] = set()
        self._reason: str | None = None
        self._read = self._written = 0

    def feed(self, payload: bytes) -> LLMDelta | None:
        try:
            event = _DECODE(payload)
        except (msgspec.DecodeError, UnicodeDecodeError) as exc:
            raise MalformedEvent(payload[:200].decode("utf-8", "replace")) from exc
        if event.type == "content_block_delta" and event.delta is not None:
            return self._piece(event.index, event.delta)
        if event.type == "error" or event.error:
            raise in_stream(self._endpoint, event.error)
        if event.type == "content_block_start" and event.content_block is not None:
            return self._open(event.index, event.content_block)
        if event.type == "message_start" and event.message is not None:
            self._count(event.message.usage)
        elif event.type == "message_delta":
            self._count(event.usage)
            self._reason = (event.delta.stop_reason if event.delta else None) or self._reason
        elif event.type == "message_stop":
            self.finished = True
        return None

    def last(self) -> LLMDelta:
        calls = self._calls.whole()
        reason = _FINISH.get(self._reason or "", self._reason or "stop")
        if self._forced and not calls and reason == "tool_calls":
            reason = "stop"
        usage = Usage(
            prompt_tokens=self._read, completion_tokens=self._written, total_tokens=self._read + self._written
        )
        return LLMDelta(tool_calls=calls, finish_reason=reason, usage=usage if usage.total_tokens else None)

    def _open(self, index: int, block: _Block) -> LLMDelta | None:
        if block.type == "tool_use":
            if block.name == FORCED_TOOL:
                self._forced.add(index)
            else:
                whole = msgspec.json.encode(block.input).decode() if block.input else ""
                self._calls.add(index, block.id or "", block.name or "", whole)
        if block.text or block.thinking:
            return LLMDelta(text=block.text or "", reasoning=block.thinking or "")
        return None

    def _piece(self, index: int, piece: _Piece) -> LLMDelta | None:
        if piece.text:
            return LLMDelta(text=piece.text)
        if piece.thinking:
            return LLMDelta(reasoning=piece.thinking)
        if piece.signature:
            return LLMDelta(reasoning_signature=piece.signature)
        if piece.partial_json:
            if index in self._forced:
                return LLMDelta(text=piece.partial_json)
            self._calls.add(index, "", "", piece.partial_json)
        return None

    def _count(self, spent: _Spent | None) -> None:
        """Later counts replace earlier ones; tokens read from the vendor's cache are still tokens of the prompt."""
        if spent is None:
            return
        if spent.input_tokens is not None:
            cached = (spent.cache_creation_input_tokens or 0) + (spent.cache_read_input_tokens or 0)
            self._read = spent.input_tokens + cached
        if spent.output_tokens is not None:
            self._written = spent.output_tokens
