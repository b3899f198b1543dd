"""Asks a container whether it is well: ``python -m orrery.deploy.probe http://127.0.0.1:5001/health``.

A role without a port is asked for its signs of life: ``alive:worker``, or ``alive:/path/of/the/file``. The image holds
no other program that could.
"""

from __future__ import annotations

import sys
from pathlib import Path

from orrery.telemetry.alive import file_of, what_is_wrong

SECONDS = 4.0
ALIVE = "alive:"
_OK = range(200, 300)


def is_well(address: str) -> bool:
    """Whether the address answers in time with success; what else an ``alive:`` has to say goes to the output."""
    if address.startswith(ALIVE):
        trouble = what_is_wrong(alive_file(address))
        if trouble is not None:
            sys.stdout.write(f"{trouble}\n")
        return trouble is None
    return _answers(address)


def alive_file(address: str) -> Path:
    """The file that an ``alive:`` address means."""
    told = address.removeprefix(ALIVE)
    return Path(told) if "/" in told else file_of(told)


def _answers(address: str) -> bool:
    # Lazy: half of what this program takes, for roles that have no port.
    import http.client
    from urllib.parse import urlsplit

    parts = urlsplit(address)
    connection = http.client.HTTPConnection(parts.hostname or "127.0.0.1", parts.port or 80, timeout=SECONDS)
    try:
        connection.request("GET", parts.path or "/")
        return connection.getresponse().status in _OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(0 if is_well(sys.argv[1]) else 1)
