"""Objects as block blobs of one container: small ones in one request, streams as blocks that a list makes one."""

from __future__ import annotations

import base64
import contextlib
import os
from collections.abc import AsyncGenerator, AsyncIterator
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

from orrery.egress.protocol import EgressError
from orrery.storage.azure.identity import AzureIdentity
from orrery.storage.azure.signing import SharedKeySigner, TokenSigner
from orrery.storage.keys import check_key, is_below, is_key
from orrery.storage.parts import PART_BYTES, parts_of
from orrery.storage.protocol import ObjectNotFound, StorageUnavailable, StoredObject
from orrery.storage.required import given, require
from orrery.storage.signing.bearer import Kept
from orrery.storage.transport import ATTEMPTS, Answer, Call, Signer, Transport, refused, unreachable

if TYPE_CHECKING:
    from orrery.settings.groups.storage import Storage

MANAGED = "managedidentity"
_READ_BYTES = 256 * 1024


def open_azure(settings: Storage) -> AzureStorage:
    """The container of AZURE_BLOB_CONTAINER_NAME. Raises `StorageConfigurationError`."""
    s = settings
    account = given(s.azure_account)
    values = {"AZURE_BLOB_ACCOUNT_NAME": s.azure_account, "AZURE_BLOB_ACCOUNT_KEY": s.azure_key}
    require("azure-blob", {**values, "AZURE_BLOB_CONTAINER_NAME": s.azure_container})
    url = given(s.azure_url) or f"https://{account}.blob.core.windows.net"
    signer: Signer
    if s.azure_key.strip() == MANAGED:
        signer = TokenSigner(Kept(AzureIdentity(os.environ)))
    else:
        signer = SharedKeySigner(account, s.azure_key.strip())
    return AzureStorage(url, s.azure_container, signer)


class AzureStorage:
    """`ObjectStorage` in one container. Blocks that no list names show nothing and go away after a week."""

    def __init__(self, url: str, container: str, signer: Signer, *, part_bytes: int = PART_BYTES) -> None:
        parts = urlsplit(url if "://" in url else f"https://{url}")
        self._base = f"{parts.scheme}://{parts.netloc}"
        self._container = f"{parts.path.rstrip('/')}/{container}"
        self._http = Transport(signer)
        self._part_bytes = part_bytes

    async def save(self, key: str, content: bytes | AsyncIterator[bytes]) -> int:
        path = self._path(key)
        if isinstance(content, bytes):
            await self._put(path, content)
            return len(content)
        written, blocks = 0, list[str]()
        parts = parts_of(content, self._part_bytes)
        async with contextlib.aclosing(parts):
            waiting = await anext(parts)
            async for part in parts:
                blocks.append(await self._put_block(path, len(blocks), waiting))
                written, waiting = written + len(waiting), part
            if not blocks:
                await self._put(path, waiting)
                return len(waiting)
            blocks.append(await self._put_block(path, len(blocks), waiting))
        listed = "".join(f"<Latest>{block}</Latest>" for block in blocks)
        body = f'<?xml version="1.0" encoding="utf-8"?><BlockList>{listed}</BlockList>'.encode()
        headers = {"content-type": "application/xml", "x-ms-blob-content-type": "application/octet-stream"}
        await self._sent("PUT", path, query={"comp": "blocklist"}, headers=headers, body=body, ok={201})
        return written + len(waiting)

    async def load(self, key: str) -> bytes:
        return (await self._sent("GET", self._path(key), ok={200})).body

    async def load_stream(self, key: str, *, start: int = 0, length: int | None = None) -> AsyncGenerator[bytes, None]:
        if length is not None and length <= 0:
            await self.size(key)
            return
        path, position, end, tag = self._path(key), start, None if length is None else start + length, ""
        for attempt in range(1, ATTEMPTS + 1):
            headers = {"if-match": tag} if tag else {}
            if position or end is not None:
                headers["range"] = f"bytes={position}-{'' if end is None else end - 1}"
            call = Call(method="GET", base=self._base, path=path, headers=headers)
            try:
                async with self._http.open(call) as (answer, body):
                    if answer.status == 416:
                        return
                    _expect(call, answer, {200, 206})
                    tag = answer.headers.get("etag", "")
                    while chunk := await body.read(_READ_BYTES):
                        position += len(chunk)
                        yield chunk
                    return
            except EgressError as error:
                # Goes on where it broke off, if the blob is still the same.
                if attempt == ATTEMPTS or not tag:
                    raise unreachable(self._base, error) from error
                await self._http.pause(attempt)

    async def exists(self, key: str) -> bool:
        try:
            await self.size(key)
        except ObjectNotFound:
            return False
        return True

    async def size(self, key: str) -> int:
        answer = await self._sent("HEAD", self._path(key), ok={200})
        return int(answer.headers.get("content-length", "0"))

    async def delete(self, key: str) -> None:
        with contextlib.suppress(ObjectNotFound):
            await self._sent("DELETE", self._path(key), ok={202})

    async def scan(self, prefix: str = "") -> AsyncGenerator[StoredObject, None]:
        marker = ""
        while True:
            query = {"restype": "container", "comp": "list", "prefix": prefix.strip("/"), "marker": marker}
            query = {name: value for name, value in query.items() if value}
            root = _parse((await self._sent("GET", self._container, query=query, ok={200})).body)
            for blob in root.iter("Blob"):
                key = blob.findtext("Name") or ""
                if is_key(key) and is_below(key, prefix):
                    size = int(blob.findtext("Properties/Content-Length") or 0)
                    yield StoredObject(key, size, _seconds(blob.findtext("Properties/Last-Modified")))
            marker = root.findtext("NextMarker") or ""
            if not marker:
                return

    async def close(self) -> None:
        await self._http.close()

    async def _put(self, path: str, content: bytes) -> None:
        headers = {"x-ms-blob-type": "BlockBlob", "content-type": "application/octet-stream"}
        await self._sent("PUT", path, headers=headers, body=content, ok={201})

    async def _put_block(self, path: str, number: int, part: bytes) -> str:
        block = base64.b64encode(f"{number:08d}".encode()).decode()
        await self._sent("PUT", path, query={"comp": "block", "blockid": block}, body=part, ok={201})
        return block

    async def _sent(
        self,
        method: str,
        path: str,
        *,
        query: dict[str, str] | None = None,
        headers: dict[str, str] | None = None,
        body: bytes = b"",
        ok: set[int],
    ) -> Answer:
        call = Call(method=method, base=self._base, path=path, query=query or {}, headers=headers or {}, body=body)
        answer = await self._http.send(call)
        _expect(call, answer, ok)
        return answer

    def _path(self, key: str) -> str:
        check_key(key)
        return f"{self._container}/{key}"


def _expect(call: Call, answer: Answer, ok: set[int]) -> None:
    if answer.status in ok:
        return
    missing = answer.headers.get("x-ms-error-code") in {"BlobNotFound", "ResourceNotFound", None}
    if answer.status == 404 and missing and b"ContainerNotFound" not in answer.body:
        raise ObjectNotFound
    raise refused(call, answer)


def _parse(body: bytes) -> ET.Element:
    try:
        # The operator's own storage speaks, and expat bounds the growth of entities by itself.
        return ET.fromstring(body)  # noqa: S314
    except ET.ParseError as error:
        raise StorageUnavailable(f"The file storage answered with something that is no XML: {error}.") from error


def _seconds(text: str | None) -> float | None:
    try:
        return parsedate_to_datetime(text or "").timestamp()
    except ValueError:
        return None
