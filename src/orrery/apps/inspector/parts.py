"""The services of this room, built once from what they need."""

from __future__ import annotations

import msgspec

from orrery.apps.files.protocol import FileValues
from orrery.apps.inspector.keeper import DraftKeeper
from orrery.apps.inspector.large_values import LargeValues
from orrery.apps.inspector.service import DraftVariables
from orrery.apps.runs.truncation import DisplayLimits
from orrery.database.engine import Database
from orrery.storage.protocol import ObjectStorage


class Inspector(msgspec.Struct, frozen=True, kw_only=True):
    """``keeper`` is the `DebugMemory` of runs, ``drafts`` what the console calls."""

    keeper: DraftKeeper
    drafts: DraftVariables

    @classmethod
    def build(
        cls,
        database: Database,
        storage: ObjectStorage,
        files: FileValues,
        display: DisplayLimits,
        *,
        storage_type: str,
    ) -> Inspector:
        """Builds the services; opens nothing. ``storage_type`` is STORAGE_TYPE."""
        large = LargeValues(database, storage, display, storage_type=storage_type)
        return cls(keeper=DraftKeeper(database, large), drafts=DraftVariables(database, large, files))
