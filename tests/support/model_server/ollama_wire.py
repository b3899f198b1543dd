"""Ollama's chat and embeddings, JSON lines."""

from __future__ import annotations

import json
from typing import Any

from tests.support.model_server.behaviours import Reply, Turn
from tests.support.model_server.bodies import listed
from tests.support.model_server.openai_wire import decoded_size


def turn(body: dict[str, Any]) -> Turn:
    media = [("image", "base64", decoded_size(image)) for m in body["messages"] for image in listed(m, "images")]
    form: Any = body.get("format")
    return Turn(
        model=body["model"],
        stream=bool(body.get("stream", True)),
        messages=[(m["role"], m.get("content") or "") for m in body["messages"]],
        tools=[t["function"]["name"] for t in listed(body, "tools")],
        media=media,
        schema=None if isinstance(form, str) else form,
        json_mode=form == "json",
        extras={k: v for k, v in body.items() if k not in {"messages", "tools", "model"}},
    )


def lines(asked: Turn, reply: Reply) -> list[bytes]:
    out = [_line(asked, {"content": "", "thinking": piece}) for piece in reply.reasoning]
    out += [_line(asked, {"content": piece}) for piece in reply.text]
    if reply.calls:
        calls = [{"function": {"name": n, "arguments": json.loads(a)}} for n, a in reply.calls]
        out.append(_line(asked, {"content": "", "tool_calls": calls}))
    return [*out, _encoded(_done(asked, reply, ""))]


def whole(asked: Turn, reply: Reply) -> dict[str, Any]:
    out = _done(asked, reply, "".join(reply.text))
    if reply.reasoning:
        out["message"]["thinking"] = "".join(reply.reasoning)
    if reply.calls:
        out["message"]["tool_calls"] = [{"function": {"name": n, "arguments": json.loads(a)}} for n, a in reply.calls]
    return out


def error_body(status: int, message: str) -> dict[str, Any]:
    return {"error": message}


def error_event() -> bytes:
    return _encoded({"error": "The engine overheated."})


def _done(asked: Turn, reply: Reply, content: str) -> dict[str, Any]:
    out: dict[str, Any] = {
        "model": asked.model,
        "message": {"role": "assistant", "content": content},
        "done": True,
        "done_reason": "length" if reply.finish == "length" else "stop",
    }
    if reply.usage:
        out |= {"prompt_eval_count": reply.prompt_tokens, "eval_count": reply.completion_tokens}
    return out


def _line(asked: Turn, message: dict[str, Any]) -> bytes:
    return _encoded({"model": asked.model, "message": {"role": "assistant", **message}, "done": False})


def _encoded(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode() + b"\n"
