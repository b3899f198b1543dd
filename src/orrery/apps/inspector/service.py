"""Looking at draft variables, changing them, setting them back, throwing them away (workflow.md 7.4)."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import cast

import msgspec
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from orrery.apps.files.protocol import FileOwner, FileValues
from orrery.apps.files.tables import UploadFile
from orrery.apps.inspector import store
from orrery.apps.inspector.declared import declared_type, type_after
from orrery.apps.inspector.errors import DraftVariableFixed, DraftVariableNotFound
from orrery.apps.inspector.kept import CONVERSATION, LONGEST_NAME, SYSTEM, KeptValue, default_of, type_of
from orrery.apps.inspector.large_values import FOLDER, LargeValues, drop_files
from orrery.apps.inspector.store import Place
from orrery.apps.inspector.tables import DraftVariable, variable_id
from orrery.apps.runs.tables import NodeExecution
from orrery.apps.workflows.errors import DraftNotFound
from orrery.apps.workflows.service import find_draft
from orrery.apps.workflows.variables import Variable
from orrery.database.engine import Database
from orrery.database.ids import is_id
from orrery.errors import InvalidParam
from orrery.workflow.segments import TypeMismatch, build, fits, infer_type, shown_type

_NULL = "none"
_ORPHANS_AGE = timedelta(hours=1)


class DraftVariables:
    """Use cases on the variables of one account's work on one app. Each is one transaction."""

    def __init__(self, database: Database, large: LargeValues, files: FileValues) -> None:
        self._database = database
        self._large = large
        self._files = files

    async def page(self, place: Place, *, page: int, limit: int) -> tuple[list[DraftVariable], int]:
        """Variables of all nodes, newest first, and how many there are. Raises `DraftNotFound`."""
        async with self._database.read() as session:
            await _require_draft(session, place)
            return await store.page_of(session, place, page=page, limit=limit)

    async def of_node(self, place: Place, node_id: str) -> list[DraftVariable]:
        """Raises `InvalidParam` for ``sys`` and ``conversation``, which have addresses of their own."""
        if node_id in {SYSTEM, CONVERSATION}:
            text = f"invalid node_id, use correspond api for conversation and system variables, node_id={node_id}"
            raise InvalidParam(text)
        async with self._database.read() as session:
            return await store.of_nodes(session, place, [node_id])

    async def system(self, place: Place) -> list[DraftVariable]:
        async with self._database.read() as session:
            return await store.of_nodes(session, place, [SYSTEM])

    async def conversation(self, place: Place) -> list[DraftVariable]:
        """The draft's conversation variables: as runs left them, else as declared. Raises `DraftNotFound`."""
        async with self._database.read() as session:
            declared = await _declared(session, place)
            held = {row.name: row for row in await store.of_nodes(session, place, [CONVERSATION])}
        stale = [row for row in held.values() if not _fits_declaration(row, declared.get(row.name))]
        missing = [item for name, item in declared.items() if name not in held or held[name] in stale]
        if stale or missing:
            # Somebody else may look at the same moment: then the rows are there.
            with contextlib.suppress(IntegrityError):
                await self._prefill(place, [row.id for row in stale], missing)
        async with self._database.read() as session:
            return await store.of_nodes(session, place, [CONVERSATION])

    async def find(self, place: Place, row_id: str) -> DraftVariable:
        """Raises `DraftVariableNotFound`."""
        async with self._database.read() as session:
            return await _found(session, place, row_id)

    async def edit(
        self, place: Place, owner: FileOwner, row_id: str, *, name: str | None, value: object | msgspec.UnsetType
    ) -> DraftVariable:
        """Sets the name, the value or both; files come as mappings. What holds null takes any value of the type that
        its node declares, and where none is declared any value at all.

        Raises `DraftVariableNotFound`, `DraftVariableFixed`, and `InvalidParam` for a value of another type.
        """
        row = await self.find(place, row_id)
        if name is None and value is msgspec.UNSET:
            return row
        if not row.editable or row.file_id is not None:
            raise DraftVariableFixed(row_id)
        if name is not None and (not name or len(name) > LONGEST_NAME or "." in name):
            raise InvalidParam(f"name: 1 to {LONGEST_NAME} characters, no dots.", params="name")
        stored, kind = None, row.value_type
        if value is not msgspec.UNSET:
            declared = await self._declared_type(place, row)
            checked = None if value is None and kind == _NULL else await self._checked(place, owner, declared, value)
            kind = type_after(declared, checked) if kind == _NULL else kind
            stored = await self._large.put(place.workspace_id, place.user_id, row.name, checked)
        async with self._database.write() as session:
            row = await _found(session, place, row_id)
            if name is not None:
                await _require_free(session, place, row, name)
                row.name = name
            if stored is not None:
                store.fill(session, row, stored)
                row.value_type = kind
            row.edited = True
        return row

    async def _declared_type(self, place: Place, row: DraftVariable) -> str:
        if row.value_type != _NULL:
            return row.value_type
        async with self._database.read() as session:
            draft = await find_draft(session, place.workspace_id, place.app_id)
        return "any" if draft is None else declared_type(draft.graph, row.node_id, row.name)

    async def reset(self, place: Place, row_id: str) -> DraftVariable | None:
        """Back to what its last execution gave, a conversation variable to its default; None when it is gone then.

        Raises `DraftVariableNotFound`, `DraftNotFound`.
        """
        async with self._database.read() as session:
            row = await _found(session, place, row_id)
            if not row.editable:
                return row
            original = await _original(session, place, row)
        if original is None:
            await self.delete(place, row_id)
            return None
        stored = await self._large.put(place.workspace_id, place.user_id, original.name, original.value)
        async with self._database.write() as session:
            row = await _found(session, place, row_id)
            left = await drop_files(session, place.workspace_id, [row.file_id] if row.file_id else [])
            store.fill(session, row, stored)
            row.name, row.value_type, row.edited = original.name, original.value_type, False
        await self._large.forget(left)
        return row

    async def delete(self, place: Place, row_id: str) -> None:
        """Raises `DraftVariableNotFound`."""
        async with self._database.write() as session:
            left = await store.remove(session, place, [await _found(session, place, row_id)])
        await self._large.forget(left)

    async def delete_all(self, place: Place, *, node_id: str | None = None) -> None:
        """Throws away everything, or what one node left."""
        query = store.variables_of(place)
        if node_id is not None:
            query = query.where(DraftVariable.node_id == node_id)
        async with self._database.write() as session:
            left = await store.remove(session, place, list(await session.scalars(query)))
        await self._large.forget(left)

    async def purge(self) -> None:
        """Removes files of values whose variable went away with its app."""
        long_ago = datetime.now(UTC) - _ORPHANS_AGE
        named = select(DraftVariable.file_id).where(DraftVariable.file_id.is_not(None))
        orphans = select(UploadFile).where(
            UploadFile.key.startswith(f"{FOLDER}/", autoescape=True),
            UploadFile.created_at < long_ago,
            UploadFile.id.not_in(named),
        )
        async with self._database.write() as session:
            rows = list(await session.scalars(orphans.limit(500)))
            for row in rows:
                await session.delete(row)
        await self._large.forget([row.key for row in rows])

    async def _prefill(self, place: Place, stale: Sequence[str], missing: Sequence[Variable]) -> None:
        values = [default_of(item) for item in missing]
        stored = [
            (kept, await self._large.put(place.workspace_id, place.user_id, kept.name, kept.value)) for kept in values
        ]
        async with self._database.write() as session:
            rows = [row for row in await store.of_nodes(session, place, [CONVERSATION]) if row.id in stale]
            left = await store.remove(session, place, rows)
            await session.flush()
            left += await store.put(session, place, stored, whole_nodes=())
        await self._large.forget(left)

    async def _checked(self, place: Place, owner: FileOwner, kind: str, value: object) -> object:
        declared = shown_type(kind)
        if declared == "any" and infer_type(value) in {"file", "array[file]"}:
            declared = infer_type(value)  # what says that it is a file is looked up like any file
        if declared in {"file", "array[file]"}:
            _check_mappings(declared, value)
            try:
                return await self._files.made_of(place.workspace_id, owner, value)
            except ValueError as error:
                raise InvalidParam(str(error), params="value") from error
        if fits(declared, value):
            return value
        try:
            return build(declared, value)
        except TypeMismatch as error:
            raise InvalidParam(str(error)[:500], params="value") from error


