"""What strangers do to the service itself (reliability.md 3.6, infrastructure)."""

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from orrery.egress.protocol import HttpResponse
from orrery.sandbox import service as service_module
from orrery.sandbox.configuration import ServiceSettings
from orrery.sandbox.embedded import EmbeddedSandbox
from orrery.sandbox.limits import Limits
from orrery.sandbox.protocol import RunResult, SandboxRefusal
from orrery.sandbox.role import application
from orrery.sandbox.service import Message

from .conftest import PATIENCE
from .serving import KEY, call, raw, serving
from .waiting import until

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def endpoint(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    packages = tmp_path_factory.mktemp("packages")
    limits = Limits(timeout=PATIENCE, code=1 << 20)
    async with serving(ServiceSettings(key=KEY, limits=limits, packages=str(packages), requirements="/nowhere")) as url:
        yield url


async def test_overload_is_refused_at_once(tmp_path: Path):
    limits = Limits(timeout=PATIENCE, requests=3, workers=2)
    settings = ServiceSettings(key=KEY, limits=limits, packages=str(tmp_path), requirements="/nowhere")
    service = application(settings)
    async with serving(settings, service) as url:
        body = {"language": "python3", "code": "import time\ntime.sleep(3600)"}
        asked = [asyncio.create_task(call(url, "POST", "/v1/sandbox/run", body)) for _ in range(8)]
        # those that are admitted are held until the others have had their answers
        await until(lambda tasks: done(tasks) == 5, asked)
        for answer in [task.result() for task in asked if task.done()]:
            assert answer.status == 503
            assert json.loads(answer.content) == {"code": -503, "message": "Too many requests", "data": None}
            assert answer.header("retry-after") == "1"
        await end_those_that_run(service._sandbox, 2)
        await until(lambda tasks: done(tasks) == 7, asked)
        await end_those_that_run(service._sandbox, 1)
        answers = [json.loads(answer.content) for answer in await asyncio.gather(*asked)]
        assert sorted(answer["code"] for answer in answers) == [-503] * 5 + [-500] * 3


def done(tasks: list[asyncio.Task[HttpResponse]]) -> int:
    return sum(task.done() for task in tasks)


async def end_those_that_run(sandbox: EmbeddedSandbox, count: int) -> None:
    """Ends the process of ``count`` snippets in Python, as soon as they are there."""

    def running(sandbox: EmbeddedSandbox) -> int:
        pid = sandbox.zygotes.get("py", 0)
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split() if pid else []
        return pid if len(children) == count else 0

    os.kill(await until(running, sandbox), signal.SIGKILL)


async def test_ten_thousand_at_once_are_told_at_once():
    sandbox = EmbeddedSandbox(Limits(timeout=PATIENCE, requests=8, workers=2, queue_wait=PATIENCE))
    try:
        await sandbox.ready()
        asked = (sandbox.run("python3", "print(1)") for _ in range(10_000))
        answers = await asyncio.gather(*asked, return_exceptions=True)
        assert sum(isinstance(answer, SandboxRefusal) for answer in answers) == 10_000 - 8
        assert {a.stdout for a in answers if isinstance(a, RunResult)} == {"1\n"}
    finally:
        await sandbox.close()


async def test_slow_callers_keep_nobody_waiting(endpoint: str):
    host, _, port = endpoint.removeprefix("http://").partition(":")
    slow = [await asyncio.open_connection(host, int(port)) for _ in range(200)]
    try:
        for number, (_, writer) in enumerate(slow):
            head = b"POST /v1/sandbox/run HTTP/1.1\r\nHost: x\r\nX-Api-Key: %b\r\n" % KEY.encode()
            # half of them stop in the head, half in the body
            writer.write(head if number % 2 else head + b"Content-Length: 1000\r\n\r\n{")
            await writer.drain()
        answer = await call(endpoint, "POST", "/v1/sandbox/run", {"language": "python3", "code": "print(1)"})
        assert json.loads(answer.content)["data"]["stdout"] == "1\n"
    finally:
        for _, writer in slow:
            writer.close()
            await writer.wait_closed()


@pytest.mark.parametrize("whole", [True, False])
async def test_half_a_snippet_is_not_run(whole: bool, tmp_path: Path):
    settings = ServiceSettings(key=KEY, limits=Limits(timeout=PATIENCE), packages=str(tmp_path))
    service = application(settings)
    sent: list[Message] = []
    arriving: list[Message] = [
        {"type": "http.request", "body": b"language=python3&code=print(1)", "more_body": not whole}
    ]

    async def receive() -> Message:
        return arriving.pop(0) if arriving else {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    headers = [(b"x-api-key", KEY.encode()), (b"content-type", b"application/x-www-form-urlencoded")]
    scope: Message = {
        "type": "http", "method": "POST", "path": "/v1/sandbox/run", "headers": headers, "query_string": b"",
    }  # fmt: skip
    try:
        await service(scope, receive, send)
    finally:
        await service._sandbox.close()
    assert [message.get("status") for message in sent] == [200 if whole else 400, None]
    assert (b'"stdout":"1\\n"' in sent[1]["body"]) is whole
    assert bool(service._sandbox.level) is whole


async def test_a_body_that_does_not_arrive_is_not_waited_for(endpoint: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(service_module, "_BODY_PATIENCE", 0.05)  # the time itself is not what matters
    host, _, port = endpoint.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    head = b"POST /v1/sandbox/run HTTP/1.1\r\nHost: x\r\nX-Api-Key: %b\r\nContent-Length: 9\r\n\r\n{" % KEY.encode()
    writer.write(head)
    answer = await reader.readuntil(b"}")
    writer.close()
    await writer.wait_closed()
    assert answer.split()[1] == b"408"
    assert b"took too long" in answer


async def test_a_key_of_a_megabyte_is_no_key(endpoint: str):
    key = b"k" * (1 << 20)
    answer = await raw(endpoint, b"POST /v1/sandbox/run HTTP/1.1\r\nHost: x\r\nX-Api-Key: " + key + b"\r\n\r\n")
    assert not answer or answer.split()[1] in {b"400", b"401", b"431"}
    assert (await call(endpoint, "GET", "/health")).status == 200


@pytest.mark.parametrize("size", [3 << 20, 100 << 20])
async def test_more_code_than_allowed_is_refused(endpoint: str, size: int):
    body = b'{"language": "python3", "code": "' + b"#" * size + b'"}'
    answer = await call(endpoint, "POST", "/v1/sandbox/run", body)
    assert (answer.status, json.loads(answer.content)["code"]) == (413, -400)


async def test_a_second_request_can_not_hide_in_a_body(endpoint: str):
    run = json.dumps({"language": "python3", "code": "print('smuggled')"}).encode()
    hidden = (
        b"POST /v1/sandbox/run HTTP/1.1\r\nHost: x\r\nX-Api-Key: %b\r\nContent-Type: application/json\r\n"
        % KEY.encode()
    )
    hidden += b"Content-Length: %d\r\n\r\n%b" % (len(run), run)
    ambiguous = (
        b"POST /v1/sandbox/run HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    )
    # a front that goes by the length passes the second request on as a body, without having seen its key
    answer = await raw(endpoint, ambiguous % (5 + len(hidden)) + hidden)
    assert answer.split()[1] in {b"400", b"401"}
    assert b"smuggled" not in answer
    plain = await raw(
        endpoint, b"POST /v1/sandbox/run HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(hidden) + hidden
    )
    assert b"smuggled" not in plain
    assert plain.count(b"HTTP/1.1 ") == 1
