from __future__ import annotations

import asyncio
import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orrery.settings.groups.storage import Storage
from orrery.storage.local import UNFINISHED, UNFINISHED_LIFE_SECONDS, LocalStorage
from orrery.storage.opening import StorageConfigurationError, open_storage
from orrery.storage.protocol import InvalidKey, ObjectStorage, StorageUnavailable

from .conformance import StorageConformance, broken


@pytest.fixture
def storage(tmp_path: Path) -> ObjectStorage:
    return LocalStorage(tmp_path / "a root")


class TestLocalStorage(StorageConformance):
    pass


NAMES = st.one_of(
    st.sampled_from(["..", ".", "", "/", "~", "a", UNFINISHED, "/etc", "C:", "..\\"]), st.text(max_size=6)
)


@settings(max_examples=150, deadline=None)
@given(st.lists(NAMES, max_size=6).map("/".join) | st.text(max_size=30))
def test_no_key_writes_outside_the_root(key: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "outer" / "root"
        storage = LocalStorage(root)
        try:
            asyncio.run(storage.save(key, b"x"))
        except (InvalidKey, StorageUnavailable):
            pass
        else:
            assert asyncio.run(storage.load(key)) == b"x"
        outside = [path for path in Path(folder).rglob("*") if path.is_file() and not path.is_relative_to(root)]
        assert outside == []
        assert list((root / UNFINISHED).iterdir()) == []


async def test_a_link_inside_the_folder_leads_no_write_out(tmp_path: Path) -> None:
    storage = LocalStorage(tmp_path / "root")
    (tmp_path / "outside").mkdir()
    (tmp_path / "root" / "link").symlink_to(tmp_path / "outside")
    with pytest.raises(InvalidKey):
        await storage.save("link/file", b"x")
    assert list((tmp_path / "outside").iterdir()) == []


async def test_a_failed_write_leaves_no_file_behind(tmp_path: Path) -> None:
    storage = LocalStorage(tmp_path)
    with pytest.raises(ConnectionResetError):
        await storage.save("a/b", broken(b"x" * 100_000))
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


async def test_a_file_in_the_way_of_a_folder_is_told(tmp_path: Path) -> None:
    storage = LocalStorage(tmp_path)
    await storage.save("a", b"x")
    with pytest.raises(StorageUnavailable, match="can't write"):
        await storage.save("a/b", b"x")
    assert await storage.load("a") == b"x"


def test_leftovers_of_a_crash_are_removed_when_old(tmp_path: Path) -> None:
    LocalStorage(tmp_path)
    old, young = tmp_path / UNFINISHED / "old", tmp_path / UNFINISHED / "young"
    old.write_bytes(b"x")
    young.write_bytes(b"x")
    past = old.stat().st_mtime - UNFINISHED_LIFE_SECONDS - 1
    os.utime(old, (past, past))
    LocalStorage(tmp_path)
    assert not old.exists()
    assert young.exists()


def test_a_root_that_can_not_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageUnavailable, match="can't be used"):
        LocalStorage(tmp_path / "file" / "root")


@pytest.mark.parametrize("kind", ["local", "opendal"])
async def test_both_names_of_the_folder_kind_work(kind: str, tmp_path: Path) -> None:
    storage = open_storage(Storage(type=kind, local_path=tmp_path, opendal_fs_root=tmp_path))
    await storage.save("a", b"x")
    assert (tmp_path / "a").read_bytes() == b"x"


def test_an_unsupported_kind_names_the_supported_ones() -> None:
    with pytest.raises(StorageConfigurationError, match=r"STORAGE_TYPE is 'floppy'.*opendal, local, s3, azure-blob"):
        open_storage(Storage(type="floppy"))
