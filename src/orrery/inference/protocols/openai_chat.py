"""OpenAI's chat completions, as spoken by OpenAI, azure and most others (``POST /chat/completions``)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from orrery.inference.endpoint import ChatTraits, Endpoint
from orrery.inference.framing import EventStream
from orrery.inference.json_shapes import JsonObject, is_array
from orrery.inference.protocols.openai_answer import ChatDecoder
from orrery.inference.schemas import answer_shape, qualifies_as_strict
from orrery.inference.transport import WireRequest
from orrery.inference.types import ContentPart, LLMCall, MediaPart, Message, TextPart, ToolSpec

_OWN_PARAMETERS = frozenset({"response_format", "json_schema", "max_tokens", "max_completion_tokens", "stop", "stream"})
_AUDIO_FORMATS = {"audio/wav": "wav", "audio/x-wav": "wav", "audio/mpeg": "mp3", "audio/mp3": "mp3"}


class OpenAIChat:
    """Implements `LLMProtocol`. Departures of a family are in `ChatTraits`, not in subclasses."""

    def __init__(self, path: str = "/chat/completions") -> None:
        self._path = path

    def request(self, endpoint: Endpoint, call: LLMCall) -> WireRequest:
        traits = endpoint.traits
        payload: JsonObject = {
            "model": endpoint.model or call.model.name,
            "messages": [wire_message(m, traits) for m in call.messages],
            **plain_parameters(call.parameters, traits),
            "stream": True,
        }
        if traits.stream_usage:
            payload["stream_options"] = {"include_usage": True}
        stop = stop_words(call)
        if stop:
            payload["stop"] = stop
        if call.user:
            payload["user"] = call.user
        shape = answer_shape(call)
        if shape.kind == "schema" and traits.structured_output:
            form: JsonObject = {"name": shape.name, "schema": shape.schema}
            if qualifies_as_strict(shape.schema):
                form["strict"] = True
            payload["response_format"] = {"type": "json_schema", "json_schema": form}
        elif shape.kind != "text":
            payload["response_format"] = {"type": "json_object"}
        if call.tools and traits.tool_style == "tools":
            payload["tools"] = [{"type": "function", "function": _function(t)} for t in call.tools]
        elif call.tools and traits.tool_style == "functions":
            payload["functions"] = [_function(t) for t in call.tools]
        return WireRequest(self._path, payload)

    def framing(self) -> EventStream:
        return EventStream()

    def decoder(self, endpoint: Endpoint) -> ChatDecoder:
        return ChatDecoder(endpoint)


def plain_parameters(parameters: Mapping[str, object], traits: ChatTraits) -> JsonObject:
    """The app's parameters that go over as they are, and the token limit under the family's name."""
    out: JsonObject = {
        name: value
        for name, value in parameters.items()
        if value is not None and name not in _OWN_PARAMETERS and name not in traits.dropped_parameters
    }
    limit = parameters.get("max_completion_tokens") or parameters.get("max_tokens")
    if limit is not None:
        out[traits.max_tokens_field] = limit
    return out


def stop_words(call: LLMCall) -> list[str]:
    """The call's own and those an app keeps among its parameters, at most four as vendors allow."""
    kept = call.parameters.get("stop")
    extra: list[object] = [kept] if isinstance(kept, str) else kept if is_array(kept) else []
    return list(dict.fromkeys(str(s) for s in (*call.stop, *extra) if s))[:4]


def wire_message(message: Message, traits: ChatTraits) -> JsonObject:
    if message.role == "tool":
        if traits.tool_style == "functions":
            return {"role": "function", "name": message.name or "", "content": message.text()}
        return {"role": "tool", "tool_call_id": message.tool_call_id or "", "content": message.text()}
    out: JsonObject = {
        "role": traits.system_role if message.role == "system" else message.role,
        "content": _content(message.content),
    }
    if message.name and message.role != "assistant":
        out["name"] = message.name
    if message.tool_calls:
        calls = [{"name": c.name, "arguments": c.arguments} for c in message.tool_calls]
        if traits.tool_style == "functions":
            out["function_call"] = calls[0]
        else:
            out["tool_calls"] = [
                {"id": c.id, "type": "function", "function": f} for c, f in zip(message.tool_calls, calls, strict=True)
            ]
        out["content"] = out["content"] or None
    if message.reasoning and traits.echo_reasoning and message.role == "assistant":
        out["reasoning_content"] = message.reasoning
    return out


def data_url(part: MediaPart) -> str:
    """The part's URL, or its bytes as a ``data:`` URL."""
    return part.url if part.data is None and part.url else f"data:{part.mime_type};base64,{part.data or ''}"


def _content(content: str | Sequence[ContentPart]) -> object:
    if isinstance(content, str):
        return content
    return [_part(p) for p in content]


def _part(part: ContentPart) -> JsonObject:
    if isinstance(part, TextPart):
        return {"type": "text", "text": part.text}
    if part.kind == "image":
        return {"type": "image_url", "image_url": {"url": data_url(part), "detail": part.detail}}
    if part.kind == "audio":
        form = _AUDIO_FORMATS.get(part.mime_type, part.mime_type.rpartition("/")[2])
        return {"type": "input_audio", "input_audio": {"data": part.data or part.url or "", "format": form}}
    if part.kind == "video":
        return {"type": "video_url", "video_url": {"url": data_url(part)}}
    return {"type": "file", "file": {"filename": part.filename or "document", "file_data": data_url(part)}}


def _function(tool: ToolSpec) -> JsonObject:
    return {"name": tool.name, "description": tool.description, "parameters": tool.parameters}
