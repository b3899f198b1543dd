"""The XML that S3 and its relatives speak, as far as it is used here."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

import msgspec

from orrery.storage.protocol import StorageUnavailable, StoredObject


class Listing(msgspec.Struct, frozen=True):
    """One page of a listing; ``more`` says that another follows."""

    objects: list[StoredObject]
    more: bool


def read_listing(body: bytes) -> Listing:
    """Raises `StorageUnavailable` if the body is no listing."""
    root = _parse(body)
    objects = [
        StoredObject(_text(item, "Key"), int(_text(item, "Size") or 0), _seconds(_text(item, "LastModified")))
        for item in _all(root, "Contents")
    ]
    return Listing(objects, _text(root, "IsTruncated").lower() == "true")


def read_upload_id(body: bytes) -> str:
    """The id of an upload in parts. Raises `StorageUnavailable`."""
    upload_id = _text(_parse(body), "UploadId")
    if not upload_id:
        raise StorageUnavailable("The file storage began an upload without naming it.")
    return upload_id


def is_error(body: bytes) -> bool:
    """Whether a body is an error, which may follow a status 200 that was sent too early."""
    return bool(body.strip()) and _local(_parse(body).tag) == "Error"


def completion(tags: Sequence[str]) -> bytes:
    """The order to make one object of the parts with these entity tags."""
    parts = "".join(
        f"<Part><PartNumber>{number}</PartNumber><ETag>{escape(tag)}</ETag></Part>"
        for number, tag in enumerate(tags, start=1)
    )
    return f"<CompleteMultipartUpload>{parts}</CompleteMultipartUpload>".encode()


def creation(region: str) -> bytes:
    """The body that makes a bucket in a region; empty for the region that AWS takes by itself."""
    if region in {"", "us-east-1", "auto"}:
        return b""
    where = f"<LocationConstraint>{escape(region)}</LocationConstraint>"
    return f"<CreateBucketConfiguration>{where}</CreateBucketConfiguration>".encode()


def _parse(body: bytes) -> ET.Element:
    try:
        # The operator's own storage speaks, and expat bounds the growth of entities by itself.
        return ET.fromstring(body)  # noqa: S314
    except ET.ParseError as error:
        raise StorageUnavailable(f"The file storage answered with something that is no XML: {error}.") from error


def _local(tag: str) -> str:
    """The name without its namespace, which vendors choose freely."""
    return tag.rpartition("}")[2]


def _all(parent: ET.Element, name: str) -> list[ET.Element]:
    return [child for child in parent if _local(child.tag) == name]


def _text(parent: ET.Element, name: str) -> str:
    return next((child.text or "" for child in _all(parent, name)), "")


def _seconds(text: str) -> float | None:
    try:
        return datetime.fromisoformat(text).timestamp()
    except ValueError:
        return None
