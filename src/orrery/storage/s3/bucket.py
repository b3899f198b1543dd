"""Where a bucket is, and how its objects are addressed."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from urllib.parse import urlsplit

import msgspec

from orrery.storage.keys import check_key
from orrery.storage.transport import Call


class Bucket(msgspec.Struct, frozen=True, kw_only=True):
    """``base`` is scheme and host. ``path`` is empty where the host names the bucket, else ``/<bucket>``.

    ``prefix`` begins every key, without slashes at its ends. ``location``: the region to make the bucket in when it
    does not exist; None leaves that to people.
    """

    base: str
    path: str = ""
    prefix: str = ""
    location: str | None = None

    def on_object(
        self,
        method: str,
        key: str,
        *,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
    ) -> Call:
        """A request to an object. Raises `InvalidKey`."""
        check_key(key)
        path = f"{self.path}/{self.prefix}/{key}" if self.prefix else f"{self.path}/{key}"
        return Call(method=method, base=self.base, path=path, query=query or {}, headers=headers or {}, body=body)

    def on_bucket(self, method: str, *, query: Mapping[str, str] | None = None, body: bytes = b"") -> Call:
        """A request to the bucket itself."""
        return Call(method=method, base=self.base, path=self.path or "/", query=query or {}, body=body)


def place(endpoint: str, bucket: str, *, in_path: bool, prefix: str = "", location: str | None = None) -> Bucket:
    """The bucket at ``endpoint``, which may be a bare host name or hold a path of its own.

    Nothing can be put before a host that is a number: there the bucket is in the path, whatever ``in_path`` says.
    """
    parts = urlsplit(endpoint if "://" in endpoint else f"https://{endpoint}")
    host, below = parts.netloc, parts.path.rstrip("/")
    if in_path or _is_address(parts.hostname or ""):
        return Bucket(base=f"{parts.scheme}://{host}", path=f"{below}/{bucket}", prefix=prefix, location=location)
    named = host if host.startswith(f"{bucket}.") else f"{bucket}.{host}"
    return Bucket(base=f"{parts.scheme}://{named}", path=below, prefix=prefix, location=location)


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
