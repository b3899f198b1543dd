"""Google's gemini: the frames of an answer."""

from __future__ import annotations

import msgspec

from orrery.inference.endpoint import Endpoint
from orrery.inference.failures import in_stream
from orrery.inference.json_shapes import JsonObject
from orrery.inference.toolcalls import ToolCallPieces
from orrery.inference.types import InvokeBadRequestError, LLMDelta, MediaPart, Usage
from orrery.inference.wire import MalformedEvent

_FINISH = {"STOP": "stop", "MAX_TOKENS": "length"}
_FILTERED = {"SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII", "IMAGE_SAFETY"}


class _Call(msgspec.Struct):
    name: str = ""
    args: JsonObject | None = None
    id: str | None = None


class _Inline(msgspec.Struct, rename="camel"):
    mime_type: str = "image/png"
    data: str = ""


class _Part(msgspec.Struct, rename="camel"):
    text: str | None = None
    thought: bool | None = None
    thought_signature: str | None = None
    function_call: _Call | None = None
    inline_data: _Inline | None = None


class _Content(msgspec.Struct):
    parts: list[_Part] | None = None


class _Candidate(msgspec.Struct, rename="camel"):
    content: _Content | None = None
    finish_reason: str | None = None


class _Counts(msgspec.Struct, rename="camel"):
    prompt_token_count: int | None = None
    candidates_token_count: int | None = None
    thoughts_token_count: int | None = None
    tool_use_prompt_token_count: int | None = None


class _Feedback(msgspec.Struct, rename="camel"):
    block_reason: str | None = None


class _Frame(msgspec.Struct, rename="camel"):
    candidates: list[_Candidate] | None = None
    usage_metadata: _Counts | None = None
    prompt_feedback: _Feedback | None = None
    error: object = None


_DECODE = msgspec.json.Decoder(_Frame, strict=False).decode


class GenerateDecoder:
    """Implements `AnswerDecoder`. Thoughts are billed as output, so they count as completion tokens."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.finished = False
        self._endpoint = endpoint
        self._calls = ToolCallPieces()
        self._reason = ""
        self._count = 0
        self._usage: Usage | None = None

    def feed(self, payload: bytes) -> LLMDelta | None:
        try:
            frame = _DECODE(payload)
        except (msgspec.DecodeError, UnicodeDecodeError) as exc:
            raise MalformedEvent(payload[:200].decode("utf-8", "replace")) from exc
        if frame.error:
            raise in_stream(self._endpoint, frame.error)
        if frame.prompt_feedback is not None and frame.prompt_feedback.block_reason:
            raise InvokeBadRequestError(f"The model endpoint blocked the prompt: {frame.prompt_feedback.block_reason}.")
        if frame.usage_metadata is not None:
            self._usage = _usage(frame.usage_metadata)
        if not frame.candidates:
            return None
        candidate = frame.candidates[0]
        if candidate.finish_reason:
            self._reason, self.finished = candidate.finish_reason, True
        return self._parts(candidate.content.parts if candidate.content else None)

    def last(self) -> LLMDelta:
        calls = self._calls.whole()
        reason = "content_filter" if self._reason in _FILTERED else _FINISH.get(self._reason, self._reason.lower())
        if calls and reason == "stop":
            reason = "tool_calls"
        return LLMDelta(tool_calls=calls, finish_reason=reason or "stop", usage=self._usage)

    def _parts(self, parts: list[_Part] | None) -> LLMDelta | None:
        text, thought = "", ""
        images: list[MediaPart] = []
        for part in parts or ():
            if part.text:
                if part.thought:
                    thought += part.text
                else:
                    text += part.text
            if part.function_call is not None:
                call = part.function_call
                arguments = msgspec.json.encode(call.args or {}).decode()
                self._count += 1
                self._calls.add(self._count, call.id or "", call.name, arguments, part.thought_signature or "")
            if part.inline_data is not None:
                images.append(MediaPart("image", part.inline_data.mime_type, data=part.inline_data.data))
        if text or thought or images:
            return LLMDelta(text=text, reasoning=thought, images=tuple(images))
        return None


def _usage(found: _Counts) -> Usage:
    prompt = (found.prompt_token_count or 0) + (found.tool_use_prompt_token_count or 0)
    completion = (found.candidates_token_count or 0) + (found.thoughts_token_count or 0)
    return Usage(prompt_tokens=prompt, completion_tokens=completion, total_tokens=prompt + completion)
