"""Snippets that want all of the memory, time, output or descriptors (reliability.md 3.6, resources).

What is to end by its memory or output has all the time it needs; what is to end by its time needs nothing else.
"""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from orrery.sandbox.embedded import EmbeddedSandbox
from orrery.sandbox.limits import Limits

from .conftest import PATIENCE
from .waiting import until

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def patient() -> AsyncIterator[EmbeddedSandbox]:
    made = EmbeddedSandbox(Limits(timeout=PATIENCE))
    yield made
    await made.close()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def hasty() -> AsyncIterator[EmbeddedSandbox]:
    made = EmbeddedSandbox(Limits(timeout=0.15))
    yield made
    await made.close()


@pytest.mark.parametrize(
    ("code", "sign"),
    [
        ("x = [bytes(10**7) for _ in range(10**4)]", "MemoryError"),
        ("x = bytearray(10**10)", "MemoryError"),
        ("def f(): f()\nf()", "RecursionError"),
        # what is shared counts for no limit of addresses, only for what looks from outside: it is held until then
        ("import mmap, time\nm = mmap.mmap(-1, 6 * 10**8)\nfor i in range(600): m.write(bytes(10**6))\ntime.sleep(3600)",
         "memory limit"),
        ("while True: print('x' * 99999)", "error: output limit exceeded"),
        ("import sys\nwhile True: sys.stderr.write('x' * 99999)", "error: output limit exceeded"),
        ("import threading, time\nwhile True: threading.Thread(target=time.sleep, args=(3600,), daemon=True).start()",
         "process exited"),
        ("x = []\nwhile True: x.append(open('/dev/null'))", "Too many open files"),
        ("import ctypes\nctypes.string_at(1)", "error: signal: segmentation fault"),
        ("import os\nos.abort()", "error: signal: "),
        ("import signal, os\nos.kill(os.getpid(), 9)", "PermissionError"),
    ],
)  # fmt: skip
async def test_greed_is_bounded(patient: EmbeddedSandbox, code: str, sign: str):
    result = await patient.run("python3", code)
    assert sign in result.error, result
    assert result.exit_code != 0
    assert (await patient.run("python3", "print('still here')")).stdout == "still here\n"


@pytest.mark.parametrize(
    "code",
    [
        "9**9**9",
        "import sys\nsys.set_int_max_str_digits(0)\nx = str(7 ** 30_000_000)",
        "import re\nre.match('(a+)+$', 'a' * 40 + 'b')",
        "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\ntime.sleep(3600)",
        "import os\nos.close(0); os.close(1); os.close(2)\nwhile True: pass",
        "import threading\nfor _ in range(5): threading.Thread(target=threading.Event().wait).start()",
    ],
)
async def test_time_is_bounded_and_nothing_survives_it(hasty: EmbeddedSandbox, code: str):
    result = await hasty.run("python3", code)
    assert result.error.startswith("process exited with code -1\nerror: timeout\n"), result
    await until(lambda sandbox: not children_of(sandbox), hasty)


@pytest.mark.parametrize(
    ("code", "sign"),
    [
        ("const a = []; while (true) a.push(new Uint8Array(1 << 20).fill(1))", "out of memory"),
        ("let s = 'x'; while (true) s += s", "process exited"),
        ("function f() { f() } f()", "Maximum call stack size exceeded"),
        ("while (true) console.log('x'.repeat(99999))", "error: output limit exceeded"),
        ("while (true) console.error('x'.repeat(99999))", "error: output limit exceeded"),
        ("const a = []; while (true) a.push([a, a.length])", "process exited"),
        ("new ArrayBuffer(2 ** 40)", "process exited"),
        ("7n ** 30000000n", "BigInt is too large"),
        ("'x'.padEnd(2 ** 30)", "process exited"),
    ],
)
async def test_greed_of_javascript_is_bounded(patient: EmbeddedSandbox, code: str, sign: str):
    result = await patient.run("nodejs", code)
    assert sign in result.error, result
    assert result.exit_code != 0
    assert (await patient.run("nodejs", "console.log('still here')")).stdout == "still here\n"


@pytest.mark.parametrize(
    "code",
    [
        "for (;;) {}",
        "/(a+)+$/.test('a'.repeat(40) + 'b')",
        "setInterval(() => {}, 1)",
        "(function again() { Promise.resolve().then(again) })()",
    ],
)
async def test_time_of_javascript_is_bounded(hasty: EmbeddedSandbox, code: str):
    result = await hasty.run("nodejs", code)
    assert result.error.startswith("process exited with code -1\nerror: timeout\n"), result


def children_of(sandbox: EmbeddedSandbox) -> str:
    pid = sandbox.zygotes["py"]
    with open(f"/proc/{pid}/task/{pid}/children") as file:  # noqa: PTH123
        return file.read()
