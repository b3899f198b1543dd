"""Why a schema is not as it has to be; each message says what to do."""

from __future__ import annotations


class SchemaNotReady(Exception):
    """The database is not at this version's schema; the message says what to do."""


class MigrationBusy(SchemaNotReady):
    """Somebody else held a lock for as long as this process was willing to wait."""


class UnknownRevision(SchemaNotReady):
    """No script of this version leads there."""


class MigrationFailed(Exception):
    """A statement of a script failed: a fault that waiting does not mend."""
