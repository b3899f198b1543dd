"""A sandbox service elsewhere, reached by the contract's HTTP API (``CODE_EXECUTION_ENDPOINT``)."""

from __future__ import annotations

import asyncio
import base64
import re
from collections.abc import Mapping
from typing import Literal

import msgspec

from orrery.egress.protocol import EgressError, HttpClient, HttpResponse, Timeouts
from orrery.sandbox.answers import UNAVAILABLE, no_result, parse_object, refused, serialise
from orrery.sandbox.protocol import CodeExecutionError, RunResult, SandboxRefusal
from orrery.sandbox.wrappers import wrap_javascript, wrap_python, wrap_template

_WIRE = {"python3": "python3", "javascript": "nodejs", "nodejs": "nodejs"}
_TAGGED = re.compile(r"<<RESULT>>(.*)<<RESULT>>", re.DOTALL)
# both outputs at their cap, every byte escaped as \u00XX, and the envelope
_ANSWER_LIMIT = 2 * 6 * (4 << 20) + (1 << 16)
_PAUSES = (0.1, 0.4, 1.0)
"""Seconds before a snippet is sent again that never got to the sandbox."""
_NOT_FORWARDED = frozenset({"ERR_CANNOT_FORWARD", "ERR_CONNECT_FAIL", "ERR_DNS_FAIL"})


class _Data(msgspec.Struct, frozen=True):
    """Services up to 0.2.15 send only ``stdout`` and ``error``."""

    stdout: str | None = None
    error: str | None = None
    stderr: str | None = None
    exit_code: int = 0


class _Envelope(msgspec.Struct, frozen=True):
    code: int
    message: str = ""
    data: _Data | None = None


class RemoteSandbox:
    """`Sandbox` and `CodeRunner` over HTTP. ``endpoint`` is the service's base URL."""

    def __init__(
        self,
        client: HttpClient,
        endpoint: str,
        key: str,
        *,
        timeouts: Timeouts | None = None,
        verify_tls: bool = True,
    ) -> None:
        self._client, self._url, self._key = client, f"{endpoint.rstrip('/')}/v1/sandbox/run", key
        self._timeouts = timeouts or Timeouts(connect=10.0, read=60.0, write=10.0)
        self._verify_tls = verify_tls

    async def run(self, language: str, code: str, *, enable_network: bool = False) -> RunResult:
        """See `Sandbox.run`. Raises CodeExecutionError besides when no answer, or none of this API, comes back."""
        envelope = await self._post({"language": language, "code": code, "enable_network": enable_network})
        if envelope.code != 0:
            raise SandboxRefusal(envelope.code, envelope.message)
        data = envelope.data or _Data()
        return RunResult(data.stdout or "", data.stderr or "", data.error or "", data.exit_code)

    async def call_main(
        self, language: Literal["python3", "javascript"], code: str, inputs: Mapping[str, object]
    ) -> dict[str, object]:
        """See `CodeRunner.call_main`."""
        if language not in {"python3", "javascript"}:
            msg = f"Unsupported language {language}"
            raise CodeExecutionError(msg)
        wrap = wrap_python if language == "python3" else wrap_javascript
        return parse_object(await self._tagged(_WIRE[language], wrap(code, _encoded(serialise(dict(inputs))))))

    async def render_template(self, template: str, inputs: Mapping[str, object]) -> str:
        """See `CodeRunner.render_template`."""
        script = wrap_template(_encoded(template), _encoded(serialise(dict(inputs))))
        return await self._tagged("python3", script)

    async def _tagged(self, language: str, script: str) -> str:
        """What the script printed between the first and the last tag."""
        try:
            # the service's own setting decides about the network
            result = await self.run(language, script, enable_network=True)
        except SandboxRefusal as refusal:
            raise refused(refusal) from refusal
        if result.error:
            raise CodeExecutionError(result.error)
        found = _TAGGED.search(result.stdout)
        if found is None:
            raise no_result(result.stdout)
        return found.group(1)

    async def _post(self, fields: Mapping[str, object]) -> _Envelope:
        unreachable = (
            "Failed to execute code, which is likely a network issue,"
            " please check if the sandbox service is running. ( Error: {} )"
        )
        try:
            answer = await self._send(fields)
            for pause in _PAUSES:
                if not _never_got_there(answer):
                    break
                await asyncio.sleep(pause)
                answer = await self._send(fields)
        except EgressError as error:
            raise CodeExecutionError(unreachable.format(error)) from error
        if answer.status == 503:
            raise CodeExecutionError(UNAVAILABLE)
        if answer.status != 200:
            raise CodeExecutionError(unreachable.format(f"HTTP status {answer.status}"))
        try:
            return msgspec.json.decode(answer.content, type=_Envelope)
        except msgspec.MsgspecError as error:
            msg = "Failed to parse response"
            raise CodeExecutionError(msg) from error

    async def _send(self, fields: Mapping[str, object]) -> HttpResponse:
        return await self._client.request(
            "POST",
            self._url,
            headers={"X-Api-Key": self._key, "Content-Type": "application/json"},
            content=msgspec.json.encode({**fields, "preload": ""}),
            timeouts=self._timeouts,
            verify_tls=self._verify_tls,
            max_bytes=_ANSWER_LIMIT,
        )


def _never_got_there(answer: HttpResponse) -> bool:
    """Whether the proxy before the sandbox says that it did not reach it, as it does once after a restart."""
    if answer.header("X-Orrery-Not-Forwarded"):
        return True
    return (answer.header("X-Squid-Error") or "").partition(" ")[0] in _NOT_FORWARDED


def _encoded(text: str) -> str:
    return base64.b64encode(text.encode("utf-8", "surrogatepass")).decode()
