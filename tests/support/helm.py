"""Helm itself, as the package ``helm-sdkpy`` carries it (for Python 3.12 and later; its library works with any).

It runs in processes of its own: the runtime of its language takes over the signals of the one that loads it.
"""

from __future__ import annotations

import ctypes
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from tests.support.cluster import NAMESPACE

RELEASE = "orrery"
_SECONDS = 120
_Text = ctypes.c_char_p
_Texts = ctypes.POINTER(ctypes.c_char_p)
_Handle = ctypes.c_ulonglong


def library() -> Path | None:
    """Where Helm's library is; None if it is not installed."""
    package = find_spec("helm_sdkpy")
    folders = (package.submodule_search_locations or []) if package else []
    return next((path for folder in folders for path in Path(folder).glob("_lib/*/libhelm_sdkpy.so")), None)


Step = tuple[str, Path, object]
"""A verb (install or upgrade), the chart and values."""


class Helm:
    """``access`` names the cluster, in a file's text; ``folder`` takes that file."""

    def __init__(self, access: str, folder: Path) -> None:
        self._access = folder / "access.json"
        self._access.write_text(access)

    def lint(self, chart: Path) -> list[str]:
        """What Helm minds about a chart, without what it only notes."""
        told = json.loads(self._run([("lint", chart, None)]))
        return [str(message) for message in told["Messages"] if message["Severity"] > 1]

    def change(self, *steps: Step) -> None:
        """Raises `AssertionError` with Helm's words."""
        self._run(steps)

    def _run(self, steps: Sequence[Step]) -> str:
        plan = json.dumps([(verb, str(chart), json.dumps(values or {})) for verb, chart, values in steps])
        # What was released is kept by the one process: its place in the cluster speaks another language than JSON.
        environment = {**os.environ, "HOME": str(self._access.parent), "HELM_DRIVER": "memory"}
        words = [sys.executable, "-m", __name__, str(self._access), plan]
        done = subprocess.run(words, capture_output=True, text=True, check=False, env=environment)
        assert done.returncode == 0, done.stderr
        return done.stdout


def main() -> None:
    helm = ctypes.CDLL(str(library()))
    helm.helm_sdkpy_last_error.restype = _Text
    helm.helm_sdkpy_lint.argtypes = [_Handle, _Text, _Texts]
    changes = {"install": helm.helm_sdkpy_install, "upgrade": helm.helm_sdkpy_upgrade}
    for change in changes.values():
        change.argtypes = [_Handle, *[_Text] * 5, _Texts]
    options = json.dumps({"wait": False, "timeout_seconds": _SECONDS, "disable_openapi_validation": True}).encode()
    handle, told = _Handle(), _Text()
    access, plan = sys.argv[1:]
    failed = helm.helm_sdkpy_config_create(NAMESPACE.encode(), access.encode(), None, b"{}", ctypes.byref(handle))
    for verb, chart, values in json.loads(plan):
        if failed:
            break
        if verb == "lint":
            failed = helm.helm_sdkpy_lint(handle, chart.encode(), ctypes.byref(told))
            continue
        texts = (RELEASE.encode(), chart.encode(), values.encode(), b"", options)
        failed = changes[verb](handle, *texts, ctypes.byref(told))
    if failed:
        sys.exit(helm.helm_sdkpy_last_error().decode())
    sys.stdout.write((told.value or b"").decode())


if __name__ == "__main__":
    main()
