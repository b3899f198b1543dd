"""Anthropic's messages, streamed as named events."""

from __future__ import annotations

import json
from typing import Any

from tests.support.model_server.behaviours import Reply, Turn
from tests.support.model_server.bodies import listed, nested
from tests.support.model_server.openai_wire import decoded_size, sse

FINISH = {"stop": "end_turn", "length": "max_tokens", "tool_calls": "tool_use"}


def turn(body: dict[str, Any]) -> Turn:
    messages: list[tuple[str, str]] = []
    media: list[tuple[str, str, int]] = []
    system = body.get("system") or ""
    if system:
        messages.append(("system", system if isinstance(system, str) else "".join(b["text"] for b in system)))
    for message in body["messages"]:
        content = message["content"]
        blocks: list[dict[str, Any]] = [{"type": "text", "text": content}] if isinstance(content, str) else content
        role, text = message["role"], ""
        for block in blocks:
            if block["type"] == "text":
                text += block["text"]
            elif block["type"] == "tool_result":
                role, text = "tool", text + str(block["content"])
            elif block["type"] in {"image", "document"}:
                source = block["source"]
                if source["type"] == "base64":
                    media.append((block["type"], source["media_type"], decoded_size(source["data"])))
                else:
                    media.append((block["type"], source["url"], 0))
        messages.append((role, text))
    tools = [t["name"] for t in listed(body, "tools")]
    choice = nested(body, "tool_choice")
    forced = next((t for t in listed(body, "tools") if t["name"] == choice.get("name")), None)
    return Turn(
        model=body["model"],
        stream=bool(body.get("stream")),
        messages=messages,
        tools=[choice["name"]] if forced else tools,
        media=media,
        schema=forced["input_schema"] if forced else None,
        extras={k: v for k, v in body.items() if k not in {"messages", "tools", "model", "system"}},
    )


def adjust(asked: Turn, reply: Reply) -> Reply:
    """A forced tool is answered by a call, whatever the behaviour would have said."""
    if asked.schema is not None and reply.text:
        reply.calls, reply.text, reply.finish = [(asked.tools[0], "".join(reply.text))], [], "tool_calls"
    return reply


def events(asked: Turn, reply: Reply) -> list[bytes]:
    reply = adjust(asked, reply)
    usage = {"input_tokens": reply.prompt_tokens, "output_tokens": 1}
    head: dict[str, Any] = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": asked.model,
        "content": [],
        "usage": usage,
    }
    out = [_event("message_start", message=head), _event("ping")]
    index = 0
    if reply.reasoning:
        out.append(_event("content_block_start", index=index, content_block={"type": "thinking", "thinking": ""}))
        for piece in reply.reasoning:
            out.append(_delta(index, {"type": "thinking_delta", "thinking": piece}))
        out.append(_delta(index, {"type": "signature_delta", "signature": "c2lnbmVk"}))
        out.append(_event("content_block_stop", index=index))
        index += 1
    if reply.text:
        out.append(_event("content_block_start", index=index, content_block={"type": "text", "text": ""}))
        out += [_delta(index, {"type": "text_delta", "text": piece}) for piece in reply.text]
        out.append(_event("content_block_stop", index=index))
        index += 1
    for number, (name, arguments) in enumerate(reply.calls):
        block: dict[str, Any] = {"type": "tool_use", "id": f"toolu_{number}", "name": name, "input": {}}
        out.append(_event("content_block_start", index=index, content_block=block))
        for start in range(0, len(arguments), 3):
            piece = arguments[start : start + 3]
            out.append(_delta(index, {"type": "input_json_delta", "partial_json": piece}))
        out.append(_event("content_block_stop", index=index))
        index += 1
    done = {"stop_reason": FINISH.get(reply.finish, reply.finish), "stop_sequence": None}
    spent = {"output_tokens": reply.completion_tokens} if reply.usage else None
    out.append(_event("message_delta", delta=done, **({"usage": spent} if spent else {})))
    out.append(_event("message_stop"))
    return out


def whole(asked: Turn, reply: Reply) -> dict[str, Any]:
    reply = adjust(asked, reply)
    content: list[dict[str, Any]] = []
    if reply.reasoning:
        content.append({"type": "thinking", "thinking": "".join(reply.reasoning), "signature": "c2lnbmVk"})
    if reply.text:
        content.append({"type": "text", "text": "".join(reply.text)})
    for number, (name, arguments) in enumerate(reply.calls):
        content.append({"type": "tool_use", "id": f"toolu_{number}", "name": name, "input": json.loads(arguments)})
    return {
        "id": "msg_1", "type": "message", "role": "assistant", "model": asked.model, "content": content,
        "stop_reason": FINISH.get(reply.finish, reply.finish),
        "usage": {"input_tokens": reply.prompt_tokens, "output_tokens": reply.completion_tokens},
    }  # fmt: skip


def error_body(status: int, message: str) -> dict[str, Any]:
    return {
        "type": "error",
        "error": {"type": "api_error" if status >= 500 else "invalid_request_error", "message": message},
    }


def error_event() -> bytes:
    return _event("error", error={"type": "overloaded_error", "message": "The engine overheated."})


def _event(kind: str, **fields: Any) -> bytes:
    return sse(json.dumps({"type": kind, **fields}, ensure_ascii=False), kind)


def _delta(index: int, delta: dict[str, Any]) -> bytes:
    return _event("content_block_delta", index=index, delta=delta)
