"""Runs a JavaScript snippet with QuickJS in a confined child. The engine and the shims are loaded once per zygote.

The host functions given to the engine only write to the child's own pipes, hash bytes and tell the time; a snippet
that breaks the engine finds itself in the same confinement as a Python snippet.
"""

# ruff: noqa: PTH118, PTH120, PTH123
# pathlib stays out: it would be one more import in every zygote
from __future__ import annotations

import base64
import hashlib
import json
import os
import sys
import time
from collections.abc import Callable
from importlib import import_module
from typing import Protocol, cast

_SHIMS = os.path.join(os.path.dirname(__file__), "shims")
_MODULES = ("text.js", "buffer.js", "url.js", "clone.js", "console.js", "timers.js", "require.js")
_MEMORY = 192 << 20
_STACK = 4 << 20


class _Context(Protocol):
    """What is used of the binding's context; the binding has no type hints."""

    def eval(self, code: str) -> object: ...
    def add_callable(self, name: str, function: Callable[..., object]) -> None: ...
    def set_memory_limit(self, limit: int) -> None: ...
    def set_max_stack_size(self, limit: int) -> None: ...
    def execute_pending_job(self) -> bool: ...


# the extension module itself: its package would import threads and executors
_quickjs = import_module("_quickjs")
_JavaScriptError = cast("type[Exception]", _quickjs.JSException)


def _write(stream: int, text: str) -> None:
    # as JSON, because the engine's strings end at a NUL on their way here
    (sys.stderr if stream == 2 else sys.stdout).write(json.loads(text))


def _digest(algorithm: str, content: str, key: str | None) -> str:
    """Hex digest of base64 ``content``; an HMAC when there is a base64 ``key``. Unknown algorithms give ``""``."""
    data = base64.b64decode(content)
    name = algorithm.lower().replace("rsa-", "").replace("sha-", "sha")
    if name not in {"md5", "sha1", "sha224", "sha256", "sha384", "sha512"}:
        return ""
    if key is None:
        return hashlib.new(name, data, usedforsecurity=False).hexdigest()
    import hmac  # rarely wanted: costs nothing to those who don't

    return hmac.new(base64.b64decode(key), data, name).hexdigest()


def _new_context() -> tuple[_Context, Callable[[str, str], object]]:
    context = cast("_Context", _quickjs.Context())
    context.set_memory_limit(_MEMORY)
    context.set_max_stack_size(_STACK)
    context.add_callable("__write", _write)
    context.add_callable("__digest", _digest)
    context.add_callable("__now", lambda: time.monotonic() * 1000)
    context.add_callable("__random", lambda: int.from_bytes(os.urandom(4), "little"))
    for name in _MODULES:
        with open(os.path.join(_SHIMS, name), encoding="utf-8") as file:
            context.eval(file.read())
    return context, cast("Callable[[str, str], object]", context.eval("__seal()"))


_context, _entry = _new_context()


def run_raw(code: str, inputs: str, send: Callable[[bytes], None]) -> int:
    """Runs ``code`` as a script."""
    del inputs, send
    return _as_program(code, None, None)


def run_main(code: str, inputs: str, send: Callable[[bytes], None]) -> int:
    """Runs ``code``, calls its global ``main`` with the inputs as one object, sends what JSON.stringify makes of it."""
    return _as_program(code, inputs, send)


def _as_program(code: str, inputs: str | None, send: Callable[[bytes], None] | None) -> int:
    status = 0
    try:
        _entry("seed", "")
        if "\0" in code:
            # the engine takes a C string
            code = code.replace("\0", "\\x00")
        _context.eval(code)
        if inputs is not None and send is not None:
            send(str(_entry("main", inputs)).encode("utf-8", "surrogatepass"))
        _drain()
    except _JavaScriptError as error:
        sys.stderr.write(f"Uncaught {str(error).rstrip()}\n")
        status = 1
    except (MemoryError, UnicodeError) as error:
        sys.stderr.write(f"Uncaught {type(error).__name__}: {error}\n")
        status = 1
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            status = status or 1
    return status


def _drain() -> None:
    """Runs promises and timers until none is left, like a program that ends when its event loop is empty."""
    while True:
        while _context.execute_pending_job():
            pass
        wait = float(str(_entry("next", "")))
        if wait < 0:
            return
        time.sleep(wait / 1000)
        _entry("fire", "")
