"""Server-sent events as a client reads them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

PING = "ping"


class Sent(NamedTuple):
    """One frame: its id if it has one, the JSON of its data (empty for pings), and the name of the event."""

    seq: int | None
    data: dict[str, Any]
    event: str


def read_frames(chunks: Iterable[bytes]) -> Iterator[Sent]:
    """Frames as they become complete; a frame that was cut is not one."""
    held = b""
    for chunk in chunks:
        held += chunk
        while (at := held.find(b"\n\n")) >= 0:
            block, held = held[:at], held[at + 2 :]
            yield parse_frame(block)


def parse_frame(block: bytes) -> Sent:
    """One frame without its empty line. Fails on what the contract does not have."""
    seq, data, event = None, dict[str, Any](), ""
    for line in block.decode().split("\n"):
        name, found, value = line.partition(": ")
        assert found, f"a line that is no field: {line!r}"
        match name:
            case "id":
                seq = int(value)
            case "event":
                event = value
            case "data":
                data = json.loads(value)
                event = str(data["event"])
            case _:
                raise AssertionError(f"a field that the contract does not have: {line!r}")
    return Sent(seq, data, event)
