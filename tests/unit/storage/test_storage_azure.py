from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web
from tests.support.object_stores.azure import ACCOUNT, KEY, AzureContainer
from tests.support.object_stores.serving import serving

from orrery.settings.groups.storage import Storage
from orrery.storage.azure.client import AzureStorage
from orrery.storage.azure.identity import RESOURCE, AzureIdentity
from orrery.storage.azure.signing import SharedKeySigner, TokenSigner
from orrery.storage.opening import StorageConfigurationError, open_storage
from orrery.storage.protocol import ObjectStorage, StorageUnavailable
from orrery.storage.signing.bearer import Kept

from .conformance import StorageConformance, broken, chunks


@pytest.fixture
async def storage() -> AsyncIterator[ObjectStorage]:
    async with serving(AzureContainer("box").handle) as url:
        account = {"azure_account": ACCOUNT, "azure_key": KEY, "azure_container": "box", "azure_url": url}
        opened = open_storage(Storage(type="azure-blob", **account))
        yield opened
        await opened.close()


class TestAzureStorage(StorageConformance):
    pass


async def test_a_long_stream_goes_in_blocks() -> None:
    container = AzureContainer("box")
    async with serving(container.handle) as url:
        storage = AzureStorage(url, "box", SharedKeySigner(ACCOUNT, KEY), part_bytes=1000)
        pieces = [bytes([i]) * 700 for i in range(5)]
        assert await storage.save("a/b c", chunks(*pieces)) == 3500
        assert container.blobs == {"a/b c": b"".join(pieces)}
        with pytest.raises(ConnectionResetError):
            await storage.save("new", broken(*pieces))
        assert "new" not in container.blobs
        await storage.close()


async def test_refusals_are_told_with_the_services_word() -> None:
    async with serving(AzureContainer("box").handle) as url:
        wrong = AzureStorage(url, "box", SharedKeySigner(ACCOUNT, "b3RoZXI="))
        with pytest.raises(StorageUnavailable, match=r"403.*AuthenticationFailed: The server says no"):
            await wrong.save("a", b"x")
        other = AzureStorage(url, "none", SharedKeySigner(ACCOUNT, KEY))
        with pytest.raises(StorageUnavailable, match="ContainerNotFound"):
            await other.load("a")
        await wrong.close()
        await other.close()


async def test_the_machines_identity_vouches() -> None:
    async def metadata(request: web.Request) -> web.Response:
        assert request.headers["metadata"] == "true"
        assert request.query["resource"] == RESOURCE
        assert request.query["client_id"] == "who"
        return web.json_response({"access_token": "t0ken", "expires_in": "3600"})

    async with serving(AzureContainer("box", token="t0ken").handle) as url, serving(metadata) as machine:
        identity = AzureIdentity({"AZURE_CLIENT_ID": "who"}, metadata=f"{machine}/token")
        storage = AzureStorage(url, "box", TokenSigner(Kept(identity)))
        await storage.save("a", b"x")
        assert await storage.load("a") == b"x"
        await storage.close()


async def test_a_workloads_identity_is_exchanged(tmp_path: Path) -> None:
    async def authority(request: web.Request) -> web.Response:
        form = await request.post()
        assert request.path == "/tenant/oauth2/v2.0/token"
        assert (form["client_assertion"], form["scope"]) == ("signed by the cluster", f"{RESOURCE}.default")
        return web.json_response({"access_token": "t", "expires_in": 10})

    (tmp_path / "token").write_text("signed by the cluster\n")
    async with serving(authority) as url:
        told = {"AZURE_FEDERATED_TOKEN_FILE": str(tmp_path / "token"), "AZURE_TENANT_ID": "tenant"}
        lent = await AzureIdentity({**told, "AZURE_AUTHORITY_HOST": url}, clock=lambda: 100.0)()
    assert (lent.value, lent.until) == ("t", 110.0)


def test_what_is_missing_is_named() -> None:
    with pytest.raises(StorageConfigurationError, match="AZURE_BLOB_ACCOUNT_KEY and AZURE_BLOB_CONTAINER_NAME are not"):
        open_storage(Storage(type="azure-blob", azure_account="a"))
