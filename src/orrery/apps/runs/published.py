"""The version of an app that callers run: the published one, an older one by id, or a draft for the debugger."""

from __future__ import annotations

from collections.abc import Mapping

from orrery.apps.catalog.access import AppRecord
from orrery.apps.catalog.errors import AppUnavailable
from orrery.apps.catalog.modes import BASIC_MODES
from orrery.apps.catalog.tables import AppModelConfig
from orrery.apps.runs.versions import AppVersion, VersionCache
from orrery.apps.workflows.errors import DraftNotFound, WorkflowNotFound, WorkflowNotPublished
from orrery.apps.workflows.service import find_draft, find_version
from orrery.apps.workflows.tables import Workflow
from orrery.database.engine import Database
from orrery.database.ids import is_id
from orrery.errors import BadRequest, InvalidParam


class PublishedVersions:
    """Finds versions; compiled ones come from the cache without a query."""

    def __init__(self, database: Database, versions: VersionCache) -> None:
        self._database = database
        self._versions = versions

    async def of(self, app: AppRecord) -> AppVersion:
        """The version in use. Raises `AppUnavailable`, `WorkflowNotPublished`."""
        if app.mode in BASIC_MODES:
            return await self._config(app)
        if app.workflow_id is None:
            if app.mode == "workflow":
                raise WorkflowNotPublished
            raise AppUnavailable
        known = self._versions.known(app.workflow_id)
        if known is not None:
            return known
        async with self._database.read() as session:
            row = await session.get(Workflow, app.workflow_id)
        if row is None:
            raise AppUnavailable
        return self._versions.workflow(row)

    async def older(self, app: AppRecord, workflow_id: str) -> AppVersion:
        """A version that a caller chose. Raises `InvalidParam`, `WorkflowNotFound`, and `BadRequest` for the draft."""
        if not is_id(workflow_id):
            raise InvalidParam(f"Invalid workflow_id format: '{workflow_id}'. Must be a valid UUID.")
        async with self._database.read() as session:
            row = await find_version(session, app.workspace_id, app.app_id, workflow_id.lower())
        if row is None:
            raise WorkflowNotFound(f"Workflow not found with id: {workflow_id}")
        if row.version == "draft":
            raise BadRequest(f"Cannot use draft workflow version. Workflow ID: {workflow_id}")
        return self._versions.workflow(row)

    async def chosen(self, workspace_id: str, app_id: str, workflow_id: str) -> AppVersion:
        """A published version that somebody noted down earlier. Raises `WorkflowNotFound`, `AppUnavailable`."""
        known = self._versions.known(workflow_id)
        if known is not None:
            return known
        async with self._database.read() as session:
            row = await find_version(session, workspace_id, app_id, workflow_id)
        if row is None:
            raise WorkflowNotFound
        return self._versions.workflow(row)

    async def draft(self, workspace_id: str, app_id: str) -> AppVersion:
        """The draft, for the debugger. Raises `DraftNotFound`."""
        async with self._database.read() as session:
            row = await find_draft(session, workspace_id, app_id)
        if row is None:
            raise DraftNotFound
        return self._versions.workflow(row)

    def unsaved(self, app: AppRecord, configs: Mapping[str, object]) -> AppVersion:
        """A configuration that the debugger tries out."""
        return self._versions.unsaved_config(app.config_id or app.app_id, configs, app.mode)

    async def _config(self, app: AppRecord) -> AppVersion:
        if app.config_id is None:
            raise AppUnavailable
        known = self._versions.known(app.config_id)
        if known is not None:
            return known
        async with self._database.read() as session:
            row = await session.get(AppModelConfig, app.config_id)
        if row is None:
            raise AppUnavailable
        return self._versions.config(row, app.mode)
