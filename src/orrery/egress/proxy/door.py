"""The way in to the sandbox for those who are not on its network: the contract's accelerator port (5.1)."""

from __future__ import annotations

import asyncio
import contextlib

from orrery.egress.proxy.body import Silence, Traffic, carry_rest
from orrery.egress.proxy.refusal import Refusal, unreachable
from orrery.egress.proxy.rules import ProxyRules, asker


class SandboxDoor:
    """Carries connections of neighbours to the service at ``host``:``port``, which the operator named."""

    def __init__(
        self, rules: ProxyRules, host: str, port: int, *, connect: float = 30.0, silence: float = 120.0
    ) -> None:
        self._rules, self._host, self._port = rules, host, port
        self._connect_patience, self._silence = connect, silence

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection; closes it. For ``asyncio.start_server``."""
        with contextlib.closing(writer), contextlib.suppress(OSError, EOFError, Silence, asyncio.CancelledError):
            try:
                self._rules.check_source(asker(writer))
                far_reader, far_writer = await self._connect()
            except Refusal as refusal:
                writer.write(refusal.answer())
                await writer.drain()
                return
            with contextlib.closing(far_writer):
                traffic = Traffic(self._silence)
                async with asyncio.TaskGroup() as group:
                    group.create_task(carry_rest(reader, far_writer, traffic))
                    group.create_task(carry_rest(far_reader, writer, traffic))

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        try:
            async with asyncio.timeout(self._connect_patience):
                return await asyncio.open_connection(self._host, self._port)
        except OSError:
            raise unreachable("The sandbox") from None
