"""A file sealed with a passphrase, written in one go and read from anywhere.

The head is ``ORRERYSEALED1``, 16 bytes of salt and 7 of nonce. Then follow chunks of 1 MiB of content, each with its
16-byte tag: AES-256-GCM under a key that scrypt (n 2^17, r 8, p 1) makes of the passphrase. The nonce of a chunk is
the file's, the chunk's number in four bytes, and one byte that is 1 for the last chunk only (the STREAM construction),
so nothing can be changed, moved, or cut off unseen.
"""

from __future__ import annotations

import hashlib
import io
import os
from pathlib import Path
from typing import IO, TYPE_CHECKING

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from orrery.operations.errors import OperationFailed

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer, WriteableBuffer

MAGIC = b"ORRERYSEALED1"
SALT_BYTES = 16
NONCE_BYTES = 7
CHUNK_BYTES = 1024 * 1024
TAG_BYTES = 16
_HEAD_BYTES = len(MAGIC) + SALT_BYTES + NONCE_BYTES
SCRYPT_COST = 2**17
_SCRYPT_MEMORY = 256 * 1024 * 1024


def is_sealed(path: Path) -> bool:
    """Whether the file begins as a sealed one."""
    with path.open("rb") as file:
        return file.read(len(MAGIC)) == MAGIC


class SealingWriter(io.RawIOBase):
    """Seals what is written to it into ``file``; only `close` makes the file whole."""

    def __init__(self, file: IO[bytes], passphrase: str) -> None:
        super().__init__()
        self._file = file
        salt, self._nonce = os.urandom(SALT_BYTES), os.urandom(NONCE_BYTES)
        self._cipher = _cipher(passphrase, salt)
        self._waiting = bytearray()
        self._number = 0
        file.write(MAGIC + salt + self._nonce)

    def writable(self) -> bool:
        return True

    def write(self, data: ReadableBuffer, /) -> int:
        size = len(memoryview(data))
        self._waiting += data
        while len(self._waiting) > CHUNK_BYTES:  # the last chunk is known only when the end is
            self._seal(bytes(self._waiting[:CHUNK_BYTES]), last=False)
            del self._waiting[:CHUNK_BYTES]
        return size

    def close(self) -> None:
        if not self.closed:
            self._seal(bytes(self._waiting), last=True)
        super().close()

    def _seal(self, content: bytes, *, last: bool) -> None:
        self._file.write(self._cipher.encrypt(_nonce(self._nonce, self._number, last=last), content, None))
        self._number += 1


class SealedReader(io.RawIOBase):
    """What a sealed file holds. Raises `OperationFailed` for a wrong passphrase or a file that was changed."""

    def __init__(self, file: IO[bytes], passphrase: str) -> None:
        super().__init__()
        self._file = file
        head = file.read(_HEAD_BYTES)
        if len(head) < _HEAD_BYTES or not head.startswith(MAGIC):
            raise OperationFailed("The file is not a sealed backup.")
        self._nonce = head[-NONCE_BYTES:]
        self._cipher = _cipher(passphrase, head[len(MAGIC) : -NONCE_BYTES])
        stored = file.seek(0, io.SEEK_END) - _HEAD_BYTES
        self._chunks = max(1, -(-stored // (CHUNK_BYTES + TAG_BYTES)))
        self._size = stored - self._chunks * TAG_BYTES
        self._position = 0
        self._held = -1
        self._content = b""
        self._hold(self._chunks - 1)  # the last one tells whether the file was cut off

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        self._position = max(0, start + offset)
        return self._position

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        room = memoryview(buffer).cast("B")
        if self._position >= self._size:
            return 0
        number, offset = divmod(self._position, CHUNK_BYTES)
        self._hold(number)
        piece = self._content[offset : offset + len(room)]
        room[: len(piece)] = piece
        self._position += len(piece)
        return len(piece)

    def _hold(self, number: int) -> None:
        if number == self._held:
            return
        self._file.seek(_HEAD_BYTES + number * (CHUNK_BYTES + TAG_BYTES))
        sealed = self._file.read(CHUNK_BYTES + TAG_BYTES)
        try:
            nonce = _nonce(self._nonce, number, last=number == self._chunks - 1)
            self._content = self._cipher.decrypt(nonce, sealed, None)
        except InvalidTag:
            raise OperationFailed(
                "The backup can't be opened: the passphrase is another one, or the file was changed or cut off."
            ) from None
        self._held = number


def _cipher(passphrase: str, salt: bytes) -> AESGCM:
    if not passphrase:
        raise OperationFailed("A sealed backup needs a passphrase.")
    key = hashlib.scrypt(passphrase.encode(), salt=salt, n=SCRYPT_COST, r=8, p=1, maxmem=_SCRYPT_MEMORY, dklen=32)
    return AESGCM(key)


def _nonce(prefix: bytes, number: int, *, last: bool) -> bytes:
    return prefix + number.to_bytes(4) + bytes([last])
