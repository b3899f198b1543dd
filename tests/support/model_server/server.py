"""The server: routes of the vendors, faults on the wire, and a record of what was asked."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

from aiohttp import web
from tests.support.model_server import anthropic_wire, gemini_wire, ollama_wire, openai_wire
from tests.support.model_server.behaviours import Behaviours, Reply, Turn
from tests.support.model_server.vectors import embedding, score

MODELS = ("echo", "words:10", "tool", "json", "reasoning", "embed:8", "rerank")
REFUSED_KEY = "wrong-key-0123456789"


@dataclass
class Seen:
    """One request: path with query, headers in lower case, decoded body."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]


@dataclass
class Wire:
    """How one vendor writes answers."""

    content_type: str
    events: Callable[[Turn, Reply], list[bytes]]
    whole: Callable[[Turn, Reply], dict[str, Any]]
    error_body: Callable[[int, str], dict[str, Any]]
    error_event: Callable[[], bytes]


SSE = "text/event-stream"
CHAT = Wire(SSE, openai_wire.chat_events, openai_wire.chat_whole, openai_wire.error_body, openai_wire.error_event)
COMPLETION = Wire(
    SSE, openai_wire.completion_events, openai_wire.completion_whole, openai_wire.error_body, openai_wire.error_event
)
ANTHROPIC = Wire(
    SSE, anthropic_wire.events, anthropic_wire.whole, anthropic_wire.error_body, anthropic_wire.error_event
)
GEMINI = Wire(
    SSE,
    lambda _t, r: gemini_wire.events(r),
    lambda _t, r: gemini_wire.whole(r),
    gemini_wire.error_body,
    gemini_wire.error_event,
)
OLLAMA = Wire(
    "application/x-ndjson", ollama_wire.lines, ollama_wire.whole, ollama_wire.error_body, ollama_wire.error_event
)


