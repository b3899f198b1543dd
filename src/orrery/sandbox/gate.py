"""Takes the listening socket out of a snippet's own network and gives it to the gate that serves it."""

from __future__ import annotations

import asyncio
import socket

from orrery.sandbox.protocol import NetworkGate


class GateDoor:
    """The two ends of one job's door: the child sends its listener through it, the gate serves that listener."""

    def __init__(self, gate: NetworkGate) -> None:
        self._gate = gate
        self._ours, self._theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._ours.setblocking(False)
        self._loop = asyncio.get_running_loop()
        self._serving: asyncio.Task[None] | None = None
        self._loop.add_reader(self._ours.fileno(), self._receive)

    @property
    def child_end(self) -> int:
        """Descriptor to hand to the child."""
        return self._theirs.fileno()

    def close_child_end(self) -> None:
        self._theirs.close()

    def _receive(self) -> None:
        self._loop.remove_reader(self._ours.fileno())
        try:
            _, descriptors, _, _ = socket.recv_fds(self._ours, 16, 1)
        except OSError:
            return
        if descriptors:
            listener = socket.socket(fileno=descriptors[0])
            listener.setblocking(False)
            self._serving = self._loop.create_task(self._serve(listener), name="snippet-network")

    async def _serve(self, listener: socket.socket) -> None:
        with listener:
            await self._gate.serve(listener)

    async def close(self) -> None:
        """Ends the gate's service; called when the child has ended."""
        self._loop.remove_reader(self._ours.fileno())
        self._ours.close()
        self._theirs.close()
        if self._serving is not None:
            self._serving.cancel()
            await asyncio.gather(self._serving, return_exceptions=True)
