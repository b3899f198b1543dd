from __future__ import annotations

import builtins
import subprocess
import sys
from collections.abc import AsyncIterator

import pytest

from orrery.settings.groups.storage import Storage
from orrery.storage.opening import StorageConfigurationError, open_storage
from orrery.storage.protocol import ObjectStorage

from .conformance import StorageConformance, chunks, read


@pytest.fixture
async def storage() -> AsyncIterator[ObjectStorage]:
    opened = open_storage(Storage(opendal_scheme="memory", opendal_options={"MEMORY_ROOT": "/our", "S3_BUCKET": "b"}))
    yield opened
    await opened.close()


class TestOpendalStorage(StorageConformance):
    tells_times = False  # its memory service does not


async def test_a_stream_larger_than_a_chunk(storage: ObjectStorage) -> None:
    content = bytes(range(256)) * 4000
    assert await storage.save("a", chunks(content[:600_000], content[600_000:])) == len(content)
    assert await read(storage, "a", start=300_000, length=500_000) == content[300_000:800_000]


def test_a_service_that_can_not_be_used_names_its_variables() -> None:
    with pytest.raises(StorageConfigurationError, match=r"OPENDAL_SCHEME is webdav.*OPENDAL_WEBDAV_<KEY>"):
        open_storage(Storage(opendal_scheme="webdav"))
    with pytest.raises(StorageConfigurationError, match="OPENDAL_SCHEME is floppy"):
        open_storage(Storage(opendal_scheme="floppy"))


def test_a_secret_option_is_not_told() -> None:
    options = {"B2_APPLICATION_KEY": "very-secret"}
    with pytest.raises(StorageConfigurationError) as told:
        open_storage(Storage(opendal_scheme="b2", opendal_options=options))
    assert "very-secret" not in str(told.value)
    assert "very-secret" not in repr(Storage(opendal_options=options))


def test_a_missing_library_names_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *rest: object, **more: object) -> object:
        if name == "opendal":
            raise ImportError(name)
        return real(name, *rest, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(StorageConfigurationError, match=r"pip install 'orrery\[opendal\]'"):
        open_storage(Storage(opendal_scheme="memory"))


def test_a_process_that_used_it_ends_in_peace() -> None:
    program = """
import asyncio
from orrery.settings.groups.storage import Storage
from orrery.storage.opening import open_storage
async def main():
    storage = open_storage(Storage(opendal_scheme="memory"))
    await storage.save("a", b"x" * 300_000)
    stream = storage.load_stream("a")
    await anext(stream)
asyncio.run(main())
"""
    assert subprocess.run([sys.executable, "-c", program], check=False, timeout=60).returncode == 0
