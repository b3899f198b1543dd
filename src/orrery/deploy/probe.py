"""Asks a container's own port whether it is well: ``python -m orrery.deploy.probe http://127.0.0.1:5001/health``.

The image holds no other program that could.
"""

from __future__ import annotations

import http.client
import sys
from urllib.parse import urlsplit

SECONDS = 4.0
_OK = range(200, 300)


def is_well(address: str) -> bool:
    """Whether the address answers in time with success."""
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
