"""OpenAI's chat, completions, embeddings, models; cohere's and jina's rerank, as most compatible servers serve it."""

from __future__ import annotations

import json
from typing import Any

from tests.support.model_server.behaviours import Reply, Turn
from tests.support.model_server.bodies import listed, nested

CREATED = 1_700_000_000


def chat_turn(body: dict[str, Any]) -> Turn:
    media: list[tuple[str, str, int]] = []
    messages: list[tuple[str, str]] = []
    for message in body["messages"]:
        content: Any = message.get("content") or ""
        text = content if isinstance(content, str) else ""
        parts: list[Any] = [] if isinstance(content, str) else content
        for part in parts:
            if part["type"] == "text":
                text += part["text"]
            else:
                media.append(medium(part))
        messages.append(("tool" if message["role"] == "function" else message["role"], text))
    form = nested(body, "response_format")
    return Turn(
        model=body["model"],
        stream=bool(body.get("stream")),
        messages=messages,
        tools=[t["function"]["name"] for t in listed(body, "tools")] + [f["name"] for f in listed(body, "functions")],
        media=media,
        schema=nested(form, "json_schema").get("schema"),
        json_mode=form.get("type") == "json_object",
        extras={k: v for k, v in body.items() if k not in {"messages", "tools", "functions", "model"}},
    )


def medium(part: dict[str, Any]) -> tuple[str, str, int]:
    kind = part["type"]
    inner = part[kind]
    if kind == "input_audio":
        return "audio", inner["format"], decoded_size(inner["data"])
    url = inner.get("url") or inner.get("file_data")
    if url.startswith("data:"):
        head, _, data = url[5:].partition(",")
        return kind.removesuffix("_url"), head.partition(";")[0], decoded_size(data)
    return kind.removesuffix("_url"), url, 0


def decoded_size(data: str) -> int:
    return len(data) * 3 // 4 - data.count("=")


def completion_turn(body: dict[str, Any]) -> Turn:
    return Turn(
        model=body["model"],
        stream=bool(body.get("stream")),
        messages=[("user", body["prompt"])],
        extras={k: v for k, v in body.items() if k not in {"prompt", "model"}},
    )


def chat_events(turn: Turn, reply: Reply) -> list[bytes]:
    """The stream's events; tool arguments come in pieces of three characters."""
    frames: list[dict[str, Any]] = [_chunk(turn, {"role": "assistant", "content": ""})]
    frames += [_chunk(turn, {"reasoning_content": piece}) for piece in reply.reasoning]
    frames += [_chunk(turn, {"content": piece}) for piece in reply.text]
    for index, (name, arguments) in enumerate(reply.calls):
        head = {"index": index, "id": f"call_{index}", "type": "function", "function": {"name": name, "arguments": ""}}
        frames.append(_chunk(turn, {"tool_calls": [head]}))
        for start in range(0, len(arguments), 3):
            piece = {"index": index, "function": {"arguments": arguments[start : start + 3]}}
            frames.append(_chunk(turn, {"tool_calls": [piece]}))
    frames.append(_chunk(turn, {}, reply.finish))
    wants_usage = nested(turn.extras, "stream_options").get("include_usage")
    if reply.usage and wants_usage:
        frames.append({**_chunk(turn, {}), "choices": [], "usage": _usage(reply)})
    return [sse(json.dumps(f, ensure_ascii=False)) for f in frames] + [sse("[DONE]")]


def chat_whole(turn: Turn, reply: Reply) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": "".join(reply.text) or None}
    if reply.reasoning:
        message["reasoning_content"] = "".join(reply.reasoning)
    if reply.calls:
        message["tool_calls"] = [
            {"id": f"call_{i}", "type": "function", "function": {"name": n, "arguments": a}}
            for i, (n, a) in enumerate(reply.calls)
        ]
    choice = {"index": 0, "message": message, "finish_reason": reply.finish}
    return {
        "id": "chatcmpl-1", "object": "chat.completion", "created": CREATED, "model": turn.model,
        "choices": [choice], "usage": _usage(reply),
    }  # fmt: skip


def completion_events(turn: Turn, reply: Reply) -> list[bytes]:
    def frame(text: str, finish: str | None = None) -> bytes:
        choice = {"index": 0, "text": text, "finish_reason": finish}
        return sse(json.dumps({"id": "cmpl-1", "object": "text_completion", "choices": [choice]}, ensure_ascii=False))

    usage = sse(json.dumps({"choices": [], "usage": _usage(reply)}))
    return [*(frame(p) for p in reply.text), frame("", reply.finish), usage, sse("[DONE]")]


def completion_whole(turn: Turn, reply: Reply) -> dict[str, Any]:
    choice = {"index": 0, "text": "".join(reply.text), "finish_reason": reply.finish}
    return {"id": "cmpl-1", "object": "text_completion", "choices": [choice], "usage": _usage(reply)}


def error_body(status: int, message: str) -> dict[str, Any]:
    return {"error": {"message": message, "type": "invalid_request_error" if status < 500 else "server_error"}}


def error_event() -> bytes:
    return sse(json.dumps({"error": {"message": "The engine overheated.", "type": "server_error", "code": 500}}))


def sse(data: str, event: str = "") -> bytes:
    head = f"event: {event}\n" if event else ""
    return f"{head}data: {data}\n\n".encode()


def _chunk(turn: Turn, delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return {
        "id": "chatcmpl-1", "object": "chat.completion.chunk", "created": CREATED, "model": turn.model,
        "choices": [choice],
    }  # fmt: skip


def _usage(reply: Reply) -> dict[str, int]:
    total = reply.prompt_tokens + reply.completion_tokens
    return {
        "prompt_tokens": reply.prompt_tokens,
        "completion_tokens": reply.completion_tokens,
        "total_tokens": total,
    }
