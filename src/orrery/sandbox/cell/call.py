"""Runs one function of ours, from bytes to bytes, in a confined child: for parsers of what strangers made."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import cast


def caller(entry: str) -> Callable[[bytes, Callable[[bytes], None]], int]:
    """A runner for the function ``module:name``, imported now, which gets the whole payload. Raises ImportError."""
    module, _, name = entry.partition(":")
    function = cast("Callable[[bytes], bytes]", getattr(import_module(module), name))

    def run(payload: bytes, send: Callable[[bytes], None]) -> int:
        send(function(payload))
        return 0

    return run
