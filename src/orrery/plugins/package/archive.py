"""The container: a zip of plain files, read with every limit checked before a byte is unpacked (plugins.md 1.1).

Refused are entries that could lead out of a folder, links, encrypted or oddly packed entries, names that occur twice,
and anything whose size is not what was declared. What passes is in memory and bounded.
"""

from __future__ import annotations

import io
import stat
import zipfile
import zlib
from collections.abc import Mapping

import msgspec

from orrery.plugins.package.faults import PackageFault, TooLarge

MOST_ENTRIES = 10_000
LONGEST_PATH_BYTES = 512
_PLAIN_WAYS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ENCRYPTED = 0x1
_CHUNK = 64 * 1024
_UNPACK_HINT = "pack the files again, without folders of their own (zip -D)"


class Archive(msgspec.Struct, frozen=True):
    """``files`` by path in the order of the zip; ``comment`` is the zip's own, where signatures are."""

    files: Mapping[str, bytes]
    comment: bytes

    def text(self, path: str) -> bytes:
        """The content of a file that has to be there. Raises `PackageFault`."""
        found = self.files.get(path)
        if found is None:
            raise PackageFault("the file is not in the package", file=path)
        return found


def read_archive(content: bytes, *, most_bytes: int) -> Archive:
    """``most_bytes`` bounds the zip and, once more, all that is in it together. Raises `PackageFault`, `TooLarge`."""
    if len(content) > most_bytes:
        raise TooLarge(f"the package is larger than {most_bytes} bytes")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as opened:
            entries = opened.infolist()
            _check(entries, most_bytes)
            files = {entry.filename: _unpack(opened, entry) for entry in entries}
            return Archive(files, opened.comment)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, UnicodeError, ValueError, OSError) as error:
        raise PackageFault(f"the package is not a readable zip file: {error}") from error


def check_path(path: str) -> None:
    """Raises `PackageFault` for a path that is not one of plain names below the package's root."""
    names = path.split("/")
    if (
        not path
        or len(path.encode("utf-8", "surrogatepass")) > LONGEST_PATH_BYTES
        or any(name in {"", ".", ".."} for name in names)
        or not path.isprintable()
        or "\\" in path
        or (len(names[0]) == 2 and names[0][1] == ":")
    ):
        raise PackageFault(f"the entry {path[:80]!r} of the zip is not a path inside the package")


def _check(entries: list[zipfile.ZipInfo], most_bytes: int) -> None:
    if len(entries) > MOST_ENTRIES:
        raise TooLarge(f"the package has more than {MOST_ENTRIES} files")
    seen: set[str] = set()
    total = 0
    for entry in entries:
        path = entry.filename
        if path.endswith("/"):
            raise PackageFault(f"the entry {path[:80]!r} of the zip is a folder: {_UNPACK_HINT}")
        check_path(path)
        if path in seen:
            raise PackageFault("the zip has two files of this name", file=path)
        seen.add(path)
        mode = entry.external_attr >> 16
        if stat.S_IFMT(mode) not in {0, stat.S_IFREG}:
            raise PackageFault("the entry of the zip is a link or device, not a file", file=path)
        if entry.flag_bits & _ENCRYPTED or entry.compress_type not in _PLAIN_WAYS:
            raise PackageFault("the entry of the zip is encrypted, or packed in a way other than deflate", file=path)
        total += entry.file_size
        if total > most_bytes:
            raise TooLarge(f"the unpacked files are larger than {most_bytes} bytes together")


def _unpack(opened: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    """The content, never more than the size that was declared and counted."""
    parts: list[bytes] = []
    left = entry.file_size
    with opened.open(entry) as stream:
        while chunk := stream.read(min(_CHUNK, left + 1)):
            left -= len(chunk)
            if left < 0:
                raise PackageFault("the file is larger than the zip says", file=entry.filename)
            parts.append(chunk)
    if left:
        raise PackageFault("the file is smaller than the zip says", file=entry.filename)
    return b"".join(parts)
