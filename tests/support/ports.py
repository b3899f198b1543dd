"""Ports for servers that tests start: each belongs to one test process, and no connection is ever made *from* it.

A port that the system picks lies where it also picks the near ends of outgoing connections. Between the moment that
a test learns the port and the moment that its server listens (or listens again, after a kill), any connection of this
machine can be given it, one to that very port even, which then talks to itself. These ports lie outside that range.
"""

from __future__ import annotations

import random
import socket
from collections.abc import Iterator
from pathlib import Path

_RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")
_BLOCK = 64
_LOWEST = 28_000
"""Further down are ports that browsers and our own outbound rules refuse, such as 10080 and 27017."""


def free_port() -> int:
    """A port of this machine that nobody listens on, and that no other call gives."""
    return free_ports(1)


def free_ports(count: int) -> int:
    """The first of so many consecutive ones, 64 at the most."""
    assert count <= _BLOCK
    while True:
        first = _block.take(count)
        if all(_is_free(first + offset) for offset in range(count)):
            return first


class _Block:
    """Ports that this process holds against other test processes of the machine, until it ends."""

    def __init__(self) -> None:
        self._next = self._end = 0
        self._firsts: Iterator[int] = _firsts()

    def take(self, count: int) -> int:
        while self._end - self._next < count:
            self._next = next(self._firsts)
            self._end = self._next + _BLOCK if _is_ours(self._next) else self._next
        self._next += count
        return self._next - count


def _firsts() -> Iterator[int]:
    try:
        low, high = map(int, _RANGE.read_text().split())
    except OSError:
        low, high = 32768, 60999
    # Below the range where there is room, else above it.
    outside = range(_LOWEST, low - _BLOCK, _BLOCK) or range(high + 1, 65_535 - _BLOCK, _BLOCK)
    chosen = list(outside)
    # Not seeded by a test: two processes should look in different places first.
    random.SystemRandom().shuffle(chosen)
    yield from chosen
    raise RuntimeError("every port outside the range of outgoing connections is taken")


def _is_ours(first: int) -> bool:
    """Takes a name that ends with the process and is as wide as the ports are: the network namespace."""
    name = socket.socket(socket.AF_UNIX)
    try:
        name.bind(f"\0orrery-tests-ports-{first}")
    except OSError:
        name.close()
        return False
    name.detach()  # stays open, without an owner who would have to close it
    return True


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("", port))
        except OSError:
            return False
        return True


_block = _Block()
