"""JavaScript on Node: single-use processes that are started ahead and wait, confined, for their snippet.

Node's own start takes longer than most snippets; a spare has it behind itself. The engine is chosen by ``JS_ENGINE``.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import shutil
from pathlib import Path
from typing import Literal, TypeAlias

from orrery.sandbox.limits import Limits
from orrery.sandbox.pool import Unconfined, ZygotePool, judge
from orrery.sandbox.protocol import NetworkGate
from orrery.sandbox.runs import ChildRun, Outcome
from orrery.sandbox.zygotes import ZygoteLost

JsEngine: TypeAlias = Literal["quickjs", "node"]

KIND = "node"
CONTRACT_NODE = "/usr/local/bin/node"
"""Where the contract's settings look for it (section 2)."""

_SCRIPTS = Path(__file__).with_name("cell") / "shims"
_ENTRY, _ESCAPES = _SCRIPTS / "node_entry.cjs", _SCRIPTS / "node_escapes.cjs"
_FEWEST_TRIES = 20
_FIRST_SLOT = 600
"""Spares have users of their own, apart from those of other runs."""


def find_node(path: str = "") -> str | None:
    """The program at ``path``, or the first ``node`` where programs are; None when there is none."""
    found = shutil.which(path or "node")
    return str(Path(found).resolve()) if found else None


def node_command(program: str, memory: int) -> tuple[str, ...]:
    """How Node is started: no text of a snippet is in its arguments. ``memory`` in bytes bounds its heap."""
    heap = max(memory // 2 >> 20, 16)
    options = (f"--max-old-space-size={heap}", "--v8-pool-size=1", "--no-addons", "--no-deprecation", "--no-warnings")
    return (program, *options, "-e", _ENTRY.read_text("utf-8"))


def node_payload(mode: str, code: str, inputs: str) -> bytes:
    """What the entry script reads: length of the code, newline, code, JSON of the rest."""
    encoded = code.encode("utf-8", "replace")
    return b"%d\n%b%b" % (len(encoded), encoded, json.dumps({"mode": mode, "inputs": inputs}).encode())


class NodeSpares:
    """Keeps ``spares`` waiting processes of the pool's zygote. A run takes one, or starts one of its own."""

    def __init__(self, pool: ZygotePool, limits: Limits, *, spares: int = 2) -> None:
        self._pool, self._limits, self._wanted = pool, limits, spares
        self._waiting: list[tuple[ChildRun, int]] = []
        self._slots = list(range(_FIRST_SLOT, _FIRST_SLOT + limits.workers + 2 * spares + 2))
        self._refilling: asyncio.Task[None] | None = None
        self._closed = self._proven = False
        self._proving = asyncio.Lock()

    async def prove(self) -> None:
        """Lets a Node try to break out, once. Raises Unconfined when one try succeeds or the test can't tell."""
        async with self._proving:
            if self._proven:
                return
            limits = self._limits.patient()
            outcome = await self._finish(*await self._begin(None, limits), "main", _ESCAPES.read_text("utf-8"), "{}")
            if outcome.result is None:
                raise Unconfined(f"Node does not run here: {outcome.run.error.strip()[-300:]}")
            judge(outcome.result, _FEWEST_TRIES)
            self._proven = True

    async def run(self, mode: str, code: str, inputs: str, gate: NetworkGate | None) -> Outcome:
        """One snippet in a process of its own. Raises Unconfined, ZygoteLost."""
        return await self._finish(*await self._taken(gate), mode, code, inputs)

    async def _finish(self, child: ChildRun, slot: int, mode: str, code: str, inputs: str) -> Outcome:
        try:
            child.watch()
            child.feed(node_payload(mode, code, inputs))
            return await child.outcome()
        finally:
            await self._let_go(child, slot)
            self._refill()

    async def _taken(self, gate: NetworkGate | None) -> tuple[ChildRun, int]:
        while gate is None and self._waiting:
            child, slot = self._waiting.pop(0)
            if child.alive:
                return child, slot
            await self._let_go(child, slot)
        return await self._begin(gate, self._limits)

    async def _begin(self, gate: NetworkGate | None, limits: Limits) -> tuple[ChildRun, int]:
        slot = self._slots.pop()
        child: ChildRun | None = None
        try:
            zygote = await self._pool.acquire(KIND)
            job = self._pool.program_job(slot, network=gate is not None)
            child = ChildRun(zygote, job, limits, gate, self._pool.group_of(job))
            await child.start_waiting()
        except BaseException:
            if child is not None:
                await child.close()
            self._slots.append(slot)
            raise
        return child, slot

    async def _let_go(self, child: ChildRun, slot: int) -> None:
        try:
            await child.close()
        finally:
            self._slots.append(slot)

    def _refill(self) -> None:
        if not self._closed and (self._refilling is None or self._refilling.done()):
            self._refilling = asyncio.get_running_loop().create_task(self._fill(), name="node-spares")

    async def _fill(self) -> None:
        with contextlib.suppress(ZygoteLost, Unconfined):
            while len(self._waiting) < self._wanted and not self._closed:
                self._waiting.append(await self._begin(None, self._limits))

    async def close(self) -> None:
        """Ends the processes that wait."""
        self._closed = True
        if self._refilling is not None:
            await asyncio.gather(self._refilling, return_exceptions=True)
        while self._waiting:
            await self._let_go(*self._waiting.pop())
