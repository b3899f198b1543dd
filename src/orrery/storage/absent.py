"""The storage of a process that has no use for one: it needs no folder and no account."""

from __future__ import annotations

from collections.abc import AsyncIterator

from orrery.storage.protocol import StorageUnavailable, StoredObject

_TEXT = "This process keeps no files."


class AbsentStorage:
    """`ObjectStorage` that refuses everything."""

    async def save(self, key: str, content: bytes | AsyncIterator[bytes]) -> int:
        raise StorageUnavailable(_TEXT)

    async def load(self, key: str) -> bytes:
        raise StorageUnavailable(_TEXT)

    async def load_stream(self, key: str, *, start: int = 0, length: int | None = None) -> AsyncIterator[bytes]:
        raise StorageUnavailable(_TEXT)
        yield b""

    async def exists(self, key: str) -> bool:
        raise StorageUnavailable(_TEXT)

    async def size(self, key: str) -> int:
        raise StorageUnavailable(_TEXT)

    async def delete(self, key: str) -> None:
        raise StorageUnavailable(_TEXT)

    async def scan(self, prefix: str = "") -> AsyncIterator[StoredObject]:
        raise StorageUnavailable(_TEXT)
        yield StoredObject(prefix, 0)

    async def close(self) -> None:
        pass
