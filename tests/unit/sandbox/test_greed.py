"""Snippets that want all of the memory, time, output or descriptors (reliability.md 3.6, resources)."""

import pytest

from orrery.sandbox.embedded import EmbeddedSandbox
from orrery.sandbox.limits import Limits

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.mark.parametrize(
    ("code", "sign"),
    [
        ("x = [bytes(10**7) for _ in range(10**4)]", "MemoryError"),
        ("x = bytearray(10**10)", "MemoryError"),
        ("def f(): f()\nf()", "RecursionError"),
        ("import mmap\nm = mmap.mmap(-1, 6 * 10**8)\nfor i in range(600): m.write(bytes(10**6))", "memory limit"),
        ("9**9**9", "error: timeout"),
        ("import re\nre.match('(a+)+$', 'a' * 40 + 'b')", "error: timeout"),
        ("import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\ntime.sleep(60)", "error: timeout"),
        ("import os\nos.close(0); os.close(1); os.close(2)\nwhile True: pass", "error: timeout"),
        ("while True: print('x' * 99999)", "error: output limit exceeded"),
        ("import sys\nwhile True: sys.stderr.write('x' * 99999)", "error: output limit exceeded"),
        ("import threading, time\nwhile True: threading.Thread(target=time.sleep, args=(9,), daemon=True).start()",
         "process exited"),
        ("x = []\nwhile True: x.append(open('/dev/null'))", "Too many open files"),
        ("import ctypes\nctypes.string_at(1)", "error: signal: segmentation fault"),
        ("import os\nos.abort()", "error: signal: "),
        ("import signal, os\nos.kill(os.getpid(), 9)", "PermissionError"),
    ],
)  # fmt: skip
async def test_greed_is_bounded(code: str, sign: str):
    sandbox = EmbeddedSandbox(Limits(timeout=0.3 if "timeout" in sign else 3.0))
    try:
        result = await sandbox.run("python3", code)
        assert sign in result.error, result
        assert result.exit_code != 0
        assert (await sandbox.run("python3", "print('still here')")).stdout == "still here\n"
    finally:
        await sandbox.close()


@pytest.mark.parametrize(
    ("code", "sign"),
    [
        ("const a = []; while (true) a.push(new Uint8Array(1 << 20).fill(1))", "out of memory"),
        ("let s = 'x'; while (true) s += s", ""),
        ("function f() { f() } f()", "Maximum call stack size exceeded"),
        ("while (true) console.log('x'.repeat(99999))", "error: output limit exceeded"),
        ("for (;;) {}", "error: timeout"),
        ("/(a+)+$/.test('a'.repeat(40) + 'b')", "error: timeout"),
        ("setInterval(() => {}, 1)", "error: timeout"),
        ("(function again() { Promise.resolve().then(again) })()", "error: timeout"),
    ],
)
async def test_greed_of_javascript_is_bounded(code: str, sign: str):
    sandbox = EmbeddedSandbox(Limits(timeout=0.3 if "timeout" in sign else 3.0))
    try:
        result = await sandbox.run("nodejs", code)
        assert sign in result.error, result
        assert result.exit_code != 0
    finally:
        await sandbox.close()
