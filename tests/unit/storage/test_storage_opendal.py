from __future__ import annotations

import builtins
import subprocess
import sys
from collections.abc import AsyncIterator

import pytest
from tests.support.object_stores.s3 import s3_server

from orrery.settings.groups.storage import Storage
from orrery.storage.azure.client import AzureStorage
from orrery.storage.opendal import OpendalStorage
from orrery.storage.opening import StorageConfigurationError, open_storage
from orrery.storage.protocol import ObjectStorage
from orrery.storage.s3.client import S3Storage

from .conformance import StorageConformance, broken, chunks, read


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


S3 = {"S3_BUCKET": "box", "S3_ENDPOINT": "https://minio:9000", "S3_REGION": "r", "S3_ROOT": "/some/place/"}
KEYS = {"S3_ACCESS_KEY_ID": "a", "S3_SECRET_ACCESS_KEY": "s"}
OSS = {"OSS_BUCKET": "box", "OSS_ENDPOINT": "https://oss.example.com", "OSS_ACCESS_KEY_ID": "a"}
COS = {"COS_BUCKET": "box", "COS_ENDPOINT": "https://cos.example.com", "COS_SECRET_ID": "a", "COS_SECRET_KEY": "s"}
OBS = {"OBS_BUCKET": "box", "OBS_ENDPOINT": "https://obs.example.com", "OBS_ACCESS_KEY_ID": "a"}
AZURE = {"AZBLOB_CONTAINER": "box", "AZBLOB_ACCOUNT_NAME": "acc", "AZBLOB_ACCOUNT_KEY": "b3RoZXI="}


@pytest.mark.parametrize(
    ("scheme", "options", "url"),
    [
        ("s3", {**S3, **KEYS}, "https://minio:9000/box/some/place/k"),
        ("s3", {**S3, "S3_ENABLE_VIRTUAL_HOST_STYLE": "true"}, "https://box.minio:9000/some/place/k"),
        ("S3", {"S3_BUCKET": "box"}, "https://s3.us-east-1.amazonaws.com/box/k"),
        ("gcs", {"GCS_BUCKET": "box"}, "https://storage.googleapis.com/box/k"),
        ("oss", {**OSS, "OSS_ACCESS_KEY_SECRET": "s"}, "https://box.oss.example.com/k"),
        ("cos", COS, "https://box.cos.example.com/k"),
        ("obs", {**OBS, "OBS_SECRET_ACCESS_KEY": "s"}, "https://box.obs.example.com/k"),
    ],
)
def test_services_that_we_speak_need_no_library(scheme: str, options: dict[str, str], url: str) -> None:
    opened = open_storage(Storage(opendal_scheme=scheme, opendal_options=options))
    assert isinstance(opened, S3Storage)
    assert opened._bucket.on_object("GET", "k").url() == url


def test_azure_too() -> None:
    opened = open_storage(Storage(opendal_scheme="azblob", opendal_options=AZURE))
    assert isinstance(opened, AzureStorage)


@pytest.mark.parametrize(
    ("scheme", "options"),
    [
        ("s3", {**S3, **KEYS, "S3_SERVER_SIDE_ENCRYPTION": "aws:kms"}),
        ("azblob", {**AZURE, "AZBLOB_ROOT": "/x", "AZBLOB_ENDPOINT": "https://acc.blob.core.windows.net"}),
    ],
)
def test_options_beyond_ours_go_to_the_library(scheme: str, options: dict[str, str]) -> None:
    assert isinstance(open_storage(Storage(opendal_scheme=scheme, opendal_options=options)), OpendalStorage)


async def test_its_own_s3_against_a_real_server() -> None:
    """The same bucket through the library and through our client: one reads what the other wrote."""
    # The library leaves slashes of a query as they are, which this server's check of signatures does not follow.
    server = s3_server(checks_signatures=False)
    own = {"S3_BUCKET": "both-ways", "S3_ENDPOINT": server.url, "S3_REGION": "us-east-1", "S3_ROOT": "/r"}
    own |= {"S3_ACCESS_KEY_ID": server.access_key, "S3_SECRET_ACCESS_KEY": server.secret_key}
    ours = open_storage(Storage(opendal_scheme="s3", opendal_options=own))
    library = open_storage(Storage(opendal_scheme="s3", opendal_options={**own, "S3_DISABLE_CONFIG_LOAD": "true"}))
    assert isinstance(library, OpendalStorage)
    assert isinstance(ours, S3Storage)
    await ours._http.send(ours._bucket.on_bucket("PUT"))
    content = bytes(range(256)) * 3000
    await library.save("a/by the library", chunks(content))
    assert await ours.load("a/by the library") == content
    await ours.save("a/by us", chunks(content[:500_000], content[500_000:]))
    assert await read(library, "a/by us") == content
    assert {entry.key async for entry in library.scan("a")} == {entry.key async for entry in ours.scan("a")}
    with pytest.raises(ConnectionResetError):
        await library.save("a/new", broken(content))
    assert not await ours.exists("a/new")
    await ours.close()
    await library.close()
