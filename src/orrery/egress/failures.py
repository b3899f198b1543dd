"""aiohttp's and the socket's errors in this room's words."""

from __future__ import annotations

import aiohttp

from orrery.egress.protocol import (
    EgressConnectionFailed,
    EgressError,
    EgressInvalidRequest,
    EgressTimeout,
    EgressTlsFailed,
)
from orrery.egress.sessions import was_refused
from orrery.egress.target import blocked


def translated(error: BaseException, shown: str) -> EgressError:
    """``shown`` is the URL without credentials; foreign texts are kept short and never hold headers."""
    if was_refused(error):
        return blocked(shown)
    if isinstance(error, TimeoutError):
        connecting = isinstance(error, aiohttp.ConnectionTimeoutError)
        return EgressTimeout("Connecting took too long." if connecting else "The answer took too long.", url=shown)
    if isinstance(error, aiohttp.ClientHttpProxyError):
        if error.status in {401, 403}:
            return blocked(shown)
        return EgressConnectionFailed(f"The proxy answered {error.status}.", url=shown)
    if isinstance(error, aiohttp.ClientProxyConnectionError):
        return EgressConnectionFailed("The configured proxy can't be reached.", url=shown)
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return EgressTlsFailed(f"The certificate does not hold: {error.certificate_error}", url=shown)
    if isinstance(error, aiohttp.ClientSSLError):
        return EgressTlsFailed(f"TLS failed: {error.os_error}", url=shown)
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return EgressConnectionFailed("The host name can't be resolved.", url=shown)
    if isinstance(error, aiohttp.ClientConnectorError):
        return EgressConnectionFailed(f"Connecting failed: {error.os_error.strerror or error.os_error}", url=shown)
    if isinstance(error, aiohttp.InvalidURL):
        return EgressInvalidRequest("Invalid URL.", url=shown)
    if isinstance(error, aiohttp.ServerDisconnectedError | aiohttp.ClientPayloadError):
        return EgressConnectionFailed("The peer cut the connection.", url=shown)
    return EgressConnectionFailed(f"The connection failed: {error}", url=shown)
