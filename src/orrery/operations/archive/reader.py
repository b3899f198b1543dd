"""Reading a backup's file, and checking all of it before anything is made of it."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO

import msgspec

from orrery.operations.archive.manifest import FORMAT, NAME, Manifest
from orrery.operations.archive.sealed import SealedReader, is_sealed
from orrery.operations.errors import OperationFailed
from orrery.operations.progress import Progress

CHUNK_BYTES = 256 * 1024


class ArchiveReader:
    """A backup's parts. ``manifest`` says what there is."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._zip = archive
        self.manifest = _manifest(archive)

    @contextmanager
    def open(self, name: str) -> Generator[IO[bytes]]:
        """A part's content. Raises `OperationFailed` if there is no such part."""
        try:
            file = self._zip.open(name)
        except KeyError:
            raise OperationFailed(f"The backup is not whole: {name} is missing.") from None
        with file:
            yield file

    def check(self, tell: Progress) -> None:
        """Compares every part with its checksum. Raises `OperationFailed`."""
        parts = self.manifest.parts
        for number, part in enumerate(parts, start=1):
            digest, size = hashlib.sha256(), 0
            try:
                with self.open(part.name) as file:
                    while chunk := file.read(CHUNK_BYTES):
                        digest.update(chunk)
                        size += len(chunk)
            except (zipfile.BadZipFile, EOFError, OSError) as error:
                raise OperationFailed(f"The backup is damaged in {part.name}: {error}.") from error
            if (size, digest.hexdigest()) != (part.size, part.sha256):
                raise OperationFailed(f"The backup is damaged: {part.name} is not what was written.")
            tell("checking", number, len(parts))


@contextmanager
def reading(path: Path, passphrase: str | None) -> Generator[ArchiveReader]:
    """Opens a backup. Raises `OperationFailed` if it is none, is sealed and there is no passphrase, or is newer."""
    with ExitStack() as stack:
        file: IO[bytes] = stack.enter_context(path.open("rb"))
        if is_sealed(path):
            if passphrase is None:
                raise OperationFailed("The backup is sealed: give its passphrase.")
            file = stack.enter_context(io.BufferedReader(SealedReader(file, passphrase), 1 << 20))
        try:
            archive = stack.enter_context(zipfile.ZipFile(file))
        except zipfile.BadZipFile as error:
            raise OperationFailed(f"{path} is no backup, or it was cut off.") from error
        yield ArchiveReader(archive)


def _manifest(archive: zipfile.ZipFile) -> Manifest:
    try:
        text = archive.read(NAME)
        version = msgspec.json.decode(text, type=dict[str, object]).get("format")
        if version != FORMAT:
            raise OperationFailed(f"The backup has format {version}, this version reads {FORMAT}.")
        return msgspec.json.decode(text, type=Manifest)
    except (KeyError, msgspec.DecodeError) as error:
        raise OperationFailed("The file is no backup of Orrery, or it was cut off.") from error
