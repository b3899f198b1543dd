"""Objects in a bucket of any service that speaks S3: small ones in one request, streams in parts.

An upload in parts shows nothing until it is completed, and one that fails is aborted, so an object is there as a
whole or not at all.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator

from orrery.egress.protocol import EgressError
from orrery.storage.keys import is_below, is_key
from orrery.storage.parts import PART_BYTES, parts_of
from orrery.storage.protocol import ObjectNotFound, StorageUnavailable, StoredObject
from orrery.storage.s3.bucket import Bucket
from orrery.storage.s3.documents import completion, creation, is_error, read_listing, read_upload_id
from orrery.storage.transport import ATTEMPTS, Answer, Call, Signer, Transport, code_of, refused, unreachable

_KIND = {"content-type": "application/octet-stream"}
_READ_BYTES = 256 * 1024


class S3Storage:
    """`ObjectStorage` in one bucket. Opens no connection before it is used."""

    def __init__(self, bucket: Bucket, signer: Signer, *, part_bytes: int = PART_BYTES) -> None:
        self._bucket = bucket
        self._http = Transport(signer)
        self._part_bytes = part_bytes

    async def save(self, key: str, content: bytes | AsyncIterator[bytes]) -> int:
        self._bucket.on_object("PUT", key)
        if isinstance(content, bytes):
            await self._put(key, content)
            return len(content)
        parts = parts_of(content, self._part_bytes)
        async with contextlib.aclosing(parts):
            first = await anext(parts)
            second = await anext(parts, None)
            if second is None:
                await self._put(key, first)
                return len(first)
            return await self._put_parts(key, [first, second], parts)

    async def load(self, key: str) -> bytes:
        answer = await self._sent(self._bucket.on_object("GET", key), ok={200})
        return answer.body

    async def load_stream(self, key: str, *, start: int = 0, length: int | None = None) -> AsyncGenerator[bytes, None]:
        if length is not None and length <= 0:
            await self.size(key)
            return
        position, end, tag = start, None if length is None else start + length, ""
        for attempt in range(1, ATTEMPTS + 1):
            try:
                async with self._http.open(self._stretch(key, position, end, tag)) as (answer, body):
                    if not self._has_content(key, answer):
                        return
                    tag = answer.headers.get("etag", "")
                    while chunk := await body.read(_READ_BYTES):
                        position += len(chunk)
                        yield chunk
                    return
            except EgressError as error:
                # Goes on where it broke off, if the object is still the same.
                if attempt == ATTEMPTS or not tag:
                    raise unreachable(self._bucket.base, error) from error
                await self._http.pause(attempt)

    async def exists(self, key: str) -> bool:
        try:
            await self.size(key)
        except ObjectNotFound:
            return False
        return True

    async def size(self, key: str) -> int:
        answer = await self._sent(self._bucket.on_object("HEAD", key), ok={200})
        return int(answer.headers.get("content-length", "0"))

    async def delete(self, key: str) -> None:
        await self._sent(self._bucket.on_object("DELETE", key), ok={200, 202, 204, 404})

    async def scan(self, prefix: str = "") -> AsyncGenerator[StoredObject, None]:
        outer = f"{self._bucket.prefix}/" if self._bucket.prefix else ""
        marker = ""
        while True:
            query = {"marker": marker, "max-keys": "1000", "prefix": outer + prefix.strip("/")}
            call = self._bucket.on_bucket("GET", query={name: value for name, value in query.items() if value})
            page = read_listing((await self._sent(call, ok={200})).body)
            for found in page.objects:
                key = found.key.removeprefix(outer)
                if is_key(key) and is_below(key, prefix):
                    yield StoredObject(key, found.size, found.modified)
            if not page.more or not page.objects:
                return
            marker = page.objects[-1].key

    async def close(self) -> None:
        await self._http.close()

    def _stretch(self, key: str, start: int, end: int | None, tag: str) -> Call:
        headers = {"if-match": tag} if tag else {}
        if start or end is not None:
            headers["range"] = f"bytes={start}-{'' if end is None else end - 1}"
        return self._bucket.on_object("GET", key, headers=headers)

    def _has_content(self, key: str, answer: Answer) -> bool:
        """False for a stretch behind the object's end."""
        if answer.status in {200, 206}:
            return True
        if answer.status == 416:
            return False
        self._raise(self._bucket.on_object("GET", key), answer)
        return False

    async def _put(self, key: str, content: bytes) -> None:
        call = self._bucket.on_object("PUT", key, headers=_KIND, body=content)
        await self._written(call, ok={200, 201})

    async def _put_parts(self, key: str, first: list[bytes], rest: AsyncIterator[bytes]) -> int:
        begin = self._bucket.on_object("POST", key, query={"uploads": ""}, headers=_KIND)
        upload_id = read_upload_id((await self._written(begin, ok={200})).body)
        tags: list[str] = []
        written = 0
        try:
            for part in first:
                tags.append(await self._put_part(key, upload_id, len(tags) + 1, part))
                written += len(part)
            first.clear()
            async for part in rest:
                tags.append(await self._put_part(key, upload_id, len(tags) + 1, part))
                written += len(part)
            query = {"uploadId": upload_id}
            headers = {"content-type": "application/xml"}
            end = self._bucket.on_object("POST", key, query=query, headers=headers, body=completion(tags))
            await self._completed(end)
        except BaseException:
            # Parts of an upload that nobody ends would be paid for without being seen.
            await asyncio.shield(self._abort(key, upload_id))
            raise
        return written

    async def _completed(self, end: Call) -> None:
        answer = await self._sent(end, ok={200})
        if is_error(answer.body):
            raise refused(end, answer)

    async def _put_part(self, key: str, upload_id: str, number: int, part: bytes) -> str:
        query = {"partNumber": str(number), "uploadId": upload_id}
        answer = await self._sent(self._bucket.on_object("PUT", key, query=query, body=part), ok={200, 201})
        return answer.headers.get("etag", "")

    async def _abort(self, key: str, upload_id: str) -> None:
        with contextlib.suppress(StorageUnavailable, ObjectNotFound):
            await self._sent(self._bucket.on_object("DELETE", key, query={"uploadId": upload_id}), ok={204, 200})

    async def _written(self, call: Call, *, ok: set[int]) -> Answer:
        """Sends a first write; a bucket that does not exist yet is made, where that is wanted."""
        answer = await self._http.send(call)
        if answer.status == 404 and self._bucket.location is not None and code_of(answer) == "NoSuchBucket":
            await self._sent(self._bucket.on_bucket("PUT", body=creation(self._bucket.location)), ok={200, 201, 409})
            answer = await self._http.send(call)
        if answer.status not in ok:
            raise refused(call, answer)
        return answer

    async def _sent(self, call: Call, *, ok: set[int]) -> Answer:
        answer = await self._http.send(call)
        if answer.status not in ok:
            self._raise(call, answer)
        return answer

    def _raise(self, call: Call, answer: Answer) -> None:
        """A missing object is told from a missing bucket by the vendor's word; HEAD has no words."""
        if answer.status == 404 and code_of(answer) in {"", "NoSuchKey", "NoSuchObject", "NotFound"}:
            raise ObjectNotFound
        raise refused(call, answer)
