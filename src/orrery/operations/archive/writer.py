"""Writing a backup's file: it appears under its name only when it is whole and on the disk."""

from __future__ import annotations

import hashlib
import io
import os
import secrets
import zipfile
from collections.abc import Generator
from contextlib import contextmanager
from glob import escape
from pathlib import Path
from typing import IO

import msgspec

from orrery.operations.archive.manifest import NAME, Manifest, Part
from orrery.operations.archive.sealed import SealingWriter
from orrery.operations.leftovers import hold, sweep


class PartWriter:
    """One part under way; `write` takes its content piece by piece."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._hash = hashlib.sha256()
        self._size = 0

    def write(self, content: bytes) -> None:
        self._file.write(content)
        self._hash.update(content)
        self._size += len(content)

    def described(self, name: str) -> Part:
        return Part(name, self._size, self._hash.hexdigest())


class ArchiveWriter:
    """Adds parts one after the other; ``parts`` is what there is so far."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._zip = archive
        self.parts: list[Part] = []

    @contextmanager
    def part(self, name: str, *, compress: bool) -> Generator[PartWriter]:
        """A new part, complete when the block ends without an error."""
        info = zipfile.ZipInfo(name)
        info.compress_type = zipfile.ZIP_DEFLATED if compress else zipfile.ZIP_STORED
        info.external_attr = 0o600 << 16
        with self._zip.open(info, "w", force_zip64=True) as file:
            writer = PartWriter(file)
            yield writer
        self.parts.append(writer.described(name))

    def end(self, manifest: Manifest) -> None:
        """Adds the manifest, after which nothing may follow."""
        with self._zip.open(NAME, "w") as file:
            file.write(msgspec.json.format(msgspec.json.encode(manifest), indent=1))


@contextmanager
def writing(path: Path, passphrase: str | None) -> Generator[ArchiveWriter]:
    """A new archive at ``path``, readable by its owner only. Nothing is left behind if the block fails."""
    sweep(path.absolute().parent, f".{escape(path.name)}.????????????????")
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            hold(file)
            if passphrase is None:
                with zipfile.ZipFile(file, "w") as archive:
                    yield ArchiveWriter(archive)
            else:
                sealing = SealingWriter(file, passphrase)
                # A stream without a position: the archive notes sizes behind its parts.
                with io.BufferedWriter(sealing, 1 << 20) as buffered, zipfile.ZipFile(buffered, "w") as archive:
                    yield ArchiveWriter(archive)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
