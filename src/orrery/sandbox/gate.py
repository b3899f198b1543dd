"""Takes the listening socket out of a snippet's own network and gives its connections to the gate."""

from __future__ import annotations

import asyncio
import contextlib
import socket

from orrery.sandbox.protocol import NetworkGate


class GateDoor:
    """The two ends of one job's door: the child sends its listener through it, the gate gets what that accepts."""

    def __init__(self, gate: NetworkGate) -> None:
        self._gate = gate
        self._ours, self._theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._ours.setblocking(False)
        self._loop = asyncio.get_running_loop()
        self._listener: socket.socket | None = None
        self._carrying: set[asyncio.Task[None]] = set()
        self._unclaimed: set[socket.socket] = set()
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
            self._listener = socket.socket(fileno=descriptors[0])
            self._listener.setblocking(False)
            self._loop.add_reader(self._listener.fileno(), self._accept, self._listener)

    def _accept(self, listener: socket.socket) -> None:
        try:
            connection, _ = listener.accept()
        except OSError:  # gone again before it was taken
            return
        connection.setblocking(False)
        self._unclaimed.add(connection)
        carrying = self._loop.create_task(self._carry(connection), name="snippet-network")
        self._carrying.add(carrying)
        carrying.add_done_callback(self._carrying.discard)

    async def _carry(self, connection: socket.socket) -> None:
        self._unclaimed.discard(connection)
        reader, writer = await asyncio.open_connection(sock=connection)
        with contextlib.closing(writer), contextlib.suppress(OSError, EOFError):
            await self._gate.carry(reader, writer)

    async def close(self) -> None:
        """Ends what the gate still carries; called when the child has ended."""
        for end in (self._ours, self._listener):
            if end is not None and end.fileno() >= 0:
                self._loop.remove_reader(end.fileno())
                end.close()
        self._theirs.close()
        carrying = list(self._carrying)
        for task in carrying:
            task.cancel()
        await asyncio.gather(*carrying, return_exceptions=True)
        for connection in self._unclaimed:  # a task cancelled before its first step ran none of its code
            connection.close()