class ModelServer:
    """Serves until the end of its ``async with``. ``seen`` holds every request, `streams_under_way` counts open answers.

    The key `REFUSED_KEY` is refused with 401 by every vendor, in a message that repeats it.
    """

    def __init__(self, *, host: str = "127.0.0.1", port: int = 0) -> None:
        self.seen: list[Seen] = []
        self._open_streams = 0
        self._host, self._port = host, port
        self._behaviours = Behaviours()
        self._going_on = asyncio.Event()
        self._going_on.set()
        self._runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        """The root; OpenAI's base URL is ``url + "/v1"``, gemini's and ollama's and anthropic's is ``url``."""
        return f"http://{self._host}:{self._port}"

    def streams_under_way(self) -> int:
        return self._open_streams

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=64 * 1024 * 1024)
        app.router.add_get("/v1/models", self._models)
        app.router.add_get("/v1beta/models", self._gemini_models)
        app.router.add_get("/api/tags", self._tags)
        app.router.add_get("/healthz", self._health)
        app.router.add_post("/hold", self._hold)
        app.router.add_post("/go-on", self._go_on)
        app.router.add_post("/v1/chat/completions", self._chat)
        app.router.add_post("/v1/completions", self._completion)
        app.router.add_post("/v1/embeddings", self._embeddings)
        app.router.add_post("/v1/rerank", self._rerank)
        app.router.add_post("/v1/moderations", self._moderations)
        app.router.add_post("/v1/audio/speech", self._speech)
        app.router.add_post("/v1/messages", self._anthropic)
        app.router.add_post("/v1beta/models/{call}", self._gemini)
        app.router.add_post("/api/chat", self._ollama)
        app.router.add_post("/api/embed", self._ollama_embed)
        app.router.add_post("/openai/deployments/{deployment}/chat/completions", self._azure_chat)
        app.router.add_post("/openai/deployments/{deployment}/embeddings", self._azure_embeddings)
        self._runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, self._host, self._port)
        await site.start()
        self._port = self._runner.addresses[0][1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._runner is not None
        await self._runner.cleanup()

    async def _health(self, _request: web.Request) -> web.Response:
        return web.json_response({"status": "ok", "requests": len(self.seen)})

    async def _hold(self, _request: web.Request) -> web.Response:
        """From now on every stream stops after its first half, until ``/go-on``."""
        self._going_on.clear()
        return web.json_response({})

    async def _go_on(self, _request: web.Request) -> web.Response:
        self._going_on.set()
        return web.json_response({})

    async def _read(self, request: web.Request) -> dict[str, Any]:
        body: dict[str, Any] = json.loads(await request.read()) if request.can_read_body else {}
        headers = {k.lower(): v for k, v in request.headers.items()}
        self.seen.append(Seen(request.path_qs, headers, body))
        return body

    def _key_refused(self, request: web.Request, wire: Wire) -> web.Response | None:
        values = (*request.headers.values(), request.query.get("key", ""))
        if any(REFUSED_KEY in value for value in values):
            message = f"Incorrect API key provided: {REFUSED_KEY}."
            return web.json_response(wire.error_body(401, message), status=401)
        return None

    async def _chat(self, request: web.Request) -> web.StreamResponse:
        return await self._answer(request, CHAT, openai_wire.chat_turn(await self._read(request)))

    async def _azure_chat(self, request: web.Request) -> web.StreamResponse:
        body = await self._read(request)
        if not request.query.get("api-version"):
            return web.json_response(CHAT.error_body(404, "Resource not found"), status=404)
        body["model"] = request.match_info["deployment"]
        return await self._answer(request, CHAT, openai_wire.chat_turn(body))

    async def _completion(self, request: web.Request) -> web.StreamResponse:
        return await self._answer(request, COMPLETION, openai_wire.completion_turn(await self._read(request)))

    async def _anthropic(self, request: web.Request) -> web.StreamResponse:
        body = await self._read(request)
        missing = next((h for h in ("x-api-key", "anthropic-version") if h not in request.headers), None)
        if missing or "max_tokens" not in body:
            text = f"{missing or 'max_tokens'}: Field required"
            return web.json_response(ANTHROPIC.error_body(400, text), status=400)
        return await self._answer(request, ANTHROPIC, anthropic_wire.turn(body))

    async def _gemini(self, request: web.Request) -> web.StreamResponse:
        body = await self._read(request)
        model, _, method = request.match_info["call"].rpartition(":")
        if method == "batchEmbedContents":
            size = _dimensions(model)
            texts = ["".join(p["text"] for p in r["content"]["parts"]) for r in body["requests"]]
            return web.json_response({"embeddings": [{"values": embedding(t, size)} for t in texts]})
        turn = gemini_wire.turn(model, body, stream=method == "streamGenerateContent")
        return await self._answer(request, GEMINI, turn)

    async def _ollama(self, request: web.Request) -> web.StreamResponse:
        return await self._answer(request, OLLAMA, ollama_wire.turn(await self._read(request)))

    async def _models(self, request: web.Request) -> web.Response:
        await self._read(request)
        refusal = self._key_refused(request, CHAT)
        data = [{"id": m, "object": "model", "owned_by": "tests", "type": "model", "display_name": m} for m in MODELS]
        return refusal or web.json_response({"object": "list", "data": data, "has_more": False})

    async def _gemini_models(self, request: web.Request) -> web.Response:
        await self._read(request)
        refusal = self._key_refused(request, GEMINI)
        return refusal or web.json_response({"models": [{"name": f"models/{m}", "displayName": m} for m in MODELS]})

    async def _tags(self, request: web.Request) -> web.Response:
        await self._read(request)
        return web.json_response({"models": [{"name": m, "model": m} for m in MODELS]})

    async def _embeddings(self, request: web.Request) -> web.Response:
        return self._embedded(request, await self._read(request))

    async def _azure_embeddings(self, request: web.Request) -> web.Response:
        return self._embedded(request, {**await self._read(request), "model": request.match_info["deployment"]})

    def _embedded(self, request: web.Request, body: dict[str, Any]) -> web.Response:
        problem = self._key_refused(request, CHAT) or self._failure(body["model"], CHAT)
        if problem is not None:
            return problem
        texts = [body["input"]] if isinstance(body["input"], str) else body["input"]
        size = body.get("dimensions") or _dimensions(body["model"])
        data = [{"object": "embedding", "index": i, "embedding": embedding(t, size)} for i, t in enumerate(texts)]
        tokens = sum(len(t.split()) for t in texts)
        usage = {"prompt_tokens": tokens, "total_tokens": tokens}
        return web.json_response({"object": "list", "data": data[::-1], "model": body["model"], "usage": usage})

    async def _ollama_embed(self, request: web.Request) -> web.Response:
        body = await self._read(request)
        texts = [body["input"]] if isinstance(body["input"], str) else body["input"]
        found = [embedding(t, _dimensions(body["model"])) for t in texts]
        return web.json_response(
            {"model": body["model"], "embeddings": found, "prompt_eval_count": sum(len(t.split()) for t in texts)}
        )

    async def _rerank(self, request: web.Request) -> web.Response:
        body = await self._read(request)
        problem = self._key_refused(request, CHAT) or self._failure(body["model"], CHAT)
        if problem is not None:
            return problem
        ranked = sorted(
            ({"index": i, "relevance_score": score(body["query"], d)} for i, d in enumerate(body["documents"])),
            key=lambda r: -r["relevance_score"],
        )
        tokens = sum(len(d.split()) for d in body["documents"])
        return web.json_response({"results": ranked[: body.get("top_n")], "usage": {"total_tokens": tokens}})

    async def _moderations(self, request: web.Request) -> web.Response:
        body = await self._read(request)
        problem = self._key_refused(request, CHAT) or self._failure(body["model"], CHAT)
        if problem is not None:
            return problem
        flagged = "violence" in body["input"]
        found = {"flagged": flagged, "categories": {"violence": flagged}, "category_scores": {"violence": 0.5}}
        return web.json_response({"id": "modr-1", "model": body["model"], "results": [found]})

    async def _speech(self, request: web.Request) -> web.Response:
        body = await self._read(request)
        problem = self._key_refused(request, CHAT) or self._failure(body["model"], CHAT)
        if problem is not None:
            return problem
        spoken = f"ID3 {body['voice']} says {body['input']}".encode()
        return web.Response(body=spoken, content_type="audio/mpeg")

    def _failure(self, model: str, wire: Wire) -> web.Response | None:
        reply = self._behaviours.reply(Turn(model, stream=False, messages=[]))
        return _error(wire, reply) if reply.status != 200 else None

    async def _answer(self, request: web.Request, wire: Wire, turn: Turn) -> web.StreamResponse:
        refusal = self._key_refused(request, wire)
        if refusal is not None:
            return refusal
        reply = self._behaviours.reply(turn)
        if reply.status != 200:
            return _error(wire, reply)
        if reply.fault == "hang":
            await asyncio.Event().wait()
        if reply.fault == "html":
            return web.Response(text="<!doctype html><title>Welcome</title>", content_type="text/html")
        if not turn.stream:
            await asyncio.sleep(reply.pause * len(reply.text))
            return web.json_response(wire.whole(turn, reply))
        response = web.StreamResponse(headers={"Content-Type": wire.content_type, "Cache-Control": "no-cache"})
        self._open_streams += 1
        try:
            await self._stream(request, response, wire, turn, reply)
        except ConnectionResetError:
            pass  # the caller hung up, which is its right
        finally:
            self._open_streams -= 1
        return response

    async def _stream(
        self, request: web.Request, response: web.StreamResponse, wire: Wire, turn: Turn, reply: Reply
    ) -> None:
        await response.prepare(request)
        if reply.fault == "hang-headers":
            await asyncio.Event().wait()
        events = wire.events(turn, reply)
        if reply.fault == "bytewise":
            for event in events:
                for i in range(len(event)):
                    await response.write(event[i : i + 1])
            return
        marks = [i for i, e in enumerate(events) if "Köln".encode() in e or b"K\\u00f6ln" in e]
        for number, event in enumerate(events):
            if reply.pause:
                await asyncio.sleep(reply.pause)
            if number == len(events) // 2:
                await self._going_on.wait()
            if marks and number == marks[0] and reply.fault:
                await self._fail(request, response, wire, reply.fault, event)
                return
            await response.write(event)

    async def _fail(
        self, request: web.Request, response: web.StreamResponse, wire: Wire, fault: str, event: bytes
    ) -> None:
        """``event`` is the second piece of the faulty answers, ``aus Köln``."""
        if fault == "cut-utf8":
            await response.write(event[: event.index("ö".encode()) + 1])
        else:
            await response.write(event)
        if fault == "hang-mid":
            await asyncio.Event().wait()
        if fault == "garbage":
            await response.write(b'data: {"choices": [{{]\n\n\x00\xff\xfe{oops\n\n')
        if fault == "error-mid":
            await response.write(wire.error_event())
        if fault in {"cut", "cut-utf8"} and request.transport is not None:
            await asyncio.sleep(0.01)  # lets the written piece leave before the reset
            request.transport.abort()


def _error(wire: Wire, reply: Reply) -> web.Response:
    headers = {"Retry-After": reply.retry_after} if reply.retry_after is not None else None
    text = f"This model always answers {reply.status}."
    return web.json_response(wire.error_body(reply.status, text), status=reply.status, headers=headers)


def _dimensions(model: str) -> int:
    rest = model.partition(":")[2]
    return int(rest) if rest.isdigit() else 8
