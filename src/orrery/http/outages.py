"""What callers are told while the database is away or has no room: come back, rather than that something is broken."""

from __future__ import annotations

import errno

from orrery.database.outages import is_full, is_outage
from orrery.errors import OrreryError, Unavailable

_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EROFS}
_ABOUT_FILES = (FileNotFoundError, FileExistsError, PermissionError, IsADirectoryError, NotADirectoryError)


class StorageFull(OrreryError):
    """Nothing can be written: the disk is full, over its quota or read-only. What is there can be read."""

    status = 507
    code = "storage_full"
    default_message = "There is no room to write: the server's disk is full or read-only. Nothing was changed."


class DatabaseAway(Unavailable):
    """The database does not answer, or all its connections are in use."""

    code = "service_unavailable"
    default_message = "The database can't be reached at the moment. Please try again in a few seconds."


def storage_refusal(error: Exception) -> OrreryError | None:
    """The refusal for an error of the database or the disk; None for any other error."""
    if is_full(error) or (isinstance(error, OSError) and error.errno in _NO_ROOM):
        return StorageFull(retry_after=30)
    if is_outage(error) and not isinstance(error, _ABOUT_FILES):
        return DatabaseAway(retry_after=2)
    return None
