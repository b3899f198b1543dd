"""Google's generateContent and streamGenerateContent."""

from __future__ import annotations

import json
from typing import Any

from tests.support.model_server.behaviours import Reply, Turn
from tests.support.model_server.bodies import listed, nested
from tests.support.model_server.openai_wire import decoded_size, sse

FINISH = {"stop": "STOP", "length": "MAX_TOKENS", "tool_calls": "STOP"}


def turn(model: str, body: dict[str, Any], *, stream: bool) -> Turn:
    messages: list[tuple[str, str]] = []
    media: list[tuple[str, str, int]] = []
    system = body.get("systemInstruction")
    if system:
        messages.append(("system", "".join(p["text"] for p in system["parts"])))
    for content in body["contents"]:
        role, text = {"model": "assistant"}.get(content.get("role"), "user"), ""
        for part in content["parts"]:
            if "functionResponse" in part:
                found = part["functionResponse"]["response"]
                role, text = "tool", text + str(found.get("result", found))
            elif "inlineData" in part:
                kind = part["inlineData"]["mimeType"]
                media.append((kind.partition("/")[0], kind, decoded_size(part["inlineData"]["data"])))
            elif "fileData" in part:
                media.append(("file", part["fileData"]["fileUri"], 0))
            elif not part.get("thought"):
                text += part.get("text", "")
        messages.append((role, text))
    config = nested(body, "generationConfig")
    declared = [d for t in listed(body, "tools") for d in listed(t, "functionDeclarations")]
    return Turn(
        model=model,
        stream=stream,
        messages=messages,
        tools=[d["name"] for d in declared],
        media=media,
        schema=config.get("responseSchema") or config.get("responseJsonSchema"),
        json_mode=config.get("responseMimeType") == "application/json",
        extras={k: v for k, v in body.items() if k not in {"contents", "tools", "systemInstruction"}},
    )


def frames(reply: Reply) -> list[dict[str, Any]]:
    out = [_frame([{"text": piece, "thought": True}]) for piece in reply.reasoning]
    out += [_frame([{"text": piece}]) for piece in reply.text]
    for name, arguments in reply.calls:
        call = {"name": name, "args": json.loads(arguments)}
        out.append(_frame([{"functionCall": call, "thoughtSignature": "c2ln"}]))
    last = _frame([{"text": ""}])
    last["candidates"][0]["finishReason"] = FINISH.get(reply.finish, reply.finish)
    if reply.usage:
        last["usageMetadata"] = {
            "promptTokenCount": reply.prompt_tokens,
            "candidatesTokenCount": reply.completion_tokens,
            "totalTokenCount": reply.prompt_tokens + reply.completion_tokens,
        }
    return [*out, last]


def events(reply: Reply) -> list[bytes]:
    return [sse(json.dumps(f, ensure_ascii=False)).replace(b"\n", b"\r\n") for f in frames(reply)]


def whole(reply: Reply) -> dict[str, Any]:
    all_frames = frames(reply)
    last = all_frames[-1]
    last["candidates"][0]["content"]["parts"] = [p for f in all_frames for p in f["candidates"][0]["content"]["parts"]]
    return last


def error_body(status: int, message: str) -> dict[str, Any]:
    return {
        "error": {"code": status, "message": message, "status": "UNAVAILABLE" if status >= 500 else "INVALID_ARGUMENT"}
    }


def error_event() -> bytes:
    return sse(json.dumps(error_body(503, "The engine overheated.")))


def _frame(parts: list[dict[str, Any]]) -> dict[str, Any]:
    return {"candidates": [{"content": {"role": "model", "parts": parts}, "index": 0}]}
