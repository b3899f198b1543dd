"""Supabase Storage over its REST interface. Makes the bucket if it does not exist.

The interface takes an object in one request and knows no uploads in parts, so streams are gathered first; an object
may therefore have `LARGEST_BYTES`.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator, AsyncIterator
from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import msgspec

from orrery.egress.protocol import EgressError
from orrery.storage.keys import check_key, is_below, is_key
from orrery.storage.protocol import ObjectNotFound, StorageUnavailable, StoredObject
from orrery.storage.required import given, require
from orrery.storage.signing.bearer import BearerSigner
from orrery.storage.transport import Answer, Call, Transport, refused, unreachable

if TYPE_CHECKING:
    from orrery.settings.groups.storage import Storage

LARGEST_BYTES = 256 * 1024 * 1024
PAGE = 1000
_JSON = {"content-type": "application/json"}


class _Metadata(msgspec.Struct):
    size: int = 0


class _Entry(msgspec.Struct):
    """An entry of a listing; one without an id is a folder."""

    name: str
    id: str | None = None
    updated_at: str | None = None
    metadata: _Metadata | None = None


def open_supabase(settings: Storage) -> SupabaseStorage:
    """The bucket of SUPABASE_BUCKET_NAME. Raises `StorageConfigurationError`."""
    s = settings
    values = {"SUPABASE_BUCKET_NAME": s.supabase_bucket, "SUPABASE_API_KEY": s.supabase_key}
    require("supabase", {**values, "SUPABASE_URL": s.supabase_url})
    return SupabaseStorage(given(s.supabase_url), s.supabase_bucket, s.supabase_key)


class SupabaseStorage:
    """`ObjectStorage` in one bucket of a project."""

    def __init__(self, url: str, bucket: str, key: str) -> None:
        parts = urlsplit(url if "://" in url else f"https://{url}")
        self._base = f"{parts.scheme}://{parts.netloc}"
        self._top = f"{parts.path.rstrip('/')}/storage/v1"
        self._bucket = bucket

        async def token() -> str:
            return key

        self._http = Transport(BearerSigner(token, {"apikey": key}))

    async def save(self, key: str, content: bytes | AsyncIterator[bytes]) -> int:
        path = self._path(key)
        whole = content if isinstance(content, bytes) else await _gathered(content)
        headers = {"content-type": "application/octet-stream", "x-upsert": "true"}
        call = Call(method="POST", base=self._base, path=path, headers=headers, body=whole)
        answer = await self._http.send(call)
        if _is_missing(answer) and b"ucket" in answer.body:
            await self._make_bucket()
            answer = await self._http.send(call)
        if answer.status not in {200, 201}:
            raise refused(call, answer)
        return len(whole)

    async def load(self, key: str) -> bytes:
        return (await self._found(Call(method="GET", base=self._base, path=self._path(key)))).body

    async def load_stream(self, key: str, *, start: int = 0, length: int | None = None) -> AsyncGenerator[bytes, None]:
        size = await self.size(key)
        end = size if length is None else min(size, start + length)
        if start >= end:
            return
        headers = {"range": f"bytes={start}-{end - 1}"}
        call = Call(method="GET", base=self._base, path=self._path(key), headers=headers)
        try:
            async with self._http.open(call) as (answer, body):
                if answer.status not in {200, 206}:
                    raise ObjectNotFound if _is_missing(answer) else refused(call, answer)
                # Older servers send the whole object whatever stretch was asked for.
                skip, left = (start, end - start) if answer.status == 200 else (0, end - start)
                while left > 0 and (chunk := await body.read(65536)):
                    piece = chunk[skip : skip + left]
                    skip, left = max(0, skip - len(chunk)), left - len(piece)
                    if piece:
                        yield piece
        except EgressError as error:
            raise unreachable(self._base, error) from error

    async def exists(self, key: str) -> bool:
        try:
            await self.size(key)
        except ObjectNotFound:
            return False
        return True

    async def size(self, key: str) -> int:
        answer = await self._found(Call(method="HEAD", base=self._base, path=self._path(key)))
        return int(answer.headers.get("content-length", "0"))

    async def delete(self, key: str) -> None:
        with contextlib.suppress(ObjectNotFound):
            await self._found(Call(method="DELETE", base=self._base, path=self._path(key)))

    async def scan(self, prefix: str = "") -> AsyncGenerator[StoredObject, None]:
        folders = [prefix.strip("/")]
        if prefix:
            with contextlib.suppress(ObjectNotFound):  # the prefix may be an object's whole key
                yield StoredObject(folders[0], await self.size(folders[0]))
        while folders:
            folder = folders.pop()
            async for entry in self._listing(folder):
                key = f"{folder}/{entry.name}" if folder else entry.name
                if entry.id is None:
                    folders.append(key)
                elif is_key(key) and is_below(key, prefix):
                    yield StoredObject(key, entry.metadata.size if entry.metadata else 0, _seconds(entry.updated_at))

    async def close(self) -> None:
        await self._http.close()

    async def _listing(self, folder: str) -> AsyncGenerator[_Entry, None]:
        offset = 0
        while True:
            order = {"column": "name", "order": "asc"}
            asked = {"prefix": folder, "limit": PAGE, "offset": offset, "sortBy": order}
            path, body = f"{self._top}/object/list/{self._bucket}", msgspec.json.encode(asked)
            call = Call(method="POST", base=self._base, path=path, headers=_JSON, body=body)
            answer = await self._http.send(call)
            if answer.status != 200:
                raise refused(call, answer)
            page = msgspec.json.decode(answer.body, type=list[_Entry])
            for entry in page:
                yield entry
            if len(page) < PAGE:
                return
            offset += len(page)

    async def _make_bucket(self) -> None:
        body = msgspec.json.encode({"id": self._bucket, "name": self._bucket, "public": False})
        call = Call(method="POST", base=self._base, path=f"{self._top}/bucket", headers=_JSON, body=body)
        answer = await self._http.send(call)
        if answer.status not in {200, 201, 409}:
            raise refused(call, answer)

    async def _found(self, call: Call) -> Answer:
        answer = await self._http.send(call)
        if _is_missing(answer) or (call.method == "HEAD" and answer.status == 400):
            raise ObjectNotFound
        if answer.status != 200:
            raise refused(call, answer)
        return answer

    def _path(self, key: str) -> str:
        check_key(key)
        return f"{self._top}/object/{self._bucket}/{key}"


def _is_missing(answer: Answer) -> bool:
    """The service says 400 and names 404 in the body."""
    return answer.status == 404 or (answer.status == 400 and b'"404"' in answer.body)


async def _gathered(content: AsyncIterator[bytes]) -> bytes:
    whole = bytearray()
    async for chunk in content:
        whole += chunk
        if len(whole) > LARGEST_BYTES:
            raise StorageUnavailable(f"Supabase takes objects of at most {LARGEST_BYTES} bytes in one request.")
    return bytes(whole)


def _seconds(text: str | None) -> float | None:
    try:
        return datetime.fromisoformat(text or "").timestamp()
    except ValueError:
        return None
