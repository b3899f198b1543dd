"""What a snippet costs: latency and rate of each kind, beside the start of a bare interpreter in the same run.

    python benchmarks/sandbox.py [runs]

Wall times of a shared machine vary; the ratio to the reference does not.
"""

import asyncio
import os
import resource
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from orrery.sandbox.embedded import EmbeddedSandbox
from orrery.sandbox.limits import Limits
from orrery.sandbox.shortcut import TemplateShortcut

PYTHON = "def main(arg1, arg2):\n    return {'result': arg1 + arg2}"
SCRIPT = "function main({arg1, arg2}) { return {result: arg1 + arg2} }"
TEMPLATE = "{% for x in range(20) %}{{ x }} {{ arg1|upper }}{% endfor %}"
SIMPLE = "{% for x in list %}{{ loop.index }} {{ x|upper }} {% endfor %}{{ arg1 }}"
INPUTS = {"arg1": "a", "arg2": "b"}


def quantiles(times: list[float]) -> str:
    ordered = sorted(times)
    p50, p99 = ordered[len(ordered) // 2], ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))]
    return f"p50 {p50 * 1e3:6.2f} ms  p99 {p99 * 1e3:6.2f} ms"


def processor_seconds() -> float:
    own = resource.getrusage(resource.RUSAGE_SELF)
    return own.ru_utime + own.ru_stime


async def one_by_one(runs: int, call: Callable[[], Awaitable[object]]) -> list[float]:
    await call()
    times: list[float] = []
    for _ in range(runs):
        before = time.perf_counter()
        await call()
        times.append(time.perf_counter() - before)
    return times


async def rate(runs: int, call: Callable[[], Awaitable[object]], concurrent: int) -> float:
    left = iter(range(runs))

    async def worker() -> None:
        for _ in left:
            await call()

    before = time.perf_counter()
    await asyncio.gather(*(worker() for _ in range(concurrent)))
    return runs / (time.perf_counter() - before)


def reference(runs: int) -> list[float]:
    times: list[float] = []
    for _ in range(runs):
        before = time.perf_counter()
        subprocess.run([sys.executable, "-I", "-c", "pass"], check=True, env={})
        times.append(time.perf_counter() - before)
    return times


def resident(pid: int) -> float:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * resource.getpagesize() / (1 << 20)


async def measure(level: int, runs: int) -> None:
    sandbox = EmbeddedSandbox(Limits(requests=200), levels=(level,))
    before = time.perf_counter()
    await sandbox.ready()
    print(f"level {level}: ready after {(time.perf_counter() - before) * 1e3:.0f} ms, self-test included")
    calls: dict[str, Callable[[], Awaitable[object]]] = {
        "python": lambda: sandbox.call_main("python3", PYTHON, INPUTS),
        "template": lambda: sandbox.render_template(TEMPLATE, INPUTS),
        "javascript": lambda: sandbox.call_main("javascript", SCRIPT, INPUTS),
    }
    for name, call in calls.items():
        times = await one_by_one(runs, call)
        own = processor_seconds()
        per_second = await rate(runs, call, concurrent=2)
        own = (processor_seconds() - own) / runs
        print(f"  {name:11s} {quantiles(times)}  2 at once {per_second:5.0f}/s  supervisor {own * 1e3:.2f} ms CPU each")
    sizes = {kind: f"{resident(pid):.0f} MiB" for kind, pid in sandbox.zygotes.items()}
    print(f"  resident: this process {resident(os.getpid()):.0f} MiB, zygotes {sizes}")
    await sandbox.close()


async def main() -> None:
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 300
    print(f"reference   {quantiles(reference(max(runs // 10, 20)))}  (start of python -I -c pass)")
    for level in (3, 1):
        await measure(level, runs)
    shortcut = TemplateShortcut()
    inputs = {**INPUTS, "list": ["x"] * 20}
    shortcut.render(SIMPLE, inputs)
    times: list[float] = []
    for _ in range(runs):
        before = time.perf_counter()
        assert shortcut.render(SIMPLE, inputs) is not None
        times.append(time.perf_counter() - before)
    print(f"template shortcut, 20 steps: {quantiles(times)}")


if __name__ == "__main__":
    asyncio.run(main())
