from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.object_stores.clickzetta import VolumeConnection

from orrery.settings.groups.storage import Storage
from orrery.storage.clickzetta import ClickzettaStorage, Connection
from orrery.storage.opening import StorageConfigurationError, open_storage
from orrery.storage.protocol import ObjectStorage, StorageUnavailable

from .conformance import StorageConformance


@pytest.fixture
def storage(tmp_path: Path) -> ObjectStorage:
    return ClickzettaStorage(
        lambda: VolumeConnection(tmp_path / "volume", "USER VOLUME"), volume="USER VOLUME", folder="dify_km"
    )


class TestClickzettaStorage(StorageConformance):
    pass


async def test_the_contracts_place_and_no_way_out_of_a_text(tmp_path: Path) -> None:
    connection = VolumeConnection(tmp_path / "volume", "VOLUME ours")
    storage = ClickzettaStorage(lambda: connection, volume="VOLUME ours", folder="")
    await storage.save("tools/w/it's; DROP.txt", b"x")
    assert connection.statements[0].endswith("TO VOLUME ours FILE 'tools/w/it%27s%3B DROP.txt'")
    assert [found.key async for found in storage.scan()] == ["tools/w/it's; DROP.txt"]


async def test_a_connection_that_fails_is_opened_anew() -> None:
    asked: list[int] = []

    def connect() -> Connection:
        asked.append(1)
        raise RuntimeError("login failed")

    storage = ClickzettaStorage(connect, volume="USER VOLUME", folder="")
    for _ in range(2):
        with pytest.raises(StorageUnavailable, match="failed on LIST: login failed"):
            await storage.exists("a")
    assert len(asked) == 2


def test_variables_of_the_vector_store_stand_in() -> None:
    shared = {"USERNAME": "u", "PASSWORD": "p"}
    with pytest.raises(StorageConfigurationError, match="CLICKZETTA_VOLUME_INSTANCE is not set"):
        open_storage(Storage(type="clickzetta-volume", clickzetta_options=shared))
    with pytest.raises(StorageConfigurationError, match=r"pip install 'clickzetta-connector-python'"):
        open_storage(Storage(type="clickzetta-volume", clickzetta_options={**shared, "INSTANCE": "i"}))
    with pytest.raises(StorageConfigurationError, match="CLICKZETTA_VOLUME_NAME"):
        options = {**shared, "INSTANCE": "i"}
        open_storage(Storage(type="clickzetta-volume", clickzetta_type="external", clickzetta_options=options))
