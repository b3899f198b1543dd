"""``python_lib_path`` of the service's settings: further folders of libraries that snippets may read and import from.

The contract copies what is listed into its jail, the interpreter's own library among it. Here snippets find that
without being told, so lists written for other images leave little to do.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

_PACKAGE_ROOT = Path(__file__).resolve().parents[2]
_SHIPPED = re.compile(
    r"/(usr/(local/)?lib|opt/python/lib)/python3(\.\d+)?"
    r"|/usr/lib/(x86_64|aarch64)-linux-gnu"
    r"|/etc/(ssl/certs/ca-certificates\.crt|nsswitch\.conf|hosts|resolv\.conf|localtime|timezone)"
    r"|/run/(systemd/resolve/stub-resolv\.conf|resolvconf/resolv\.conf)"
    r"|/usr/share/zoneinfo"
)
"""What the contract's own files list: read here anyway, or of another image."""

_CLOSED = tuple(Path(p) for p in ("/etc", "/proc", "/sys", "/dev", "/run", "/boot"))
_NOT_WHOLE = tuple(Path(p) for p in ("/root", "/home", "/var", "/tmp"))  # noqa: S108  never used, only refused


def library_folders(listed: Iterable[str], *, own: Sequence[Path] = ()) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Folders to open, and notices. ``own`` are folders of the service that snippets must not see.

    Raises ValueError naming an entry that is not there, is no folder, or would show more than libraries.
    """
    folders: list[str] = []
    left: list[str] = []
    for text in dict.fromkeys(word.rstrip("/") or "/" for word in listed):
        folder = Path(text)
        if _SHIPPED.fullmatch(text) or (folder / "os.py").is_file():
            left.append(text)
            continue
        _check(folder, [*own, *_own_folders()])
        folders.append(text)
    note = f"PYTHON_LIB_PATH: {', '.join(left)} left out: snippets find the library of their own interpreter"
    return tuple(folders), (note,) if left else ()


def _check(folder: Path, own: Iterable[Path]) -> None:
    """Raises ValueError."""
    if not folder.is_absolute():
        reason = "is not the absolute path of a folder"
    elif not folder.exists():
        reason = "is not there"
    elif not folder.is_dir():
        reason = "is no folder; name the one that holds it"
    else:
        real = folder.resolve()
        # a file of settings in the root says nothing about what else is there
        kept = (*_CLOSED, *(p for p in own if p != Path(p.root)))
        closed = [p for p in kept if real.is_relative_to(p) or p.is_relative_to(real)]
        if not closed and not any(p.is_relative_to(real) for p in _NOT_WHOLE):
            return
        reason = f"would show snippets more than libraries{f', such as {closed[0]}' if closed else ''}"
    msg = f"PYTHON_LIB_PATH can't be followed: {folder} {reason}"
    raise ValueError(msg)


def _own_folders() -> list[Path]:
    """Where the service itself is installed."""
    return [_PACKAGE_ROOT, *([Path(sys.prefix).resolve()] if sys.prefix != sys.base_prefix else [])]
