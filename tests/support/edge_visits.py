"""Visitors of an edge over TLS: one request, what it shows, and many requests while something happens to it."""

from __future__ import annotations

import http.client
import ssl
import threading
from collections import Counter
from collections.abc import Generator
from contextlib import closing, contextmanager

from tests.support.edge import WAIT_SECONDS, Behind, Issued, shown


def trusting(issued: Issued) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(issued.certificate))


def connect(port: int, context: ssl.SSLContext) -> http.client.HTTPSConnection:
    return http.client.HTTPSConnection("localhost", port, context=context, timeout=WAIT_SECONDS)


def get(port: int, path: str, context: ssl.SSLContext) -> tuple[int, str]:
    with closing(connect(port, context)) as connection:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()


def shows(port: int, serial: int) -> bool:
    try:
        return shown(port).serial_number == serial
    except OSError:
        return False


@contextmanager
def visits(port: int, context: ssl.SSLContext) -> Generator[Counter[object]]:
    """Asks again and again until the end of the block; what became of the requests."""
    seen: Counter[object] = Counter()
    done = threading.Event()

    def load() -> None:
        while not done.is_set():
            try:
                seen[get(port, "/v1/info", context)[0]] += 1
            except (OSError, http.client.HTTPException) as error:
                seen[repr(error)] += 1

    visitor = threading.Thread(target=load)
    visitor.start()
    try:
        yield seen
    finally:
        done.set()
        visitor.join()
        Behind.release.set()
