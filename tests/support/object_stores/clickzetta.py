"""A volume that understands the statements of ClickZetta's documentation for files, over a folder of this machine."""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

_PUT = re.compile(r"PUT '(?P<local>[^']+)' TO (?P<volume>[\w ]+?) FILE '(?P<path>[^']+)'")
_GET = re.compile(r"GET (?P<volume>[\w ]+?) FILE '(?P<path>[^']+)' TO '(?P<local>[^']+)'")
_REMOVE = re.compile(r"REMOVE (?P<volume>[\w ]+?) FILE '(?P<path>[^']+)'")
_LIST = re.compile(r"LIST (?P<volume>[\w ]+?)(?: SUBDIRECTORY '(?P<path>[^']+)')?")


class VolumeConnection:
    """Implements the storage's `Connection`, and its `Cursor` too."""

    def __init__(self, root: Path, volume: str) -> None:
        self._root, self._volume = root, volume
        self._rows: list[Sequence[object]] = []
        self.statements: list[str] = []

    def cursor(self) -> VolumeConnection:
        return self

    def close(self) -> None:
        return None

    def fetchall(self) -> list[Sequence[object]]:
        return self._rows

    def execute(self, statement: str) -> None:
        self.statements.append(statement)
        for pattern, act in ((_PUT, self._put), (_GET, self._get), (_REMOVE, self._remove), (_LIST, self._list)):
            found = pattern.fullmatch(statement)
            if found:
                assert found["volume"] == self._volume
                self._rows = act(found) or []
                return
        raise RuntimeError(f"syntax error: {statement}")

    def _put(self, found: re.Match[str]) -> None:
        target = self._root / found["path"]
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(found["local"], target)

    def _get(self, found: re.Match[str]) -> None:
        shutil.copy(self._root / found["path"], Path(found["local"]) / Path(found["path"]).name)

    def _remove(self, found: re.Match[str]) -> None:
        (self._root / found["path"]).unlink()

    def _list(self, found: re.Match[str]) -> list[Sequence[object]]:
        top = self._root / (found["path"] or "")
        files = sorted(path for path in top.rglob("*") if path.is_file())
        return [
            (
                str(path.relative_to(self._root)),
                f"oss://somewhere/{path.name}",
                path.stat().st_size,
                datetime.fromtimestamp(path.stat().st_mtime, UTC).strftime("%Y-%m-%d %H:%M:%S"),
            )
            for path in files
        ]
