"""A version after this one: this code with one migration more. With it, this version is the one before.

The migration does everything that a script which only adds may do, so that what holds for it holds for the next one.
"""

from __future__ import annotations

from pathlib import Path

from orrery.database import migrate
from orrery.database.migrating import chain

FOLDER = Path(__file__).parent / "versions"
BEFORE = migrate.HEAD
"""This version's newest revision."""
REVISION = "9001"


def become(*, serves_from: str | None = None) -> None:
    """Makes this process the next version. Before anything else is imported that asks for the newest revision.

    ``serves_from``: the oldest revision that the new schema is to serve, instead of this version's.
    """
    chain.VERSIONS = (*chain.VERSIONS, FOLDER)
    migrate.HEAD, migrate.SERVES_FROM = REVISION, serves_from or BEFORE
