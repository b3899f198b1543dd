"""What a backup says of itself; its last part, written when all others are."""

from __future__ import annotations

import msgspec

FORMAT = 1
NAME = "manifest.json"
ROWS = "rows/"
OBJECTS = "objects/"
SECRETS = "secrets.env"


class TablePart(msgspec.Struct, frozen=True):
    """The rows of one table: lines of JSON arrays in the order of ``columns``; ``digest`` as in `rows.values`."""

    name: str
    columns: tuple[str, ...]
    rows: int
    digest: str


class Part(msgspec.Struct, frozen=True):
    """One file of the archive; ``sha256`` of its content, in hex."""

    name: str
    size: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """``schema`` is the revision of the tables, ``key_id`` names the master key that credentials are sealed under.

    ``missing`` are objects that a row names and the storage no longer had. Times are ISO 8601.
    """

    format: int = FORMAT
    product: str
    made_at: str
    schema: str
    key_id: str
    with_secrets: bool
    tables: tuple[TablePart, ...]
    parts: tuple[Part, ...]
    missing: tuple[str, ...] = ()
