"""Objects as files of one folder. A file appears under its key only when it is whole and on the disk.

Writes go to ``.tmp`` inside the root, are synced, then renamed. Files left there by a crash are removed at the next
start. Disk work runs in threads.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import time
from collections.abc import AsyncGenerator, AsyncIterator, Generator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from orrery.storage.keys import check_key, is_key
from orrery.storage.protocol import InvalidKey, ObjectNotFound, StorageUnavailable, StoredObject

CHUNK_BYTES = 256 * 1024
UNFINISHED = ".tmp"
UNFINISHED_LIFE_SECONDS = 24 * 3600


class LocalStorage:
    """`ObjectStorage` in the folder ``root``, which is made if need be."""

    def __init__(self, root: Path) -> None:
        self._root = root.absolute()
        self._unfinished = self._root / UNFINISHED
        try:
            self._unfinished.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._real_root = self._root.resolve(strict=True)
            self._sweep()
        except OSError as error:
            raise StorageUnavailable(
                f"The storage folder {self._root} can't be used: {error.strerror}.{_mend(error)}"
            ) from error

    async def save(self, key: str, content: bytes | AsyncIterator[bytes]) -> int:
        target = self._path(key)
        temporary = self._unfinished / secrets.token_hex(16)
        try:
            if isinstance(content, bytes):
                return await asyncio.to_thread(self._write_whole, temporary, target, content)
            written = await self._write_stream(temporary, content)
            await asyncio.to_thread(self._publish, temporary, target)
        finally:
            temporary.unlink(missing_ok=True)
        return written

    async def load(self, key: str) -> bytes:
        path = self._path(key)
        with _explained(key):
            return await asyncio.to_thread(path.read_bytes)

    async def load_stream(self, key: str, *, start: int = 0, length: int | None = None) -> AsyncGenerator[bytes, None]:
        path = self._path(key)
        with _explained(key):
            file = await asyncio.to_thread(path.open, "rb")
        with file:
            file.seek(start)
            left = length
            while left is None or left > 0:
                with _explained(key):
                    chunk = await asyncio.to_thread(file.read, CHUNK_BYTES if left is None else min(CHUNK_BYTES, left))
                if not chunk:
                    return
                left = None if left is None else left - len(chunk)
                yield chunk

    async def exists(self, key: str) -> bool:
        return await asyncio.to_thread(self._path(key).is_file)

    async def size(self, key: str) -> int:
        path = self._path(key)
        with _explained(key):
            if not await asyncio.to_thread(path.is_file):
                raise ObjectNotFound
            return (await asyncio.to_thread(path.stat)).st_size

    async def delete(self, key: str) -> None:
        path = self._path(key)
        with _explained(key):
            await asyncio.to_thread(_remove, path)

    async def scan(self, prefix: str = "") -> AsyncGenerator[StoredObject, None]:
        folders = [prefix.strip("/")]
        while folders:
            folder = folders.pop()
            objects, below = await asyncio.to_thread(self._listing, folder)
            folders += below
            for found in objects:
                yield found

    async def close(self) -> None:
        return None

    def _listing(self, folder: str) -> tuple[list[StoredObject], list[str]]:
        """The files of one folder, and its folders; a file that is named itself is the only one."""
        objects: list[StoredObject] = []
        below: list[str] = []
        top = self._path(folder) if folder else self._root
        with _explained_write(folder):
            if top.is_file():
                return [_described(folder, top.stat())], []
            try:
                entries = sorted(os.scandir(top), key=lambda entry: entry.name)
            except (FileNotFoundError, NotADirectoryError):
                return [], []
            for entry in entries:
                key = f"{folder}/{entry.name}" if folder else entry.name
                if key == UNFINISHED or not is_key(key):
                    continue
                if entry.is_dir(follow_symlinks=False):
                    below.append(key)
                elif entry.is_file(follow_symlinks=False):
                    objects.append(_described(key, entry.stat()))
        return objects, below

    def _path(self, key: str) -> Path:
        names = check_key(key)
        if names[0] == UNFINISHED:
            raise InvalidKey(f"The storage key {key!r} is reserved.")
        return self._root.joinpath(*names)

    def _write_whole(self, temporary: Path, target: Path, content: bytes) -> int:
        with _explained_write(target.name), temporary.open("xb") as file:
            file.write(content)
            _flush(file)
        self._publish(temporary, target)
        return len(content)

    async def _write_stream(self, temporary: Path, content: AsyncIterator[bytes]) -> int:
        written = 0
        with _explained_write(temporary.name):
            file = temporary.open("xb")
        with file:
            async for chunk in content:  # outside the mapping: an error of the content is the caller's
                with _explained_write(temporary.name):
                    written += await asyncio.to_thread(file.write, chunk)
            with _explained_write(temporary.name):
                await asyncio.to_thread(_flush, file)
        return written

    def _publish(self, temporary: Path, target: Path) -> None:
        with _explained_write(target.name):
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            # A symbolic link inside the folder must not lead a write out of it.
            if not target.parent.resolve().is_relative_to(self._real_root):
                raise InvalidKey(f"The folder of {target.name!r} lies outside the storage.")
            temporary.replace(target)
            folder = os.open(target.parent, os.O_RDONLY)
            try:
                os.fsync(folder)  # the new name, too, must survive a power cut
            finally:
                os.close(folder)

    def _sweep(self) -> None:
        oldest = time.time() - UNFINISHED_LIFE_SECONDS
        for leftover in self._unfinished.iterdir():
            if leftover.stat().st_mtime < oldest:
                leftover.unlink(missing_ok=True)


def _mend(error: OSError) -> str:
    """What to do where it is a matter of who we are; volumes of containers often belong to somebody else."""
    if not isinstance(error, PermissionError):
        return ""
    return f" This is user {os.geteuid()} of group {os.getegid()}: give it the folder, or run as the folder's owner."


def _described(key: str, found: os.stat_result) -> StoredObject:
    return StoredObject(key, found.st_size, found.st_mtime)


@contextmanager
def _explained(key: str) -> Generator[None, None, None]:
    """Maps the errors of the disk to ours."""
    try:
        yield
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        raise ObjectNotFound from None
    except OSError as error:
        raise StorageUnavailable(f"The file storage failed on {key!r}: {error.strerror}.") from error


@contextmanager
def _explained_write(name: str) -> Generator[None, None, None]:
    try:
        yield
    except OSError as error:
        raise StorageUnavailable(f"The file storage can't write {name!r}: {error.strerror}.") from error


def _flush(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except (IsADirectoryError, NotADirectoryError):
        return
    except PermissionError:
        if not path.is_dir():
            raise
