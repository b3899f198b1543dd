"""The S3 client against a real S3 server that checks signatures, and the vendors' dialects against one that trusts."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Mapping

import pytest
from aiohttp import web
from tests.support.object_stores.s3 import s3_server
from tests.support.object_stores.serving import serving

from orrery.settings.groups.storage import Storage
from orrery.storage.azure.client import AzureStorage
from orrery.storage.azure.signing import SharedKeySigner
from orrery.storage.opening import open_storage
from orrery.storage.protocol import ObjectNotFound, ObjectStorage, StorageUnavailable
from orrery.storage.s3.bucket import place
from orrery.storage.s3.client import S3Storage
from orrery.storage.signing.aliyun import OssSigner
from orrery.storage.signing.aws import AwsSigner, fixed_keys
from orrery.storage.signing.bearer import BearerSigner
from orrery.storage.signing.resource import ResourceSigner
from orrery.storage.signing.tencent import CosSigner
from orrery.storage.transport import Call, Signer

from .conformance import StorageConformance, broken, chunks, read


def new_bucket() -> str:
    return f"bucket-{secrets.token_hex(6)}"


def of_settings(**other: object) -> Storage:
    server = s3_server()
    values = {
        "s3_endpoint": server.url,
        "s3_bucket": new_bucket(),
        "s3_access_key": server.access_key,
        "s3_secret_key": server.secret_key,
    }
    return Storage(type="s3", **{**values, **other})  # type: ignore[arg-type]


@pytest.fixture
async def storage() -> AsyncIterator[ObjectStorage]:
    opened = open_storage(of_settings())
    yield opened
    await opened.close()


class TestS3Storage(StorageConformance):
    @pytest.fixture
    async def storage(self) -> AsyncIterator[ObjectStorage]:
        opened = open_storage(of_settings())
        await opened.save("first", b"")  # makes the bucket
        await opened.delete("first")
        yield opened
        await opened.close()


async def test_the_first_object_makes_the_bucket(storage: ObjectStorage) -> None:
    await storage.save("a", chunks(b"one", b"two"))
    assert await storage.load("a") == b"onetwo"


async def test_reading_from_a_bucket_that_is_not_there_is_told() -> None:
    storage = open_storage(of_settings(s3_region="eu-central-1"))
    with pytest.raises(StorageUnavailable, match=r"refused GET with status 404 \(NoSuchBucket"):
        await storage.load("a")
    await storage.save("a", b"x")  # also in a region that must be named
    assert await storage.load("a") == b"x"
    await storage.close()


async def test_a_wrong_key_is_told_without_showing_it() -> None:
    storage = open_storage(of_settings(s3_secret_key="wrong-secret-key"))
    with pytest.raises(StorageUnavailable, match=r"status 403.*SignatureDoesNotMatch") as told:
        await storage.save("a", b"x")
    assert "wrong-secret-key" not in str(told.value)
    await storage.close()


async def test_a_server_that_is_not_there_is_told() -> None:
    storage = open_storage(of_settings(s3_endpoint="http://127.0.0.1:9"))
    with pytest.raises(StorageUnavailable, match=r"http://127.0.0.1:9 does not answer"):
        await storage.exists("a")
    await storage.close()


async def test_a_long_stream_goes_in_parts() -> None:
    server = s3_server()
    bucket = place(server.url, new_bucket(), in_path=True, location="us-east-1")
    keys = fixed_keys(server.access_key, server.secret_key)
    storage = S3Storage(bucket, AwsSigner(keys, region="us-east-1"), part_bytes=1000)
    pieces = [bytes([i]) * 700 for i in range(5)]
    assert await storage.save("a/b", chunks(*pieces)) == 3500
    assert await storage.load("a/b") == b"".join(pieces)
    assert await read(storage, "a/b", start=600, length=200) == pieces[0][600:] + pieces[1][:100]
    with pytest.raises(ConnectionResetError):
        await storage.save("new", broken(*pieces))
    with pytest.raises(ConnectionResetError):
        await storage.save("a/b", broken(*pieces))
    assert not await storage.exists("new")
    assert await storage.size("a/b") == 3500
    left = await storage._http.send(bucket.on_bucket("GET", query={"uploads": ""}))
    assert b"<UploadId>" not in left.body, "an upload was left unfinished"
    await storage.close()


async def test_a_listing_goes_on_over_pages(storage: ObjectStorage, monkeypatch: pytest.MonkeyPatch) -> None:
    from orrery.storage.s3 import bucket as module

    for number in range(5):
        await storage.save(f"a/{number}", b"")
    whole = module.Bucket.on_bucket

    def two_at_a_time(self: module.Bucket, method: str, **rest: object) -> object:
        query = {**rest.get("query", {}), "max-keys": "2"}  # type: ignore[dict-item]
        return whole(self, method, query=query)

    # A page has a thousand keys: making so many objects would take a minute.
    monkeypatch.setattr(module.Bucket, "on_bucket", two_at_a_time)
    assert [found.key async for found in storage.scan("a")] == [f"a/{number}" for number in range(5)]


KNOWN_CLAIM = "AWS4-HMAC-SHA256 Credential=x/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=x"


class OtherClaim:
    """Signs as the vendor wants it, but exchanges the claim, whose scheme this server does not know."""

    def __init__(self, signer: Signer) -> None:
        self._signer = signer

    async def sign(self, call: Call) -> Mapping[str, str]:
        headers = await self._signer.sign(call)
        assert headers["authorization"]
        return {**headers, "authorization": KNOWN_CLAIM}


async def _token() -> str:
    return "a-token"


def dialects(bucket: str) -> dict[str, Signer]:
    return {
        "aliyun-oss v1": ResourceSigner("OSS", "key", "secret", bucket=bucket),
        "aliyun-oss v4": OssSigner("key", "secret", region="cn-hangzhou", bucket=bucket),
        "tencent-cos": CosSigner("key", "secret"),
        "huawei-obs": ResourceSigner("OBS", "key", "secret", bucket=bucket),
        "google-storage": BearerSigner(_token),
    }


@pytest.mark.parametrize("name", dialects(""))
async def test_every_dialect_keeps_lists_and_removes(name: str) -> None:
    server, bucket = s3_server(checks_signatures=False), new_bucket()
    where = place(server.url, bucket, in_path=True, location="us-east-1", prefix="our/part")
    signer = OtherClaim(dialects(bucket)[name])
    storage = S3Storage(where, signer, part_bytes=10)
    await storage.save("a/b", b"x")
    assert await storage.save("a/ü c", chunks(b"0123456789", b"0123456789", b"01")) == 22
    assert await storage.load("a/ü c") == b"012345678901234567890" + b"1"
    assert {found.key async for found in storage.scan("a")} == {"a/b", "a/ü c"}
    await storage.delete("a/b")
    with pytest.raises(ObjectNotFound):
        await storage.load("a/b")
    await storage.close()
    plain = S3Storage(place(server.url, bucket, in_path=True), signer)
    assert [found.key async for found in plain.scan()] == ["our/part/a/ü c"]
    await plain.close()


class Flaky:
    """Serves one object, and cuts the connection in the middle of its first answers."""

    def __init__(self, content: bytes, *, cuts: int) -> None:
        self._content, self._cuts = content, cuts
        self.asked: list[tuple[str | None, str | None]] = []

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.asked.append((request.headers.get("range"), request.headers.get("if-match")))
        part = self._content[request.http_range.start or 0 :]
        answer = web.StreamResponse(status=206 if request.headers.get("range") else 200, headers={"ETag": '"v1"'})
        answer.content_length = len(part)
        await answer.prepare(request)
        if len(self.asked) <= self._cuts:
            await answer.write(part[: len(part) // 2])
            assert request.transport is not None
            request.transport.abort()
        else:
            await answer.write(part)
        return answer


@pytest.mark.parametrize("kind", ["s3", "azure"])
async def test_a_stream_that_breaks_goes_on_where_it_was(kind: str) -> None:
    flaky = Flaky(bytes(range(256)) * 1000, cuts=2)
    async with serving(flaky.handle) as url:
        storage: ObjectStorage
        if kind == "s3":
            storage = S3Storage(place(url, "b", in_path=True), AwsSigner(fixed_keys("a", "b"), region="r"))
        else:
            storage = AzureStorage(url, "b", SharedKeySigner("a", "b3RoZXI="))
        assert await read(storage, "k") == bytes(range(256)) * 1000
        await storage.close()
    assert flaky.asked[0] == (None, None)
    assert [tag for _, tag in flaky.asked[1:]] == ['"v1"', '"v1"']


async def test_a_stream_that_breaks_again_and_again_is_told() -> None:
    flaky = Flaky(b"x" * 1000, cuts=99)
    async with serving(flaky.handle) as url:
        storage = S3Storage(place(url, "b", in_path=True), AwsSigner(fixed_keys("a", "b"), region="r"))
        with pytest.raises(StorageUnavailable, match="does not answer"):
            await read(storage, "k")
        await storage.close()
    assert len(flaky.asked) == 4


async def test_a_server_that_has_too_much_to_do_is_asked_again() -> None:
    asked: list[str] = []

    async def busy(request: web.Request) -> web.Response:
        asked.append(request.method)
        return web.Response(status=503) if len(asked) < 3 else web.Response(status=200)

    async with serving(busy) as url:
        storage = S3Storage(place(url, "b", in_path=True), AwsSigner(fixed_keys("a", "b"), region="r"))
        await storage.save("k", b"x")
        await storage.close()
    assert asked == ["PUT", "PUT", "PUT"]
