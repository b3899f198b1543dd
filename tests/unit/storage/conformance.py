"""What every object storage must do. An implementation's test class inherits this and gives ``storage``."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from orrery.storage.download import download
from orrery.storage.protocol import InvalidKey, ObjectNotFound, ObjectStorage


async def chunks(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


async def broken(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part
    raise ConnectionResetError


async def read(storage: ObjectStorage, key: str, **where: int) -> bytes:
    return b"".join([chunk async for chunk in storage.load_stream(key, **where)])


class StorageConformance:
    tells_times = True

    async def test_an_object_comes_back_as_it_was(self, storage: ObjectStorage) -> None:
        content = bytes(range(256)) * 5000
        assert await storage.save("upload_files/w/1.bin", content) == len(content)
        assert await storage.load("upload_files/w/1.bin") == content
        assert await read(storage, "upload_files/w/1.bin") == content
        assert await storage.size("upload_files/w/1.bin") == len(content)
        assert await storage.exists("upload_files/w/1.bin")

    async def test_a_stream_is_kept_whole(self, storage: ObjectStorage) -> None:
        assert await storage.save("a/b", chunks(b"one", b"", b"two")) == 6
        assert await storage.load("a/b") == b"onetwo"

    async def test_an_empty_object_is_an_object(self, storage: ObjectStorage) -> None:
        await storage.save("empty", b"")
        assert await storage.exists("empty")
        assert await read(storage, "empty") == b""

    async def test_saving_again_replaces(self, storage: ObjectStorage) -> None:
        await storage.save("a", b"a long first text")
        await storage.save("a", b"short")
        assert await storage.load("a") == b"short"

    async def test_a_failing_stream_leaves_the_earlier_object(self, storage: ObjectStorage) -> None:
        await storage.save("a", b"first")
        for key in ("a", "new"):
            with pytest.raises(ConnectionResetError):
                await storage.save(key, broken(b"half"))
        assert await storage.load("a") == b"first"
        assert not await storage.exists("new")

    async def test_ranges(self, storage: ObjectStorage) -> None:
        await storage.save("a", b"0123456789")
        assert await read(storage, "a", start=3) == b"3456789"
        assert await read(storage, "a", start=3, length=2) == b"34"
        assert await read(storage, "a", start=8, length=100) == b"89"
        assert await read(storage, "a", start=20) == b""
        assert await read(storage, "a", length=0) == b""

    async def test_what_is_missing_is_missing(self, storage: ObjectStorage) -> None:
        await storage.save("folder/file", b"x")
        for key in ("none", "folder", "folder/file/below"):
            assert not await storage.exists(key)
            with pytest.raises(ObjectNotFound):
                await storage.load(key)
            with pytest.raises(ObjectNotFound):
                await storage.size(key)
            with pytest.raises(ObjectNotFound):
                await read(storage, key)
            await storage.delete(key)
        assert await storage.load("folder/file") == b"x"

    async def test_delete_removes(self, storage: ObjectStorage) -> None:
        await storage.save("a", b"x")
        await storage.delete("a")
        assert not await storage.exists("a")

    async def test_names_of_people_are_kept(self, storage: ObjectStorage) -> None:
        keys = ["tools/w/übersicht 1+2 (neu).txt", "tools/w/数据.csv", "tools/w/a&b=c%20;'~.txt"]
        for key in keys:
            await storage.save(key, key.encode())
        assert [await storage.load(key) for key in keys] == [key.encode() for key in keys]
        assert {found.key async for found in storage.scan("tools/w")} == set(keys)

    async def test_scan_lists_what_lies_below(self, storage: ObjectStorage) -> None:
        for key in ("a/1", "a/b/2", "ab/3", "c"):
            await storage.save(key, b"x" * len(key))
        assert {(found.key, found.size) async for found in storage.scan("a")} == {("a/1", 3), ("a/b/2", 5)}
        assert {found.key async for found in storage.scan("a/")} == {"a/1", "a/b/2"}
        assert {found.key async for found in storage.scan("c")} == {"c"}
        assert {found.key async for found in storage.scan()} == {"a/1", "a/b/2", "ab/3", "c"}
        assert [found async for found in storage.scan("none")] == []

    async def test_an_object_becomes_a_file(self, storage: ObjectStorage, tmp_path: Path) -> None:
        content = bytes(range(256)) * 2000
        await storage.save("a", content)
        assert await download(storage, "a", tmp_path / "file") == len(content)
        assert (tmp_path / "file").read_bytes() == content
        with pytest.raises(ObjectNotFound):
            await download(storage, "none", tmp_path / "other")
        assert not (tmp_path / "other").exists()
        assert not list(tmp_path.glob(".other*"))

    async def test_scan_knows_when(self, storage: ObjectStorage) -> None:
        await storage.save("a", b"x")
        (found,) = [found async for found in storage.scan()]
        if self.tells_times:
            assert found.modified is not None
            assert abs(found.modified - time.time()) < 3600

    @pytest.mark.parametrize(
        "key",
        [
            "",
            "/a",
            "a/",
            "a//b",
            "..",
            "a/../../b",
            "./a",
            "a\0b",
            "a\nb",
            "a\\b",
            "x" * 300,
            "a/" * 600 + "a",
            "\ud800",
        ],
    )
    async def test_impossible_keys_are_refused(self, storage: ObjectStorage, key: str) -> None:
        with pytest.raises(InvalidKey):
            await storage.save(key, b"x")
        with pytest.raises(InvalidKey):
            await storage.load(key)
        with pytest.raises(InvalidKey):
            await storage.exists(key)
