"""An object as a file of this machine."""

from __future__ import annotations

import asyncio
import secrets
from pathlib import Path

from orrery.storage.protocol import ObjectStorage


async def download(storage: ObjectStorage, key: str, target: Path) -> int:
    """Writes the object to ``target``, which appears when it is whole; its size in bytes.

    Raises `ObjectNotFound`, `StorageUnavailable`, and what the disk says.
    """
    temporary = target.with_name(f".{target.name}.{secrets.token_hex(8)}")
    size = 0
    try:
        with await asyncio.to_thread(temporary.open, "xb") as file:
            async for chunk in storage.load_stream(key):
                size += await asyncio.to_thread(file.write, chunk)
        await asyncio.to_thread(temporary.replace, target)
    finally:
        temporary.unlink(missing_ok=True)
    return size
