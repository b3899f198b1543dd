"""What the rest of the house knows of object storage."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Protocol

import msgspec

from orrery.errors import NotFound, Unavailable


class StorageUnavailable(Unavailable):
    """The storage can't be reached, is full, or refuses."""

    default_message = "The file storage can't be used. Please try again later."


class ObjectNotFound(NotFound):
    """No object under this key."""

    default_message = "File not found."


class InvalidKey(Exception):
    """A key that no object can have. Keys are made by the product, never taken from a request."""


class StoredObject(msgspec.Struct, frozen=True):
    """An object as a listing names it; ``size`` in bytes, ``modified`` in seconds since the epoch.

    ``modified`` is None where the service does not say.
    """

    key: str
    size: int
    modified: float | None = None


class ObjectStorage(Protocol):
    """Keys are ``/``-separated names such as ``upload_files/<workspace>/<id>.pdf``.

    An object is there as a whole or not at all. All methods may raise `StorageUnavailable` and `InvalidKey`.
    """

    async def save(self, key: str, content: bytes | AsyncIterator[bytes]) -> int:
        """Writes an object, in place of an earlier one; its size in bytes. Nothing is kept if ``content`` fails."""
        ...

    async def load(self, key: str) -> bytes:
        """The whole object. Raises `ObjectNotFound`."""
        ...

    def load_stream(self, key: str, *, start: int = 0, length: int | None = None) -> AsyncIterator[bytes]:
        """The bytes from ``start`` on, ``length`` of them at most, in chunks. Raises `ObjectNotFound` at the first."""
        ...

    async def exists(self, key: str) -> bool:
        """Whether there is such an object."""
        ...

    async def size(self, key: str) -> int:
        """Bytes of the object. Raises `ObjectNotFound`."""
        ...

    async def delete(self, key: str) -> None:
        """Removes the object; a missing one is fine."""
        ...

    def scan(self, prefix: str = "") -> AsyncIterator[StoredObject]:
        """The objects whose keys begin with ``prefix`` (at a ``/`` or at the key's end), in no promised order."""
        ...

    async def close(self) -> None:
        """Lets go of connections. Nothing may follow."""
        ...
