"""The sandbox inside the API process: holds limits and zygotes, runs no snippet itself, never forks itself."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sys
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Literal

from orrery.sandbox.answers import no_result, parse_object, refused, serialise
from orrery.sandbox.cell.plan import pack_payload
from orrery.sandbox.cgroups import RunGroups
from orrery.sandbox.limits import Limits
from orrery.sandbox.network_wish import may_want_network
from orrery.sandbox.node import KIND as NODE
from orrery.sandbox.node import JsEngine, NodeSpares, node_command
from orrery.sandbox.pool import Unconfined, ZygotePool
from orrery.sandbox.protocol import CodeExecutionError, NetworkGate, RunResult, SandboxRefusal
from orrery.sandbox.relay import proxy_environment
from orrery.sandbox.runs import Outcome
from orrery.sandbox.zygotes import ZygoteLost

_log = logging.getLogger(__name__)

_KINDS = {"python3": "py", "nodejs": "js", "javascript": "js"}
NETWORK_DISABLED = "network is disabled, please enable it in the configuration"


class EmbeddedSandbox:
    """`Sandbox` and `CodeRunner` over zygotes of this machine. Start with `start`, end with `close`.

    ``levels`` are tried in their order, none below ``minimum_level``; ``packages`` are folders from which Python
    snippets may import besides the standard library. ``allow_network`` says that a run which asks for the
    network is not turned away; it gets one at level 3 if there is a ``gate``, and finds every socket refused if not.
    JavaScript runs on ``js_engine``: QuickJS, or the program ``node``; None is Node where it
    can be confined. Snippets find ``environment``, and with network
    ``network_environment`` besides, by default the address of the gate as a proxy. Each run is put into one of ``groups``, and may
    make ``system_calls`` besides those that every snippet may (`policy.FURTHER`).
    """

    def __init__(
        self,
        limits: Limits | None = None,
        *,
        levels: Sequence[int] = (3, 1),
        minimum_level: int = 1,
        packages: Sequence[str] = (),
        allow_network: bool = False,
        gate: NetworkGate | None = None,
        js_engine: JsEngine | None = "quickjs",
        node: str = "",
        environment: Mapping[str, str] | None = None,
        network_environment: Mapping[str, str] | None = None,
        groups: RunGroups | None = None,
        system_calls: Sequence[str] = (),
    ) -> None:
        self._allow_network = allow_network
        self._gate = gate if allow_network else None
        self._packages = bool(packages)
        self._limits = limits or Limits()
        self._missing_node = js_engine == "node" and not node
        self._may_do_without_node = js_engine is None
        command = node_command(node, self._limits.memory) if js_engine != "quickjs" and node else None
        self._pool = ZygotePool(
            self._limits,
            levels=levels,
            minimum=minimum_level,
            packages=packages,
            programs={NODE: command} if command else {},
            environment=environment or {},
            network_environment=proxy_environment() if network_environment is None else network_environment,
            groups=groups,
            system_calls=system_calls,
        )
        self._node = NodeSpares(self._pool, self._limits) if command else None
        self._admitted = 0
        self._workers = asyncio.Semaphore(self._limits.workers)
        self._slots = list(range(self._limits.workers))
        self._warming: asyncio.Task[None] | None = None

    @property
    def level(self) -> int:
        """Confinement level in force; 0 while none is known."""
        return self._pool.level

    @property
    def refusal(self) -> str | None:
        """Why nothing may run here, once known; None while all is well."""
        return self._pool.refusal

    @property
    def grouped(self) -> bool:
        """Whether the kernel bounds each run by a control group; a watch on its memory does elsewhere."""
        return self._pool.grouped

    @property
    def zygotes(self) -> dict[str, int]:
        """Process ids of the running zygotes by kind (``py``, ``tpl``, ``js``)."""
        return self._pool.zygotes

    def start(self) -> None:
        """Prepares the Python zygote in the background, so that the first snippet need not wait for it."""
        if self._warming is None:
            self._warming = asyncio.get_running_loop().create_task(self._warm(), name="sandbox-warm")

    async def _warm(self) -> None:
        with contextlib.suppress(SandboxRefusal):
            await self.ready()

    async def ready(self) -> int:
        """Waits until the confinement level is found and tested; returns it. Raises `SandboxRefusal` if there is none."""
        _require_linux()
        try:
            return await self._pool.settle()
        except Unconfined as error:
            raise _unavailable(str(error)) from error

    async def renew_packages(self) -> None:
        """Lets the next Python snippets see what has changed in the package folders."""
        await self._pool.renew("py")

    async def close(self) -> None:
        """Ends every running snippet and the zygotes."""
        if self._warming is not None:
            self._warming.cancel()
            await asyncio.gather(self._warming, return_exceptions=True)
        if self._node is not None:
            await self._node.close()
        await self._pool.close()

    async def run(self, language: str, code: str, *, enable_network: bool = False) -> RunResult:
        """One raw snippet; see `Sandbox.run`."""
        kind = _zygote_kind(language, code)
        if kind is None:
            raise SandboxRefusal(-400, "unsupported language", status=400)
        if enable_network and not self._allow_network:
            raise SandboxRefusal(-400, NETWORK_DISABLED)
        return (await self._execute(kind, "raw", code, "{}", self._gate if enable_network else None)).run

    async def call_main(
        self, language: Literal["python3", "javascript"], code: str, inputs: Mapping[str, object]
    ) -> dict[str, object]:
        """See `CodeRunner.call_main`. The result comes back beside stdout, so prints can't disturb it."""
        kind = _zygote_kind(language, code)
        if kind is None:
            msg = f"Unsupported language {language}"
            raise CodeExecutionError(msg)
        gate = self._gate if self._connects(kind) and may_want_network(code, packages=self._packages) else None
        outcome = await self._answered(kind, "main", code, inputs, gate)
        if outcome.result is None:
            raise no_result(outcome.run.stdout)
        return parse_object(outcome.result.decode(errors="replace"))

    def _connects(self, kind: str) -> bool:
        """Whether an engine has any means to use a network: QuickJS has none."""
        return kind != "js" or self._node is not None

    async def render_template(self, template: str, inputs: Mapping[str, object]) -> str:
        """See `CodeRunner.render_template`."""
        outcome = await self._answered("tpl", "template", template, inputs)
        if outcome.result is None:
            raise no_result(outcome.run.stdout)
        return outcome.result.decode("utf-8", "surrogatepass")

    async def _answered(
        self, kind: str, mode: str, code: str, inputs: Mapping[str, object], gate: NetworkGate | None = None
    ) -> Outcome:
        text = serialise(dict(inputs))
        try:
            outcome = await self._execute(kind, mode, code, text, gate)
        except SandboxRefusal as refusal:
            raise refused(refusal) from refusal
        if outcome.run.error:
            raise CodeExecutionError(outcome.run.error)
        return outcome

    async def _execute(self, kind: str, mode: str, code: str, inputs: str, gate: NetworkGate | None = None) -> Outcome:
        _require_linux()
        if kind == "js" and self._missing_node:
            raise _unavailable("JavaScript is to run on Node, but no node program is installed")
        if len(code) + len(inputs) > self._limits.code:
            raise SandboxRefusal(-400, f"code and inputs must be smaller than {self._limits.code} bytes")
        async with self._admission() as slot:
            try:
                outcome = await self._run_in(kind, mode, code, inputs, slot, gate)
            except Unconfined as error:
                raise _unavailable(str(error)) from error
            except ZygoteLost as error:
                raise SandboxRefusal(-500, f"the sandbox worker was lost: {error}") from error
        if not outcome.confined:
            raise _unavailable(outcome.run.stderr.strip())
        return outcome

    async def _run_in(
        self, kind: str, mode: str, code: str, inputs: str, slot: int, gate: NetworkGate | None
    ) -> Outcome:
        if kind == "js" and self._node is not None and await self._proven(self._node):
            return await self._node.run(mode, code, inputs, gate)
        return await self._pool.run(kind, mode, pack_payload(code, inputs), slot, gate)

    async def _proven(self, node: NodeSpares) -> bool:
        """Whether JavaScript runs on Node. Raises Unconfined when it has to, but can't."""
        try:
            await node.prove()
        except Unconfined as error:
            if not self._may_do_without_node or not self.level:
                raise
            _log.warning("JavaScript runs on QuickJS: %s", error)
            self._node = None
            await node.close()
            return False
        return True

    @asynccontextmanager
    async def _admission(self) -> AsyncGenerator[int]:
        """A slot among ``workers``; refuses at once beyond ``requests``, later if none comes free in time."""
        busy = SandboxRefusal(-503, "Too many requests", status=503)
        if self._admitted >= self._limits.requests:
            raise busy
        self._admitted += 1
        try:
            try:
                async with asyncio.timeout(self._limits.queue_wait):
                    await self._workers.acquire()
            except TimeoutError as error:
                raise busy from error
            slot = self._slots.pop()
            try:
                yield slot
            finally:
                self._slots.append(slot)
                self._workers.release()
        finally:
            self._admitted -= 1


def _zygote_kind(language: str, code: str) -> str | None:
    """Which zygote runs this. Scripts of other callers render templates themselves: only one zygote has Jinja2."""
    kind = _KINDS.get(language)
    return "tpl" if kind == "py" and "jinja2" in code else kind


def _unavailable(reason: str) -> SandboxRefusal:
    return SandboxRefusal(-500, f"sandbox confinement unavailable: {reason}")


def _require_linux() -> None:
    if sys.platform != "linux":
        raise SandboxRefusal(
            -500,
            "snippets can only be confined on Linux; set CODE_EXECUTION_ENDPOINT to a sandbox service elsewhere",
        )
