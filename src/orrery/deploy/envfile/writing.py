"""Writing files that hold secrets."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

PRIVATE = 0o600


def write_new(path: Path, text: str) -> None:
    """Makes ``path``, readable by its owner only. Raises `FileExistsError` and leaves what is there."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        os.fchmod(descriptor, PRIVATE)
        file.write(text)


def replace_text(path: Path, text: str) -> None:
    """Puts ``text`` in the place of ``path`` as a whole: a crash leaves the old or the new file, never a part."""
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        write_new(fresh, text)
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)
