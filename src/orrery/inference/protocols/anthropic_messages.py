"""Anthropic's messages (``POST /v1/messages``): requests."""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec

from orrery.inference.endpoint import Endpoint
from orrery.inference.framing import EventStream
from orrery.inference.json_shapes import JsonObject, is_object
from orrery.inference.protocols.anthropic_answer import FORCED_TOOL, MessagesDecoder
from orrery.inference.protocols.openai_chat import stop_words
from orrery.inference.schemas import AnswerShape, answer_shape
from orrery.inference.transport import WireRequest
from orrery.inference.types import ContentPart, InvokeBadRequestError, LLMCall, MediaPart, Message, TextPart, ToolCall

DEFAULT_MAX_TOKENS = 4096
_ONE_OF_TWO = re.compile(r"claude-(opus|sonnet|haiku)-[4-9]")
_PLAIN = ("temperature", "top_p", "top_k")


class AnthropicMessages:
    """Implements `LLMProtocol`. A schema is asked for as a forced tool whose arguments are handed on as text."""

    def request(self, endpoint: Endpoint, call: LLMCall) -> WireRequest:
        shape = answer_shape(call)
        thinking = _thinking(call.parameters)
        system, messages = _conversation(call.messages, thinking=thinking is not None)
        forced = shape.kind == "schema" and thinking is None and not call.tools
        if shape.kind != "text" and not forced:
            system = f"{system}\n\n{_asking_for(shape)}".strip()
        payload: JsonObject = {
            "model": endpoint.model or call.model.name,
            "max_tokens": call.parameters.get("max_tokens")
            or call.parameters.get("max_tokens_to_sample")
            or DEFAULT_MAX_TOKENS,
            "messages": messages,
            "stream": True,
        }
        if system:
            payload["system"] = system
        for name in _PLAIN:
            # With thinking on, the vendor accepts no sampling parameters.
            if call.parameters.get(name) is not None and thinking is None:
                payload[name] = call.parameters[name]
        if "temperature" in payload and _ONE_OF_TWO.search(call.model.name):
            payload.pop("top_p", None)  # these models refuse both at once
        if thinking is not None:
            payload["thinking"] = thinking
        stop = stop_words(call)
        if stop:
            payload["stop_sequences"] = stop
        tools: list[JsonObject] = [
            {"name": t.name, "description": t.description, "input_schema": t.parameters} for t in call.tools
        ]
        if forced:
            tools.append({"name": FORCED_TOOL, "description": "The answer.", "input_schema": shape.schema})
            payload["tool_choice"] = {"type": "tool", "name": FORCED_TOOL}
        if tools:
            payload["tools"] = tools
        if call.user:
            payload["metadata"] = {"user_id": call.user}
        return WireRequest("/v1/messages", payload, {"anthropic-version": "2023-06-01"})

    def framing(self) -> EventStream:
        return EventStream()

    def decoder(self, endpoint: Endpoint) -> MessagesDecoder:
        return MessagesDecoder(endpoint)


def _thinking(parameters: Mapping[str, object]) -> JsonObject | None:
    """The parameters ``thinking`` and ``thinking_budget`` of exported apps as the vendor's object."""
    if not parameters.get("thinking"):
        return None
    budget = parameters.get("thinking_budget")
    tokens = int(budget) if isinstance(budget, int | float | str) and str(budget).strip() else 1024
    return {"type": "enabled", "budget_tokens": max(1024, tokens)}


def _asking_for(shape: AnswerShape) -> str:
    if shape.kind == "object":
        return "Answer with one JSON object and nothing else."
    schema = msgspec.json.encode(shape.schema).decode()
    return f"Answer with one JSON document that fits this JSON Schema, and nothing else:\n{schema}"


def _conversation(messages: tuple[Message, ...], *, thinking: bool) -> tuple[str, list[JsonObject]]:
    """System text apart; neighbours of one role merged, as the vendor wants turns to alternate."""
    system: list[str] = []
    out: list[JsonObject] = []
    blocks: list[JsonObject] = []
    role = ""
    for message in messages:
        if message.role == "system":
            system.append(message.text())
            continue
        speaker = "assistant" if message.role == "assistant" else "user"
        if speaker != role:
            blocks, role = [], speaker
            out.append({"role": role, "content": blocks})
        blocks.extend(_blocks(message, thinking=thinking))
    kept = [m for m in out if m["content"]]
    return "\n\n".join(s for s in system if s), kept


def _blocks(message: Message, *, thinking: bool) -> list[JsonObject]:
    if message.role == "tool":
        return [{"type": "tool_result", "tool_use_id": message.tool_call_id or "", "content": message.text()}]
    out: list[JsonObject] = []
    if thinking and message.reasoning and message.reasoning_signature:
        out.append({"type": "thinking", "thinking": message.reasoning, "signature": message.reasoning_signature})
    parts = (TextPart(message.content),) if isinstance(message.content, str) else message.content
    out.extend(_part(p) for p in parts if not (isinstance(p, TextPart) and not p.text.strip()))
    out.extend({"type": "tool_use", "id": c.id, "name": c.name, "input": _input(c)} for c in message.tool_calls)
    return out


def _part(part: ContentPart) -> JsonObject:
    if isinstance(part, TextPart):
        return {"type": "text", "text": part.text}
    if part.kind not in {"image", "document"}:
        raise InvokeBadRequestError(f"This model takes no {part.kind}.")
    return {"type": part.kind, "source": _source(part)}


def _source(part: MediaPart) -> JsonObject:
    if part.data is None and part.url:
        return {"type": "url", "url": part.url}
    return {"type": "base64", "media_type": part.mime_type, "data": part.data or ""}


def _input(call: ToolCall) -> JsonObject:
    try:
        found: object = msgspec.json.decode(call.arguments or "{}")
    except msgspec.DecodeError:
        return {}
    return found if is_object(found) else {}
