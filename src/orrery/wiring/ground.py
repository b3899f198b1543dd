"""What the product stands on: the parts of the lower floors, opened by the process."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from orrery.apps.runs.observing import RunObserver
from orrery.cache.protocol import Cache
from orrery.database.engine import Database
from orrery.jobs.outbox import JobOutbox
from orrery.retrieval.extraction.protocol import Extract, ExtractUnits
from orrery.sandbox.protocol import CodeRunner
from orrery.settings.load import Settings
from orrery.storage.protocol import ObjectStorage
from orrery.wiring.outside import Clients


class Ground(msgspec.Struct, frozen=True, kw_only=True):
    """What the product stands on."""

    settings: Settings
    database: Database
    cache: Cache
    storage: ObjectStorage
    clients: Clients
    code: CodeRunner
    documents: Extract
    units: ExtractUnits
    outbox: JobOutbox
    owner: str
    observers: Sequence[RunObserver] = ()
