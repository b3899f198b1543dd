from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from tests.support.object_stores.serving import serving
from tests.support.object_stores.supabase import KEY, SupabaseProject

from orrery.settings.groups.storage import Storage
from orrery.storage import supabase
from orrery.storage.opening import open_storage
from orrery.storage.protocol import ObjectStorage, StorageUnavailable

from .conformance import StorageConformance, chunks, read


@pytest.fixture
async def storage() -> AsyncIterator[ObjectStorage]:
    async with serving(SupabaseProject().handle) as url:
        opened = open_storage(Storage(type="supabase", supabase_url=url, supabase_bucket="files", supabase_key=KEY))
        yield opened
        await opened.close()


class TestSupabaseStorage(StorageConformance):
    pass


async def test_an_older_server_without_ranges() -> None:
    async with serving(SupabaseProject(ranges=False).handle) as url:
        storage = supabase.SupabaseStorage(url, "files", KEY)
        await storage.save("a", b"0123456789")
        assert await read(storage, "a", start=3, length=4) == b"3456"
        await storage.close()


async def test_a_listing_goes_on_over_pages(monkeypatch: pytest.MonkeyPatch, storage: ObjectStorage) -> None:
    monkeypatch.setattr(supabase, "PAGE", 2)  # a thousand would take long to make
    for number in range(5):
        await storage.save(f"a/{number}", b"")
    assert {found.key async for found in storage.scan("a")} == {f"a/{number}" for number in range(5)}


async def test_a_stream_that_is_too_large_is_refused(monkeypatch: pytest.MonkeyPatch, storage: ObjectStorage) -> None:
    monkeypatch.setattr(supabase, "LARGEST_BYTES", 5)
    with pytest.raises(StorageUnavailable, match="at most 5 bytes"):
        await storage.save("a", chunks(b"1234", b"56"))
    assert not await storage.exists("a")


async def test_a_wrong_key_is_told() -> None:
    async with serving(SupabaseProject().handle) as url:
        storage = supabase.SupabaseStorage(url, "files", "other")
        with pytest.raises(StorageUnavailable, match="signature verification failed"):
            await storage.save("a", b"x")
        await storage.close()