def _check_mappings(declared: str, value: object) -> None:
    items = cast("list[object]", value) if isinstance(value, list) else [value]
    whole = isinstance(value, list) == (declared == "array[file]")
    if not whole or not all(isinstance(item, dict) for item in items):
        wanted = "dict for file" if declared == "file" else "list for files"
        raise InvalidParam(f"expected {wanted}, got {infer_type(cast('object', value))}", params="value")


async def _found(session: AsyncSession, place: Place, row_id: str) -> DraftVariable:
    row = await store.find(session, place, row_id.lower()) if is_id(row_id) else None
    if row is None:
        raise DraftVariableNotFound(row_id)
    return row


async def _require_draft(session: AsyncSession, place: Place) -> None:
    if await find_draft(session, place.workspace_id, place.app_id) is None:
        raise DraftNotFound


async def _require_free(session: AsyncSession, place: Place, row: DraftVariable, name: str) -> None:
    others = await store.of_nodes(session, place, [row.node_id])
    if any(other.name == name and other.id != row.id for other in others):
        raise InvalidParam(f"name: there is a variable {name} already.", params="name")


async def _declared(session: AsyncSession, place: Place) -> Mapping[str, Variable]:
    draft = await find_draft(session, place.workspace_id, place.app_id)
    if draft is None:
        raise DraftNotFound
    items = cast("list[Variable]", draft.conversation_variables or [])
    return {str(item["name"]): item for item in items}


def _fits_declaration(row: DraftVariable, declared: Variable | None) -> bool:
    return declared is not None and shown_type(row.value_type) == shown_type(str(declared["value_type"]))


async def _original(session: AsyncSession, place: Place, row: DraftVariable) -> KeptValue | None:
    """What the variable held before anybody changed it; None when nobody knows."""
    if row.node_id == CONVERSATION:
        for declared in (await _declared(session, place)).values():
            if _is_of(row, str(declared["name"])):
                return default_of(declared)
        return None
    if row.node_execution_id is None:
        return None
    execution = await session.get(NodeExecution, row.node_execution_id)
    if execution is None or execution.app_id != place.app_id or not execution.outputs:
        return None
    for name, value in msgspec.json.decode(execution.outputs, type=dict[str, object]).items():
        bare = name.removeprefix("sys.") if row.node_id == SYSTEM else name
        if _is_of(row, bare):
            kind = type_of(row.node_id, bare, value)
            return KeptValue(node_id=row.node_id, name=bare, value=value, value_type=kind)
    return None


def _is_of(row: DraftVariable, name: str) -> bool:
    """Whether the variable had this name before anybody renamed it."""
    return row.id == variable_id(row.app_id, row.user_id, row.node_id, name)
