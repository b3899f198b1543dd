"""Google's gemini (``POST /v1beta/models/<model>:streamGenerateContent``)."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

import msgspec

from orrery.inference.endpoint import Endpoint
from orrery.inference.framing import EventStream
from orrery.inference.json_shapes import JsonObject, is_object
from orrery.inference.protocols.gemini_answer import GenerateDecoder
from orrery.inference.protocols.openai_chat import stop_words
from orrery.inference.schemas import answer_shape, thinned
from orrery.inference.transport import WireRequest
from orrery.inference.types import ContentPart, LLMCall, Message, TextPart

_CONFIG = {
    "temperature": "temperature", "top_p": "topP", "top_k": "topK", "max_tokens": "maxOutputTokens",
    "max_output_tokens": "maxOutputTokens", "presence_penalty": "presencePenalty",
    "frequency_penalty": "frequencyPenalty", "seed": "seed",
}  # fmt: skip


class GeminiGenerate:
    """Implements `LLMProtocol`."""

    def request(self, endpoint: Endpoint, call: LLMCall) -> WireRequest:
        system = "\n\n".join(m.text() for m in call.messages if m.role == "system")
        payload: JsonObject = {"contents": _contents(call.messages)}
        if system:
            payload["systemInstruction"] = {"parts": [{"text": system}]}
        config = _config(call)
        if config:
            payload["generationConfig"] = config
        tools: list[JsonObject] = []
        if call.tools:
            tools.append({
                "functionDeclarations": [
                    {
                        "name": t.name,
                        "description": t.description,
                        **({"parameters": thinned(t.parameters)} if t.parameters.get("properties") else {}),
                    }
                    for t in call.tools
                ]
            })  # fmt: skip
        elif call.parameters.get("grounding"):
            tools.append({"googleSearch": {}})
        if tools:
            payload["tools"] = tools
        model = (endpoint.model or call.model.name).removeprefix("models/")
        path = f"/v1beta/models/{quote(model, safe=':')}:streamGenerateContent?alt=sse"
        return WireRequest(path, payload)

    def framing(self) -> EventStream:
        return EventStream()

    def decoder(self, endpoint: Endpoint) -> GenerateDecoder:
        return GenerateDecoder(endpoint)


def _config(call: LLMCall) -> JsonObject:
    out: JsonObject = {
        theirs: call.parameters[ours] for ours, theirs in _CONFIG.items() if call.parameters.get(ours) is not None
    }
    stop = stop_words(call)
    if stop:
        out["stopSequences"] = stop
    shape = answer_shape(call)
    if shape.kind != "text":
        out["responseMimeType"] = "application/json"
    if shape.kind == "schema":
        out["responseSchema"] = thinned(shape.schema)
    thinking = _thinking(call.parameters)
    if thinking:
        out["thinkingConfig"] = thinking
    return out


def _thinking(parameters: Mapping[str, object]) -> JsonObject:
    out: JsonObject = {}
    if parameters.get("include_thoughts"):
        out["includeThoughts"] = True
    if parameters.get("thinking_budget") is not None:
        out["thinkingBudget"] = parameters["thinking_budget"]
    if parameters.get("thinking_level") is not None:
        out["thinkingLevel"] = str(parameters["thinking_level"]).lower()
    return out


def _contents(messages: tuple[Message, ...]) -> list[JsonObject]:
    """Turns with neighbours of one role merged; a tool's answer is found by the call's id, for its name."""
    names = {c.id: c.name for m in messages for c in m.tool_calls}
    out: list[JsonObject] = []
    parts: list[JsonObject] = []
    role = ""
    for message in messages:
        if message.role == "system":
            continue
        speaker = "model" if message.role == "assistant" else "user"
        if speaker != role:
            parts, role = [], speaker
            out.append({"role": role, "parts": parts})
        parts.extend(_parts(message, names))
    return [c for c in out if c["parts"]]


def _parts(message: Message, names: Mapping[str, str]) -> list[JsonObject]:
    if message.role == "tool":
        name = message.name or names.get(message.tool_call_id or "", "") or "tool"
        return [{"functionResponse": {"name": name, "response": _result(message.text())}}]
    pieces = (TextPart(message.content),) if isinstance(message.content, str) else message.content
    out = [_part(p) for p in pieces if not (isinstance(p, TextPart) and not p.text)]
    for call in message.tool_calls:
        found = _decoded(call.arguments)
        part: JsonObject = {"functionCall": {"name": call.name, "args": found if is_object(found) else {}}}
        if call.signature:
            part["thoughtSignature"] = call.signature
        out.append(part)
    return out


def _part(part: ContentPart) -> JsonObject:
    if isinstance(part, TextPart):
        return {"text": part.text}
    if part.data is None and part.url:
        return {"fileData": {"mimeType": part.mime_type, "fileUri": part.url}}
    return {"inlineData": {"mimeType": part.mime_type, "data": part.data or ""}}


def _result(text: str) -> JsonObject:
    found = _decoded(text)
    return found if is_object(found) else {"result": text}


def _decoded(text: str) -> object:
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError:
        return None
