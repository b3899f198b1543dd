"""Objects through OpenDAL, for the services that nothing here speaks by itself (WebDAV, HDFS, GridFS, ...).

Its ``fs`` service is our own `LocalStorage`: same folder, same files, but written whole and to the disk. S3, Azure Blob
and their like go to our own clients too, unless an option asks for more than they do.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Generator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, TypeVar

from orrery.storage.keys import check_key, is_below, is_key
from orrery.storage.local import LocalStorage
from orrery.storage.opendal_options import own_client
from orrery.storage.parting import rest_before_the_end
from orrery.storage.protocol import ObjectNotFound, ObjectStorage, StorageUnavailable, StoredObject
from orrery.storage.required import StorageConfigurationError, missing_library

if TYPE_CHECKING:
    import opendal

    from orrery.settings.groups.storage import Storage

PACKAGE = "orrery[opendal]"
CHUNK_BYTES = 256 * 1024
OPERATION_SECONDS = 60.0
"""For one call; a stream takes many."""

T = TypeVar("T")


def open_opendal(settings: Storage) -> ObjectStorage:
    """The service of OPENDAL_SCHEME. Raises `StorageConfigurationError`."""
    scheme = settings.opendal_scheme.strip().lower()
    if scheme == "fs":
        return LocalStorage(settings.opendal_fs_root)
    prefix = scheme.upper().replace("-", "_") + "_"
    options = {
        name.removeprefix(prefix).lower(): value
        for name, value in settings.opendal_options.items()
        if name.startswith(prefix)
    }
    own = own_client(scheme, options)
    if own is not None:
        return own
    try:
        # Lazy: an extra, and 40 MB of services.
        import opendal
    except ImportError as error:
        raise missing_library("opendal", PACKAGE) from error
    try:
        operator = opendal.AsyncOperator(scheme, **options)
    except _errors() as error:
        raise StorageConfigurationError(
            f"OPENDAL_SCHEME is {scheme}, which can't be used: {_first_line(error)}. "
            f"Its options are the variables OPENDAL_{prefix}<KEY>."
        ) from error
    rest_before_the_end()
    retry = opendal.layers.RetryLayer(max_times=3, factor=2.0, jitter=True)
    return OpendalStorage(operator.layer(retry), scheme)


class OpendalStorage:
    """`ObjectStorage` over an operator. A stream that fails is never closed, which is what would show its object."""

    def __init__(self, operator: opendal.AsyncOperator, scheme: str) -> None:
        self._operator = operator
        self._scheme = scheme

    async def save(self, key: str, content: bytes | AsyncIterator[bytes]) -> int:
        check_key(key)
        if isinstance(content, bytes):
            await self._done(self._operator.write(key, content))
            return len(content)
        written = 0
        file = await self._done(self._operator.open(key, "wb"))
        async for chunk in content:
            if chunk:
                written += await self._done(file.write(chunk))
        await self._done(file.close())
        return written

    async def load(self, key: str) -> bytes:
        check_key(key)
        return bytes(await self._done(self._operator.read(key)))

    async def load_stream(self, key: str, *, start: int = 0, length: int | None = None) -> AsyncGenerator[bytes, None]:
        size = await self.size(key)
        left = max(0, size - start) if length is None else min(length, max(0, size - start))
        if left <= 0:
            return
        file = await self._done(self._operator.open(key, "rb"))
        try:
            await self._done(file.seek(start))
            while left > 0:
                chunk = bytes(await self._done(file.read(min(CHUNK_BYTES, left))))
                if not chunk:
                    return
                left -= len(chunk)
                yield chunk
        finally:
            with contextlib.suppress(StorageUnavailable, ObjectNotFound):
                await self._done(file.close())

    async def exists(self, key: str) -> bool:
        try:
            await self.size(key)
        except ObjectNotFound:
            return False
        return True

    async def size(self, key: str) -> int:
        check_key(key)
        found = await self._done(self._operator.stat(key))
        if not found.mode.is_file():
            raise ObjectNotFound
        return found.content_length

    async def delete(self, key: str) -> None:
        check_key(key)
        with contextlib.suppress(ObjectNotFound):
            await self._done(self._operator.delete(key))

    async def scan(self, prefix: str = "") -> AsyncGenerator[StoredObject, None]:
        folder = prefix.strip("/")
        if folder and await self.exists(folder):
            yield await self._described(folder)
        with self._explained():
            entries = aiter(await self._operator.scan(f"{folder}/" if folder else ""))
        while True:
            with self._explained():
                entry = await anext(entries, None)
            if entry is None:
                return
            if is_key(entry.path) and is_below(entry.path, folder):
                yield await self._described(entry.path)

    async def close(self) -> None:
        return None

    async def _described(self, key: str) -> StoredObject:
        found = await self._done(self._operator.stat(key))
        modified = found.last_modified
        return StoredObject(key, found.content_length, None if modified is None else modified.timestamp())

    async def _done(self, work: Awaitable[T]) -> T:
        with self._explained():
            async with asyncio.timeout(OPERATION_SECONDS):
                return await work

    @contextmanager
    def _explained(self) -> Generator[None]:
        """Maps the library's errors to ours."""
        import opendal

        found = opendal.exceptions
        try:
            yield
        except (found.NotFound, found.IsADirectory, found.NotADirectory):
            raise ObjectNotFound from None
        except (*_errors(), TimeoutError) as error:
            text = f"The file storage {self._scheme} failed: {_first_line(error) or 'no answer in time'}."
            raise StorageUnavailable(text) from error


@cache
def _errors() -> tuple[type[Exception], ...]:
    """Every error of the library; they have no parent of their own."""
    import opendal

    kinds = vars(opendal.exceptions).values()
    return tuple(kind for kind in kinds if isinstance(kind, type) and issubclass(kind, Exception))


def _first_line(error: BaseException) -> str:
    """Further lines hold the service's options, which may be secret."""
    return str(error).partition("\n")[0].strip().removesuffix(".")
