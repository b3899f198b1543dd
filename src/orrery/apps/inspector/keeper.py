"""Keeps what debug runs and single steps leave behind, while they run (workflow.md 7.4)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection, Mapping, Sequence

from sqlalchemy.exc import IntegrityError, OperationalError, SQLAlchemyError

from orrery.apps.inspector import store
from orrery.apps.inspector.kept import CONVERSATION, NO_OUTPUTS, SYSTEM, KeptValue, kept_values
from orrery.apps.inspector.large_values import LargeValues, StoredValue
from orrery.apps.runs.spec import RunSpec
from orrery.apps.workflows.variables import Variable
from orrery.database.engine import Database
from orrery.errors import OrreryError
from orrery.workflow.events import NodeFinished

_log = logging.getLogger(__name__)


class DraftKeeper:
    """Implements `DebugMemory`."""

    def __init__(self, database: Database, large: LargeValues) -> None:
        self._database = database
        self._large = large

    def of_run(self, spec: RunSpec, conversation: Sequence[Variable]) -> RunVariables | None:
        """See `DebugMemory.of_run`."""
        if spec.invoke_from != "debugger" or spec.kind == "basic":
            return None
        place = store.Place(spec.workspace_id, spec.app_id, spec.user.id)
        return RunVariables(self, place, {str(item["name"]): item for item in conversation})

    async def known(
        self, workspace_id: str, app_id: str, user_id: str, namespaces: Collection[str]
    ) -> Mapping[str, Mapping[str, object]]:
        """See `DebugMemory.known`. Raises `StorageUnavailable`."""
        place = store.Place(workspace_id, app_id, user_id)
        async with self._database.read() as session:
            rows = await store.of_nodes(session, place, namespaces)
        found: dict[str, dict[str, object]] = {}
        for row in rows:
            if row.name != NO_OUTPUTS:
                found.setdefault(row.node_id, {})[row.name] = await self._large.load(row)
        return found

    async def keep(self, place: store.Place, values: Sequence[KeptValue]) -> None:
        """Writes the values, in one transaction; of each node among them all others go away."""
        newest = {kept.place: kept for kept in values}.values()
        put, owner = self._large.put, (place.workspace_id, place.user_id)
        stored = [(kept, await put(*owner, kept.name, kept.value)) for kept in newest]
        whole = {kept.node_id for kept, _ in stored} - {SYSTEM, CONVERSATION}
        try:
            await self._write_twice(place, stored, whole)
        except BaseException:
            await self._large.forget([value.file.key for _, value in stored if value.file is not None])
            raise

    async def _write_twice(
        self, place: store.Place, stored: Sequence[tuple[KeptValue, StoredValue]], whole: Collection[str]
    ) -> None:
        try:
            await self._write(place, stored, whole)
        except (IntegrityError, OperationalError):
            # Another run made the same rows in this moment, or held them: now they are there.
            await self._write(place, stored, whole)

    async def _write(
        self, place: store.Place, stored: Sequence[tuple[KeptValue, StoredValue]], whole: Collection[str]
    ) -> None:
        async with self._database.write() as session:
            left = await store.put(session, place, stored, whole_nodes=whole)
        await self._large.forget(left)


class RunVariables:
    """Implements `NodeMemory`: one writer behind the run, so that no node waits for it."""

    def __init__(self, keeper: DraftKeeper, place: store.Place, declared: Mapping[str, Variable]) -> None:
        self._keeper = keeper
        self._place = place
        self._declared = declared
        self._waiting: list[KeptValue] = []
        self._task: asyncio.Task[None] | None = None

    def node_finished(self, event: NodeFinished) -> None:
        """See `NodeMemory.node_finished`."""
        values = kept_values(event, self._declared)
        self._waiting += values
        if values and self._task is None:
            self._task = asyncio.create_task(self._write_all(), name=f"draft-variables-{self._place.app_id}")

    async def settled(self) -> None:
        """See `NodeMemory.settled`."""
        while self._task is not None:
            await asyncio.shield(self._task)

    async def _write_all(self) -> None:
        try:
            while self._waiting:
                values, self._waiting = self._waiting, []
                try:
                    await self._keeper.keep(self._place, values)
                except (SQLAlchemyError, OSError, OrreryError) as error:
                    _log.warning("draft variables of app %s are not kept: %s", self._place.app_id, error)
                except Exception:  # noqa: BLE001  (the writer's top loop: what can't be kept must not harm the run)
                    _log.exception("draft variables of app %s are not kept", self._place.app_id)
        finally:
            self._task = None
