"""What the supervisor runs: one program, what it needs first, and how to tell that it is well."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import ssl
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from orrery.deploy.probe import ALIVE, alive_file
from orrery.telemetry.alive import what_is_wrong

_ANSWER_SECONDS = 3.0


class News(msgspec.Struct, frozen=True):
    """What a look after a running unit has found: a ``text`` for people, and whether the program has to read its files
    ``again``. It is reached at ``addresses`` from then on, if there are any.
    """

    text: str
    again: bool = False
    addresses: tuple[str, ...] = ()


class Unit(msgspec.Struct, frozen=True, kw_only=True):
    """``address`` is asked for health: ``tcp://host:port`` that connects, ``http(s)://...`` that answers with 2xx, or
    ``alive:/path`` of a file with signs of life. ``addresses`` are those that people open.

    ``user`` and ``group`` are numbers to become before the program starts; None stays who we are. ``look`` is called
    now and then, in a thread, while the unit is well.
    """

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = {}
    folder: Path | None = None
    needs: tuple[str, ...] = ()
    address: str = ""
    stop_signal: int = signal.SIGTERM
    user: int | None = None
    group: int | None = None
    addresses: tuple[str, ...] = ()
    look: Callable[[], News | None] | None = None


class CircularNeeds(Exception):
    """Units need each other in a circle, or one that is not there; the text names them."""


def in_order(units: tuple[Unit, ...]) -> tuple[Unit, ...]:
    """The units so that each stands behind those it needs. Raises `CircularNeeds`."""
    waiting = list(units)
    placed: list[Unit] = []
    while waiting:
        names = {unit.name for unit in placed}
        ready = [unit for unit in waiting if set(unit.needs) <= names]
        if not ready:
            raise CircularNeeds(", ".join(unit.name for unit in waiting))
        placed += ready
        waiting = [unit for unit in waiting if unit not in ready]
    return tuple(placed)


async def is_well(address: str) -> bool:
    """Whether ``address`` answers; True for an empty one."""
    if not address:
        return True
    if address.startswith(ALIVE):
        return what_is_wrong(alive_file(address)) is None
    parts = urlsplit(address)
    try:
        async with asyncio.timeout(_ANSWER_SECONDS):
            secure = _unchecked() if parts.scheme == "https" else None
            reader, writer = await asyncio.open_connection(parts.hostname, parts.port, ssl=secure)
            try:
                if parts.scheme == "tcp":
                    return True
                request = f"GET {parts.path or '/'} HTTP/1.1\r\nHost: {parts.netloc}\r\nConnection: close\r\n\r\n"
                writer.write(request.encode())
                status = await reader.readline()
                return status.split(b" ")[1:2] != [] and status.split(b" ")[1].startswith(b"2")
            finally:
                writer.close()
                if secure:
                    with contextlib.suppress(OSError):
                        await writer.wait_closed()
    except (OSError, TimeoutError):
        return False


def _unchecked() -> ssl.SSLContext:
    """For servers of our own on this machine: whom their certificate names, and what it speaks, is not asked here."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    context.set_ciphers("ALL:@SECLEVEL=0")
    return context
