"""The sandbox's HTTP face: the contract's four endpoints as one small ASGI application (section 1)."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Literal, TypeAlias, cast
from urllib.parse import parse_qsl

import msgspec

from orrery.sandbox.dependencies import Dependencies
from orrery.sandbox.embedded import EmbeddedSandbox
from orrery.sandbox.protocol import SandboxRefusal

Message: TypeAlias = MutableMapping[str, object]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]

_BODY_PATIENCE = 30.0
_TRUTHS = {"1", "true", "on", "yes"}


class RunRequest(msgspec.Struct, frozen=True):
    """Body of a run. ``preload`` is accepted and never executed."""

    language: str
    code: str
    preload: str | None = None
    enable_network: bool | None = None


class _DependencyRequest(msgspec.Struct, frozen=True):
    language: str = ""


class _Answer(msgspec.Struct, frozen=True):
    status: int
    body: bytes
    headers: tuple[tuple[bytes, bytes], ...] = ()


class SandboxService:
    """ASGI application. It owns the sandbox: starts it with the server and closes it with it."""

    def __init__(
        self,
        sandbox: EmbeddedSandbox,
        dependencies: Dependencies,
        *,
        key: str,
        body_limit: int,
        update_interval: float = 0.0,
    ) -> None:
        self._sandbox, self._dependencies = sandbox, dependencies
        self._key = key.encode()
        self._body_limit, self._update_interval = body_limit, update_interval

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        if scope["type"] != "http":
            return
        answer = await self._answer(scope, receive)
        headers = [(b"content-type", b"application/json; charset=utf-8"), *answer.headers]
        headers.append((b"content-length", str(len(answer.body)).encode()))
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": answer.body})

    async def _live(self, receive: Receive, send: Send) -> None:
        installing: asyncio.Task[None] | None = None
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                self._sandbox.start()
                installing = asyncio.create_task(self._keep_installed(), name="sandbox-install")
                await send({"type": "lifespan.startup.complete"})
            else:
                if installing is not None:
                    installing.cancel()
                    await asyncio.gather(installing, return_exceptions=True)
                await self._sandbox.close()
                await send({"type": "lifespan.shutdown.complete"})
                return

    async def _keep_installed(self) -> None:
        """Packages of the requirements file, beside the first runs, and again in the contract's interval."""
        while True:
            if await self._dependencies.install():
                await self._sandbox.renew_packages()
            if not self._update_interval:
                return
            await asyncio.sleep(self._update_interval)

    async def _answer(self, scope: Message, receive: Receive) -> _Answer:
        path, method = str(scope["path"]), str(scope["method"])
        headers = dict(cast("list[tuple[bytes, bytes]]", scope["headers"]))
        if path == "/health" and method in {"GET", "HEAD"}:
            level = str(self._sandbox.level).encode()
            return _Answer(200, b'"ok"', ((b"x-sandbox-level", level),))
        routes: dict[tuple[str, str], Callable[[Mapping[bytes, bytes], str, bytes], Awaitable[_Answer]]] = {
            ("POST", "/v1/sandbox/run"): self._run,
            ("GET", "/v1/sandbox/dependencies"): self._list,
            ("POST", "/v1/sandbox/dependencies/update"): self._update,
            ("GET", "/v1/sandbox/dependencies/refresh"): self._refresh,
        }
        route = routes.get((method, path))
        if route is None:
            return _Answer(404, b"404 page not found")
        if not hmac.compare_digest(headers.get(b"x-api-key", b""), self._key):
            return _Answer(401, b"")
        body = await self._read(receive)
        if isinstance(body, _Answer):
            return body
        try:
            return await route(headers, cast("bytes", scope["query_string"]).decode("latin-1"), body)
        except SandboxRefusal as refusal:
            retry = ((b"retry-after", b"1"),) if refusal.status == 503 else ()
            return _envelope(refusal.status, refusal.code, refusal.message, None, retry)

    async def _read(self, receive: Receive) -> bytes | _Answer:
        body = bytearray()
        try:
            async with asyncio.timeout(_BODY_PATIENCE):
                more = True
                while more:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        # half a snippet may be a snippet, too
                        return _envelope(400, -400, "the request did not arrive whole", None)
                    # what is too much is read but not kept: a client that is still sending would not see the answer
                    if len(body) <= self._body_limit:
                        body += cast("bytes", message.get("body", b""))
                    more = bool(message.get("more_body", False))
        except TimeoutError:
            return _envelope(408, -400, "the request took too long to arrive", None)
        if len(body) > self._body_limit:
            return _envelope(413, -400, f"the request is larger than {self._body_limit} bytes", None)
        return bytes(body)

    async def _run(self, headers: Mapping[bytes, bytes], query: str, body: bytes) -> _Answer:
        request = _parse_run(headers, query, body)
        result = await self._sandbox.run(
            _wire_language(request.language), request.code, enable_network=bool(request.enable_network)
        )
        return _envelope(200, 0, "success", result)

    async def _list(self, headers: Mapping[bytes, bytes], query: str, body: bytes) -> _Answer:
        _require_python(headers, query, body)
        return _envelope(200, 0, "success", {"dependencies": self._dependencies.listing()})

    async def _update(self, headers: Mapping[bytes, bytes], query: str, body: bytes) -> _Answer:
        _require_python(headers, query, body)
        await self._sandbox.renew_packages()
        return _envelope(200, 0, "success", {})

    async def _refresh(self, headers: Mapping[bytes, bytes], query: str, body: bytes) -> _Answer:
        _require_python(headers, query, body)
        installed = await self._dependencies.install()
        await self._sandbox.renew_packages()
        return _envelope(200, 0, "success", {"dependencies": self._dependencies.listing() if installed else None})


def _envelope(
    status: int, code: int, message: str, data: object, headers: tuple[tuple[bytes, bytes], ...] = ()
) -> _Answer:
    return _Answer(status, msgspec.json.encode({"code": code, "message": message, "data": data}), headers)


def _wire_language(language: str) -> Literal["python3", "nodejs"]:
    if language == "python3":
        return "python3"
    if language == "nodejs":
        return "nodejs"
    raise SandboxRefusal(-400, "unsupported language", status=400)


def _parse_run(headers: Mapping[bytes, bytes], query: str, body: bytes) -> RunRequest:
    """JSON for ``application/json`` with or without parameters; form or query fields for anything else."""
    try:
        if headers.get(b"content-type", b"").partition(b";")[0].strip().lower() == b"application/json":
            request = msgspec.json.decode(body, type=RunRequest)
        else:
            request = _from_fields(dict(parse_qsl(body.decode() or query, keep_blank_values=True)))
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise SandboxRefusal(-400, str(error)) from error
    for name, value in (("language", request.language), ("code", request.code)):
        if not value:
            raise SandboxRefusal(-400, f"field validation for '{name}' failed on the 'required' tag")
    return request


def _from_fields(fields: Mapping[str, str]) -> RunRequest:
    network = fields.get("enable_network", "").lower() in _TRUTHS
    return RunRequest(fields.get("language", ""), fields.get("code", ""), enable_network=network)


def _require_python(headers: Mapping[bytes, bytes], query: str, body: bytes) -> None:
    if headers.get(b"content-type", b"").startswith(b"application/json") and body:
        try:
            language = msgspec.json.decode(body, type=_DependencyRequest).language
        except msgspec.MsgspecError as error:
            raise SandboxRefusal(-400, str(error)) from error
    else:
        language = dict(parse_qsl(query)).get("language", "")
    if language != "python3":
        raise SandboxRefusal(-400, "unsupported language", status=400)
