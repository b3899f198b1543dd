"""Runs a Python snippet in a confined child: as a program, or by calling its ``main``."""

from __future__ import annotations

import atexit
import base64
import builtins
import json
import os
import random
import sys
import types
from collections.abc import Callable

_FILENAME = "<string>"
_dumps, _loads = json.dumps, json.loads


def as_program(body: Callable[[], None]) -> int:
    """Runs ``body`` as an interpreter would run a program: traceback on stderr, exit status, threads joined."""
    status = 0
    try:
        body()
    except SystemExit as leaving:
        status = _exit_status(leaving.code)
    except BaseException as error:  # noqa: BLE001  anything that a snippet raises is shown as its traceback
        _show(error)
        status = 1
    return _finish(status)


def _exit_status(code: object) -> int:
    if code is None:
        return 0
    if isinstance(code, int):
        return code & 0xFF
    sys.stderr.write(f"{code}\n")
    return 1


def _show(error: BaseException) -> None:
    trace = error.__traceback__
    while trace is not None and trace.tb_frame.f_code.co_filename != _FILENAME:
        trace = trace.tb_next
    sys.excepthook(type(error), error.with_traceback(trace), trace)


def _finish(status: int) -> int:
    """What the interpreter does at its end, which a forked child leaves by ``os._exit``."""
    try:
        threading = sys.modules.get("threading")
        if threading is not None:
            # joins the threads that a program would wait for; there is no public name for it
            threading._shutdown()  # noqa: SLF001  # pyright: ignore[reportAttributeAccessIssue]
        atexit._run_exitfuncs()  # noqa: SLF001
    except SystemExit as leaving:
        status = status or _exit_status(leaving.code)
    for stream in (sys.stdout, sys.stderr):
        try:
            if not stream.closed:
                stream.flush()
        except (OSError, ValueError, AttributeError):
            status = status or 120
    return status


def _fresh_module() -> dict[str, object]:
    """A ``__main__`` of its own; the random state must differ between children of one zygote."""
    random.seed(os.urandom(32))
    module = types.ModuleType("__main__")
    module.__dict__["__builtins__"] = builtins
    sys.modules["__main__"] = module
    return module.__dict__


def run_raw(code: str, inputs: str, send: Callable[[bytes], None]) -> int:
    """Runs ``code`` as a script."""
    del inputs, send
    return as_program(lambda: exec(compile(code, _FILENAME, "exec"), _fresh_module()))  # noqa: S102  the purpose


def run_main(code: str, inputs: str, send: Callable[[bytes], None]) -> int:
    """Runs ``code``, calls its ``main`` with ``inputs`` as keyword arguments, sends the result as JSON text."""

    def body() -> None:
        scope = _fresh_module()
        exec(compile(code, _FILENAME, "exec"), scope)  # noqa: S102  the purpose of this process
        arguments = _loads(inputs)
        # snippets have come to rely on these names, which the contract's wrapper imports below their code
        scope.update(json=json, b64decode=base64.b64decode, inputs_obj=arguments)
        main = scope.get("main")
        if main is None:
            msg = "name 'main' is not defined"
            raise NameError(msg)
        result = main(**arguments)  # pyright: ignore[reportCallIssue, reportUnknownVariableType]  # the snippet's own
        send(_dumps(result).encode())

    return as_program(body)
