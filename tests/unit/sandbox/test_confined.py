"""One function in confined children: results, bounds, and nothing left when nobody calls."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from orrery.sandbox.confined import CallFailed, CallRefused, ConfinedFunction
from orrery.sandbox.limits import Limits

from .conftest import PATIENCE
from .waiting import until

ECHO = "base64:b64encode"
EVAL = "builtins:eval"


@asynccontextmanager
async def function(
    entry: str, *, idle: float = 60.0, levels: tuple[int, ...] = (3, 1), **limits: float
) -> AsyncIterator[ConfinedFunction]:
    made = ConfinedFunction(
        entry, (), Limits(**{"workers": 2, "timeout": PATIENCE, **limits}), idle=idle, levels=levels
    )  # type: ignore[arg-type]
    try:
        yield made
    finally:
        await made.close()


async def test_results_come_back_whole():
    async with function(ECHO, output=8 << 20) as call:
        assert call.zygote is None
        assert await asyncio.gather(*(call(bytes([n])) for n in range(5))) == [
            b"AA==",
            b"AQ==",
            b"Ag==",
            b"Aw==",
            b"BA==",
        ]
        assert len(await call(bytes(3 << 20))) == 4 << 20


@pytest.mark.parametrize("levels", [(3,), (1,)])
async def test_the_function_reaches_nothing(levels: tuple[int, ...]):
    tries = [
        b"open('/etc/passwd', 'rb').read()",
        b"open('/proc/self/environ', 'rb').read()",
        b"__import__('subprocess').check_output('/usr/bin/id')",
        b"str(__import__('os').fork()).encode()",
        b"str(__import__('socket').socket()).encode()",
        b"str(open('/tmp/left', 'wb').write(b'x')).encode()",
        b"str(__import__('os').kill(__import__('os').getppid(), 9)).encode()",
    ]
    async with function(EVAL, levels=levels) as call:
        assert (
            await call(b"bytes(__import__('os').environ, 'ascii') if __import__('os').environ else b'none'") == b"none"
        )
        for code in tries:
            with pytest.raises(CallFailed, match="broke down"):
                await call(code)


async def test_bounds_are_told_apart_and_the_next_call_works():
    async with function(EVAL, memory=128 << 20, output=1 << 20) as call:
        for code, reason in (
            (b"bytes(300 << 20)", "needed more than 128 MB of memory"),
            (b"bytes(2 << 20)", "too much text"),
            (b"__import__('ctypes').string_at(1)", "broke down"),
            (b"None", "broke down"),
        ):
            with pytest.raises(CallFailed, match=reason):
                await call(code)
            assert await call(b"b'fine'") == b"fine"


async def test_the_bound_of_time_is_told():
    async with function(EVAL, timeout=0.5) as call:
        with pytest.raises(CallFailed, match=r"took longer than 0\.5 seconds"):
            await call(b"9**9**9")
        assert call.zygote is not None


async def test_an_idle_zygote_ends_and_comes_back():
    async with function(ECHO, idle=0.05) as call:
        await call(b"x")
        first = call.zygote
        assert first is not None
        await until(lambda pid: not Path(f"/proc/{pid}").exists(), first)
        assert call.zygote is None
        assert await call(b"y") == b"eQ=="
        assert call.zygote != first


async def test_a_call_keeps_the_zygote_from_its_rest():
    async with function(ECHO, idle=0.0) as call:
        for _ in range(5):
            assert await asyncio.gather(call(b"x"), call(b"y")) == [b"eA==", b"eQ=="]


async def test_too_many_calls_are_turned_away():
    async with function(ECHO, requests=1) as call:
        results = await asyncio.gather(call(b"x"), call(b"y"), return_exceptions=True)
    assert results[0] == b"eA=="
    assert isinstance(results[1], CallRefused)


async def test_without_confinement_nothing_is_called():
    async with function(ECHO, levels=()) as call:
        with pytest.raises(CallRefused, match="safely"):
            await call(b"x")


async def test_a_caller_that_goes_away_leaves_the_slot():
    async with function(EVAL, workers=1) as call:
        running = asyncio.create_task(call(b"__import__('time').sleep(3600)"))
        await until(lambda call: call.zygote is not None and children(call.zygote), call)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        assert await call(b"b'next'") == b"next"


def children(pid: int) -> str:
    return Path(f"/proc/{pid}/task/{pid}/children").read_text()
