"""Files of work that was killed: told from those of work under way by a lock that ends with its process."""

from __future__ import annotations

import contextlib
import fcntl
import shutil
from pathlib import Path
from typing import IO

LOCK = "lock"
"""The locked file of a folder."""


def hold(file: IO[bytes]) -> None:
    """Marks a file as belonging to work under way, until it is closed."""
    fcntl.flock(file, fcntl.LOCK_EX)


def sweep(folder: Path, pattern: str) -> None:
    """Removes files and folders of that pattern that nobody holds. What can't be looked at stays."""
    for found in folder.glob(pattern):
        held = found / LOCK if found.is_dir() else found
        with contextlib.suppress(OSError), held.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if found.is_dir():
                shutil.rmtree(found)
            else:
                found.unlink()
