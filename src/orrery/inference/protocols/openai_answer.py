"""Answers of the OpenAI chat protocol, streamed or whole, with the spellings its many speakers have added."""

from __future__ import annotations

import msgspec

from orrery.inference.endpoint import Endpoint
from orrery.inference.failures import in_stream
from orrery.inference.json_shapes import objects_in
from orrery.inference.toolcalls import ToolCallPieces
from orrery.inference.types import LLMDelta, MediaPart, Usage
from orrery.inference.wire import MalformedEvent


class _Function(msgspec.Struct):
    name: str | None = None
    arguments: str | dict[str, object] | None = None


class _ToolPiece(msgspec.Struct):
    index: int | None = None
    id: str | None = None
    function: _Function | None = None


class _ImageUrl(msgspec.Struct):
    url: str = ""


class _Image(msgspec.Struct):
    image_url: _ImageUrl | None = None


class _Delta(msgspec.Struct):
    content: str | list[dict[str, object]] | None = None
    reasoning_content: str | None = None
    reasoning: str | dict[str, object] | None = None
    refusal: str | None = None
    tool_calls: list[_ToolPiece] | None = None
    function_call: _Function | None = None
    images: list[_Image] | None = None


class _UsagePart(msgspec.Struct):
    prompt_tokens: int | None = 0
    completion_tokens: int | None = 0
    total_tokens: int | None = 0


class _Choice(msgspec.Struct):
    delta: _Delta | None = None
    message: _Delta | None = None
    text: str | None = None
    finish_reason: str | None = None
    usage: _UsagePart | None = None


class _GroqPart(msgspec.Struct):
    usage: _UsagePart | None = None
    error: str | None = None


class _Chunk(msgspec.Struct):
    choices: list[_Choice] | None = None
    usage: _UsagePart | None = None
    error: object = None
    x_groq: _GroqPart | None = None


_DECODE = msgspec.json.Decoder(_Chunk, strict=False).decode
_NOTHING = _Delta()


class ChatDecoder:
    """Implements `AnswerDecoder`; also reads the legacy completions' ``text`` and answers that came unstreamed."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.finished = False
        self._endpoint = endpoint
        self._calls = ToolCallPieces()
        self._reason: str | None = None
        self._usage: Usage | None = None

    def feed(self, payload: bytes) -> LLMDelta | None:
        if payload == b"[DONE]":
            self.finished = True
            return None
        try:
            chunk = _DECODE(payload)
        except (msgspec.DecodeError, UnicodeDecodeError) as exc:
            raise MalformedEvent(payload[:200].decode("utf-8", "replace")) from exc
        if chunk.error:
            raise in_stream(self._endpoint, chunk.error)
        if chunk.usage is not None:
            self._usage = _usage(chunk.usage)
        if chunk.x_groq is not None:
            if chunk.x_groq.error:
                raise in_stream(self._endpoint, chunk.x_groq.error)
            if chunk.x_groq.usage is not None:
                self._usage = _usage(chunk.x_groq.usage)
        if not chunk.choices:
            return None
        return self._choice(chunk.choices[0])

    def last(self) -> LLMDelta:
        calls = self._calls.whole()
        reason = self._reason or ("tool_calls" if calls else "stop")
        if reason == "function_call":
            reason = "tool_calls"
        return LLMDelta(tool_calls=calls, finish_reason=reason, usage=self._usage)

    def _choice(self, choice: _Choice) -> LLMDelta | None:
        if choice.finish_reason:
            self._reason = choice.finish_reason
            self.finished = True
        if choice.usage is not None:
            self._usage = _usage(choice.usage)
        delta = choice.delta or choice.message or _NOTHING
        text = delta.content or choice.text or delta.refusal or ""
        thought = delta.reasoning_content or delta.reasoning or ""
        if not isinstance(text, str):
            text, more = _pieces(text)
            thought = more or thought
        if delta.tool_calls:
            for piece in delta.tool_calls:
                function = piece.function or _Function()
                self._calls.add(piece.index, piece.id or "", function.name or "", _arguments(function))
        if delta.function_call is not None:
            self._calls.add(0, "", delta.function_call.name or "", _arguments(delta.function_call))
        if not isinstance(thought, str):
            thought = str(thought.get("content") or "")
        images = _images(delta.images) if delta.images else ()
        if text or thought or images:
            return LLMDelta(text=text, reasoning=thought, images=images)
        return None


def _usage(found: _UsagePart) -> Usage:
    prompt, completion = found.prompt_tokens or 0, found.completion_tokens or 0
    return Usage(
        prompt_tokens=prompt, completion_tokens=completion, total_tokens=found.total_tokens or prompt + completion
    )


def _arguments(function: _Function) -> str:
    found = function.arguments
    if found is None or isinstance(found, str):
        return found or ""
    return msgspec.json.encode(found).decode()


def _pieces(parts: list[dict[str, object]]) -> tuple[str, str]:
    """Content as a list of typed parts, as mistral sends thinking: (text, reasoning)."""
    text: list[str] = []
    thought: list[str] = []
    for part in parts:
        if part.get("type") == "thinking":
            inner = part.get("thinking")
            thought.append(
                inner if isinstance(inner, str) else "".join(str(i.get("text") or "") for i in objects_in(inner))
            )
        else:
            text.append(str(part.get("text") or ""))
    return "".join(text), "".join(thought)


def _images(found: list[_Image]) -> tuple[MediaPart, ...]:
    out: list[MediaPart] = []
    for image in found:
        url = image.image_url.url if image.image_url else ""
        if url.startswith("data:"):
            head, _, data = url[5:].partition(",")
            out.append(MediaPart(kind="image", mime_type=head.partition(";")[0] or "image/png", data=data))
        elif url:
            out.append(MediaPart(kind="image", mime_type="image/png", url=url))
    return tuple(out)
