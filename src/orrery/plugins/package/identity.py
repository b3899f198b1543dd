"""Names of plugins: ``author/name``, with a version, and with the checksum of the content (plugins.md 1.3)."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping

import msgspec

_IDENTIFIER = re.compile(
    r"(?:([a-z0-9_-]{1,64})/)?([a-z0-9_-]{1,255}):([0-9]{1,4}(?:\.[0-9]{1,4}){1,3}(?:-\w{1,16})?)@([a-f0-9]{32,64})",
    re.ASCII,
)


class MalformedIdentifier(Exception):
    """The text is no unique identifier of a plugin."""


class UniqueIdentifier(msgspec.Struct, frozen=True):
    """One version of one plugin with one content. ``author`` may be empty in identifiers of old packages."""

    author: str
    name: str
    version: str
    checksum: str

    @classmethod
    def parse(cls, text: str) -> UniqueIdentifier:
        """Raises `MalformedIdentifier`."""
        match = _IDENTIFIER.fullmatch(text)
        if match is None:
            raise MalformedIdentifier(
                f"{text[:80]!r} is no unique identifier of a plugin: author/name:version@checksum is expected"
            )
        author, name, version, checksum = match.groups()
        return cls(author or "", name, version, checksum)

    @property
    def plugin_id(self) -> str:
        """The plugin in all its versions: ``author/name``."""
        return f"{self.author}/{self.name}" if self.author else self.name

    def __str__(self) -> str:
        return f"{self.plugin_id}:{self.version}@{self.checksum}"


def checksum(files: Mapping[str, bytes]) -> str:
    """SHA-256, hex, over the hashes of path and content of each file, in the order of the paths' bytes."""
    total = hashlib.sha256()
    for path in sorted(files, key=str.encode):
        total.update(hashlib.sha256(path.encode()).digest())
        total.update(hashlib.sha256(files[path]).digest())
    return total.hexdigest()
