"""Limits of the HTTP request node."""

from __future__ import annotations

from typing import Annotated

from orrery.settings.declare import Env, Group


class HttpNode(Group, frozen=True, kw_only=True):
    """Limits of the HTTP request node."""

    max_binary_bytes: Annotated[
        int, Env("HTTP_REQUEST_NODE_MAX_BINARY_SIZE", "largest binary answer, bytes", at_least=1)
    ] = 10485760
    max_text_bytes: Annotated[int, Env("HTTP_REQUEST_NODE_MAX_TEXT_SIZE", "largest text answer, bytes", at_least=1)] = (
        1048576
    )
    tls_verify: Annotated[
        bool, Env("HTTP_REQUEST_NODE_SSL_VERIFY", "check certificates unless the node says otherwise")
    ] = True
    max_connect_timeout: Annotated[
        int, Env("HTTP_REQUEST_MAX_CONNECT_TIMEOUT", "longest connect timeout a node may set, seconds", at_least=1)
    ] = 10
    max_read_timeout: Annotated[
        int, Env("HTTP_REQUEST_MAX_READ_TIMEOUT", "longest read timeout a node may set, seconds", at_least=1)
    ] = 600
    max_write_timeout: Annotated[
        int, Env("HTTP_REQUEST_MAX_WRITE_TIMEOUT", "longest write timeout a node may set, seconds", at_least=1)
    ] = 600
