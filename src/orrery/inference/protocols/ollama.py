"""Ollama's chat (``POST /api/chat``), JSON lines."""

from __future__ import annotations

import msgspec

from orrery.inference.endpoint import Endpoint
from orrery.inference.failures import in_stream
from orrery.inference.framing import JsonLines
from orrery.inference.json_shapes import JsonObject, is_object
from orrery.inference.protocols.openai_chat import stop_words
from orrery.inference.schemas import answer_shape
from orrery.inference.toolcalls import ToolCallPieces
from orrery.inference.transport import WireRequest
from orrery.inference.types import InvokeBadRequestError, LLMCall, LLMDelta, MediaPart, Message, ToolCall, Usage
from orrery.inference.wire import MalformedEvent

_ON_TOP = frozenset({"keep_alive", "think"})
_OWN = frozenset({"format", "response_format", "json_schema", "max_tokens", "stop", *_ON_TOP})


class _Function(msgspec.Struct):
    name: str = ""
    arguments: JsonObject | str | None = None


class _Call(msgspec.Struct):
    id: str | None = None
    function: _Function | None = None


class _Message(msgspec.Struct):
    content: str | None = None
    thinking: str | None = None
    tool_calls: list[_Call] | None = None


class _Line(msgspec.Struct):
    message: _Message | None = None
    done: bool = False
    done_reason: str | None = None
    prompt_eval_count: int | None = None
    eval_count: int | None = None
    error: object = None


_DECODE = msgspec.json.Decoder(_Line, strict=False).decode


class OllamaChat:
    """Implements `LLMProtocol`. The endpoint's extra ``num_ctx`` sets the context the server loads the model with."""

    def request(self, endpoint: Endpoint, call: LLMCall) -> WireRequest:
        options: JsonObject = {n: v for n, v in call.parameters.items() if v is not None and n not in _OWN}
        if call.parameters.get("max_tokens") is not None:
            options.setdefault("num_predict", call.parameters["max_tokens"])
        if endpoint.extras.get("num_ctx") is not None:
            options.setdefault("num_ctx", endpoint.extras["num_ctx"])
        stop = stop_words(call)
        if stop:
            options["stop"] = stop
        payload: JsonObject = {
            "model": endpoint.model or call.model.name,
            "messages": [_message(m) for m in call.messages],
            "stream": True,
            "options": options,
        }
        payload.update({n: call.parameters[n] for n in _ON_TOP if call.parameters.get(n) is not None})
        shape = answer_shape(call)
        if shape.kind == "schema":
            payload["format"] = shape.schema
        elif shape.kind == "object" or call.parameters.get("format") == "json":
            payload["format"] = "json"
        if call.tools:
            payload["tools"] = [
                {
                    "type": "function",
                    "function": {"name": t.name, "description": t.description, "parameters": t.parameters},
                }
                for t in call.tools
            ]
        return WireRequest("/api/chat", payload)

    def framing(self) -> JsonLines:
        return JsonLines()

    def decoder(self, endpoint: Endpoint) -> OllamaDecoder:
        return OllamaDecoder(endpoint)


class OllamaDecoder:
    """Implements `AnswerDecoder`."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.finished = False
        self._endpoint = endpoint
        self._calls = ToolCallPieces()
        self._reason = "stop"
        self._usage: Usage | None = None
        self._count = 0

    def feed(self, payload: bytes) -> LLMDelta | None:
        try:
            line = _DECODE(payload)
        except (msgspec.DecodeError, UnicodeDecodeError) as exc:
            raise MalformedEvent(payload[:200].decode("utf-8", "replace")) from exc
        if line.error:
            raise in_stream(self._endpoint, line.error)
        if line.done:
            self.finished, self._reason = True, line.done_reason or "stop"
            if line.eval_count is not None or line.prompt_eval_count is not None:
                prompt, completion = line.prompt_eval_count or 0, line.eval_count or 0
                self._usage = Usage(
                    prompt_tokens=prompt, completion_tokens=completion, total_tokens=prompt + completion
                )
        message = line.message
        if message is None:
            return None
        for call in message.tool_calls or ():
            self._add(call)
        if message.content or message.thinking:
            return LLMDelta(text=message.content or "", reasoning=message.thinking or "")
        return None

    def last(self) -> LLMDelta:
        calls = self._calls.whole()
        reason = "tool_calls" if calls and self._reason == "stop" else self._reason
        return LLMDelta(tool_calls=calls, finish_reason=reason, usage=self._usage)

    def _add(self, call: _Call) -> None:
        function = call.function or _Function()
        arguments = function.arguments
        text = arguments if isinstance(arguments, str) else msgspec.json.encode(arguments or {}).decode()
        self._calls.add(self._count, call.id or "", function.name, text)
        self._count += 1


def _message(message: Message) -> JsonObject:
    out: JsonObject = {"role": message.role, "content": message.text()}
    if not isinstance(message.content, str):
        images = [_image(p) for p in message.content if isinstance(p, MediaPart)]
        if images:
            out["images"] = images
    if message.tool_calls:
        out["tool_calls"] = [{"function": {"name": c.name, "arguments": _arguments(c)}} for c in message.tool_calls]
    if message.role == "tool" and message.name:
        out["tool_name"] = message.name
    return out


def _image(part: MediaPart) -> str:
    if part.kind != "image" or part.data is None:
        raise InvokeBadRequestError("Ollama takes images only, and only as base64: set MULTIMODAL_SEND_FORMAT=base64.")
    return part.data


def _arguments(call: ToolCall) -> JsonObject:
    try:
        found: object = msgspec.json.decode(call.arguments or "{}")
    except msgspec.DecodeError:
        return {}
    return found if is_object(found) else {}
