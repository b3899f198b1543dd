"""The outside of a node under test: scripted models, files in memory, a real HTTP client, real Jinja2."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field

import aiohttp
from jinja2.sandbox import SandboxedEnvironment

from orrery.egress.protocol import (
    EgressConnectionFailed,
    EgressTimeout,
    EgressTooLarge,
    FilePart,
    HttpResponse,
    HttpStream,
    Timeouts,
)
from orrery.inference.types import LLMCall, LLMDelta, Message, ModelFeatures, ModelRef, Usage
from orrery.sandbox.protocol import CodeExecutionError
from orrery.workflow.events import OUTSIDE, Event, Marks
from orrery.workflow.node import NodeFailure
from orrery.workflow.pool import Pool


class ScriptedModels:
    """Answers each call with the next script: deltas, or an error after them."""

    def __init__(
        self, *scripts: Sequence[LLMDelta | Exception], features: ModelFeatures | Exception | None = None
    ) -> None:
        self.scripts = list(scripts)
        self.given = features or ModelFeatures(context_size=8000)
        self.calls: list[LLMCall] = []

    async def stream(self, call: LLMCall) -> AsyncIterator[LLMDelta]:
        self.calls.append(call)
        for step in self.scripts.pop(0):
            if isinstance(step, Exception):
                raise step
            yield step

    async def features(self, model: ModelRef) -> ModelFeatures:
        if isinstance(self.given, Exception):
            raise self.given
        return self.given

    async def embed(self, model: ModelRef, texts: Sequence[str]) -> tuple[list[list[float]], Usage]:
        return [[0.0] for _ in texts], Usage()

    def count_tokens(self, model: ModelRef, messages: Sequence[Message]) -> int:
        return sum(len(message.text().split()) for message in messages)


class LocalTemplates:
    """Renders templates where it stands."""

    async def call_main(self, language: str, code: str, inputs: Mapping[str, object]) -> dict[str, object]:
        raise CodeExecutionError("no snippets here")

    async def render_template(self, template: str, inputs: Mapping[str, object]) -> str:
        try:
            return SandboxedEnvironment().from_string(template).render(**inputs)
        except Exception as error:
            raise CodeExecutionError(str(error)) from error


class MemoryFiles:
    """Files by ``related_id``; what is saved counts up."""

    def __init__(self) -> None:
        self.contents: dict[str, bytes] = {}

    def add(self, content: bytes, *, name: str, mime_type: str, kind: str = "document") -> dict[str, object]:
        key = f"file-{len(self.contents) + 1}"
        self.contents[key] = content
        return {
            "dify_model_identity": "__dify__file__",
            "id": key,
            "tenant_id": "t",
            "type": kind,
            "transfer_method": "local_file",
            "remote_url": None,
            "related_id": key,
            "filename": name,
            "extension": "." + name.rpartition(".")[2] if "." in name else "",
            "mime_type": mime_type,
            "size": len(content),
            "url": f"https://files.test/{key}",
        }

    async def read(self, file: Mapping[str, object], *, max_bytes: int) -> bytes:
        content = self.contents.get(str(file["related_id"]))
        if content is None or len(content) > max_bytes:
            raise NodeFailure("File is not to be had")
        return content

    async def save_tool_file(self, content: bytes, *, filename: str, mime_type: str) -> dict[str, object]:
        kind = mime_type.partition("/")[0]
        saved = self.add(content, name=filename, mime_type=mime_type, kind=kind)
        return saved | {"transfer_method": "tool_file"}

    def url(self, file: Mapping[str, object]) -> str:
        return f"https://files.test/{file['related_id']}?signed"


class AiohttpClient:
    """The protocol over plain aiohttp; nothing is guarded."""

    def __init__(self) -> None:
        self.seen: list[dict[str, object]] = []

    async def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        params: Sequence[tuple[str, str]] | None = None,
        content: bytes | None = None,
        json: object = None,
        form: Sequence[tuple[str, str]] | None = None,
        files: Sequence[FilePart] | None = None,
        timeouts: Timeouts | None = None,
        follow_redirects: bool = False,
        verify_tls: bool = True,
        max_bytes: int | None = None,
    ) -> HttpResponse:
        assert not form and not files and json is None
        self.seen.append({"timeouts": timeouts, "verify_tls": verify_tls, "max_bytes": max_bytes})
        limits = timeouts or Timeouts()
        timeout = aiohttp.ClientTimeout(total=limits.total, sock_connect=limits.connect, sock_read=limits.read)
        try:
            async with (
                aiohttp.ClientSession(timeout=timeout) as session,
                session.request(
                    method, url, headers=headers, params=params, data=content, allow_redirects=follow_redirects
                ) as answer,
            ):
                body = await answer.content.read() if max_bytes is None else await self._bounded(answer, max_bytes)
                return HttpResponse(
                    status=answer.status, headers=list(answer.headers.items()), content=body, url=str(answer.url)
                )
        except TimeoutError as error:
            raise EgressTimeout("timed out", url=url) from error
        except aiohttp.ClientError as error:
            raise EgressConnectionFailed(str(error), url=url) from error

    @staticmethod
    async def _bounded(answer: aiohttp.ClientResponse, limit: int) -> bytes:
        body = b""
        async for chunk in answer.content.iter_any():
            body += chunk
            if len(body) > limit:
                raise EgressTooLarge("too large")
        return body

    def stream(self, method: str, url: str, **options: object) -> AbstractAsyncContextManager[HttpStream]:
        raise AssertionError("nodes don't stream")


@dataclass
class Memory:
    messages: Sequence[Message] = ()
    limits: list[int | None] = field(default_factory=list)

    async def history(self, *, limit: int | None) -> Sequence[Message]:
        self.limits.append(limit)
        return self.messages


@dataclass
class Services:
    models: ScriptedModels = field(default_factory=ScriptedModels)
    code: LocalTemplates = field(default_factory=LocalTemplates)
    http: AiohttpClient = field(default_factory=AiohttpClient)
    files: MemoryFiles = field(default_factory=MemoryFiles)
    memory: Memory | None = None


@dataclass
class Context:
    services: Services = field(default_factory=Services)
    variables: Pool = field(default_factory=Pool)
    node_id: str = "node"
    chunks: list[tuple[str, str, bool]] = field(default_factory=list)
    barriers: int = 0
    events: list[Event] = field(default_factory=list[Event])
    execution_id: str = "execution"
    marks: Marks = OUTSIDE

    def emit(self, event: Event) -> None:
        self.events.append(event)

    def stream(self, name: str, text: str, *, final: bool = False) -> None:
        self.chunks.append((name, text, final))

    async def before_effect(self) -> None:
        self.barriers += 1


@dataclass
class Seen:
    """A request as it stood on the wire."""

    line: str
    headers: list[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)


@asynccontextmanager
async def http_server(*answers: bytes) -> AsyncIterator[tuple[str, list[Seen]]]:
    """A server on a free port that gives the raw answers in turn; (address, requests seen)."""
    seen: list[Seen] = []
    rest = list(answers)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        line, *lines = head.strip().split("\r\n")
        headers = [(key, value.strip()) for key, _, value in (text.partition(":") for text in lines)]
        request = Seen(line, headers, b"")
        request.body = await reader.readexactly(int(request.header("content-length") or 0))
        seen.append(request)
        writer.write(rest.pop(0))
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        port = server.sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}", seen
    finally:
        server.close()
        await server.wait_closed()


def answer(body: bytes = b"", *, status: str = "200 OK", **headers: str) -> bytes:
    """A raw HTTP answer; header names with underscores for dashes."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body
