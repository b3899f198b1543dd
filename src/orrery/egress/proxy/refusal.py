"""What the proxy answers itself instead of a server. Its marks are those by which clients know the contract's proxy."""

from __future__ import annotations

from http import HTTPStatus

_SERVER = "Orrery egress proxy (squid-compatible)"


class Refusal(Exception):
    """An answer of the proxy's own. ``mark`` is the word of the contract's proxy for the reason."""

    def __init__(self, status: int, reason: str, mark: str) -> None:
        self.status, self.reason, self.mark = status, reason, mark
        super().__init__(reason)

    def answer(self) -> bytes:
        """The whole answer; the connection ends after it."""
        body = f"{self.reason}\n".encode()
        lines = (
            f"HTTP/1.1 {self.status} {HTTPStatus(self.status).phrase}",
            f"Server: {_SERVER}",
            f"X-Squid-Error: {self.mark} 0",
            "Content-Type: text/plain; charset=utf-8",
            f"Content-Length: {len(body)}",
            "Connection: close",
        )
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def denied(reason: str) -> Refusal:
    return Refusal(403, f"Access denied: {reason}.", "ERR_ACCESS_DENIED")


def invalid(reason: str) -> Refusal:
    return Refusal(400, f"Invalid request: {reason}.", "ERR_INVALID_REQ")


def unreachable(host: str) -> Refusal:
    return Refusal(503, f"{host} can't be reached.", "ERR_CONNECT_FAIL")


def too_slow(what: str) -> Refusal:
    return Refusal(504, f"{what} took too long.", "ERR_READ_TIMEOUT")
