"""Taking app files in and giving them out (workflow.md 1.3)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import cast

import msgspec
from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from orrery.apps.catalog.errors import AppNotFound
from orrery.apps.catalog.modes import BASIC_MODES, GRAPH_MODES
from orrery.apps.catalog.searched import NoKnowledge, SearchedDatasets
from orrery.apps.catalog.service import Actor, AppDraft, add_app, add_config
from orrery.apps.catalog.store import find_app, find_config
from orrery.apps.catalog.tables import App
from orrery.apps.dsl.datasets import decrypt_dataset_id
from orrery.apps.dsl.dependencies import provider_of
from orrery.apps.dsl.document import (
    CURRENT_VERSION,
    AppDocument,
    DslError,
    ImportStatus,
    graph_of,
    list_in,
    parse,
    status_for,
)
from orrery.apps.dsl.exporter import ExportChoices, export_basic_app, export_graph_app
from orrery.apps.dsl.source import fetch_yaml
from orrery.apps.inspector.tables import DraftVariable
from orrery.apps.runs.basic_knowledge import knowledge_ids
from orrery.apps.workflows.errors import DraftNotFound, WorkflowNotFound
from orrery.apps.workflows.service import GraphContent, find_draft, find_version, put_draft
from orrery.apps.workflows.variables import Keeping, Variable
from orrery.cache.protocol import Cache
from orrery.database.engine import Database
from orrery.database.ids import new_id
from orrery.database.orm import utc_now
from orrery.egress.protocol import HttpClient
from orrery.errors import InvalidParam

_PENDING_SECONDS = 600.0
_ICON_TYPES = frozenset({"emoji", "image", "link"})
_LONGEST_TEXT = 255


class ImportRequest(msgspec.Struct, kw_only=True):
    """The body of an import; given names and icons win over the file's."""

    mode: str
    yaml_content: str | None = None
    yaml_url: str | None = None
    name: str | None = None
    description: str | None = None
    icon_type: str | None = None
    icon: str | None = None
    icon_background: str | None = None
    app_id: str | None = None


class ImportResult(msgspec.Struct, kw_only=True):
    """What became of an import (workflow.md 1.3, result object)."""

    id: str
    status: ImportStatus
    app_id: str | None = None
    app_mode: str | None = None
    current_dsl_version: str = CURRENT_VERSION
    imported_dsl_version: str = ""
    error: str = ""


class DslService:
    """Imports, confirmations and exports. Nothing is half imported: an app and its draft are one transaction.

    ``is_built_in`` says of a model provider's id whether this installation has it without a plugin.
    """

    def __init__(
        self,
        database: Database,
        keeping: Keeping,
        cache: Cache,
        http: HttpClient,
        *,
        is_built_in: Callable[[str], bool],
        encrypt_dataset_ids: bool = True,
        searched: SearchedDatasets | None = None,
    ) -> None:
        self._database = database
        self._keeping = keeping
        self._cache = cache
        self._http = http
        self._is_built_in = is_built_in
        self._encrypt_dataset_ids = encrypt_dataset_ids
        self._searched = searched or NoKnowledge()

    async def import_app(self, who: Actor, request: ImportRequest) -> ImportResult:
        """The result, also for files that can't be imported (status ``failed`` with the reason)."""
        import_id = new_id()
        try:
            text = await self._text(request)
            # Large files take seconds: others are served meanwhile.
            document = await asyncio.to_thread(parse, text)
            status = status_for(document.version)
            if status == "pending":
                return await self._keep_pending(who, import_id, request, text, document)
            app = await self._write(who, request, document)
        except (DslError, InvalidParam, AppNotFound) as error:
            return ImportResult(id=import_id, status="failed", error=error.message)
        return _written(import_id, status, app, document)

    async def confirm(self, who: Actor, import_id: str) -> ImportResult:
        """Carries out a pending import; exactly one confirmation does."""
        stored = await self._cache.take(_pending_key(who, import_id))
        if stored is None:
            return ImportResult(id=import_id, status="failed", error="Import information expired or does not exist")
        request = msgspec.json.decode(stored, type=ImportRequest)
        try:
            document = await asyncio.to_thread(parse, request.yaml_content or "")
            app = await self._write(who, request, document)
        except (DslError, InvalidParam, AppNotFound) as error:
            return ImportResult(id=import_id, status="failed", error=error.message)
        return _written(import_id, "completed", app, document)

    async def missing_dependencies(self, who: Actor, app_id: str) -> list[object]:
        """Plugins that the imported file asked for and this installation does not have. Raises `AppNotFound`."""
        async with self._database.read() as session:
            if await find_app(session, who.workspace_id, app_id) is None:
                raise AppNotFound
        stored = await self._cache.get(_dependencies_key(who, app_id))
        found = [] if stored is None else msgspec.json.decode(stored, type=list[object])
        return [item for item in found if not self._is_built_in(provider_of(item))]

    async def export(self, who: Actor, app_id: str, *, include_secret: bool, workflow_id: str | None = None) -> str:
        """The app's file. Raises `AppNotFound`, `DraftNotFound`, `WorkflowNotFound`."""
        async with self._database.read() as session:
            app = await find_app(session, who.workspace_id, app_id)
            if app is None:
                raise AppNotFound
            if app.mode in BASIC_MODES:
                config = await find_config(session, app.app_model_config_id)
                return export_basic_app(app, config, include_secret=include_secret)
            if workflow_id:
                workflow = await find_version(session, who.workspace_id, app_id, workflow_id)
                if workflow is None:
                    raise WorkflowNotFound
            else:
                workflow = await find_draft(session, who.workspace_id, app_id)
                if workflow is None:
                    raise DraftNotFound
        choices = ExportChoices(include_secret=include_secret, encrypt_dataset_ids=self._encrypt_dataset_ids)
        return export_graph_app(app, workflow, self._keeping.vault, choices)

    async def copy(self, who: Actor, app_id: str, request: ImportRequest) -> ImportResult:
        """A second app like this one. Raises `AppNotFound`, `DraftNotFound`."""
        request.mode = "yaml-content"
        request.yaml_content = await self.export(who, app_id, include_secret=True)
        async with self._database.read() as session:
            app = await find_app(session, who.workspace_id, app_id)
        if app is not None and app.icon_type == "image" and request.icon is None:
            # A file carries no picture, but a copy in the same workspace may show the same one.
            request.icon_type, request.icon, request.icon_background = app.icon_type, app.icon, app.icon_background
        return await self.import_app(who, request)

    async def _text(self, request: ImportRequest) -> str:
        mode = request.mode
        if mode == "yaml-url":
            return await fetch_yaml(self._http, request.yaml_url)
        if mode != "yaml-content":
            raise DslError(f"Invalid import_mode: {mode}")
        if not request.yaml_content:
            raise DslError("yaml_content is required when import_mode is yaml-content")
        return request.yaml_content

    async def _keep_pending(
        self, who: Actor, import_id: str, request: ImportRequest, text: str, document: AppDocument
    ) -> ImportResult:
        request.mode, request.yaml_content = "yaml-content", text
        await self._cache.set(_pending_key(who, import_id), msgspec.json.encode(request), ttl=_PENDING_SECONDS)
        return ImportResult(
            id=import_id, status="pending", app_mode=document.mode, imported_dsl_version=document.version
        )

    async def _write(self, who: Actor, request: ImportRequest, document: AppDocument) -> App:
        async with self._database.write() as session:
            if request.app_id:
                app = await _overwritten(session, who, request.app_id)
                if app.mode != document.mode:
                    raise DslError(f"The file holds a {document.mode} app, but the app to overwrite is {app.mode}")
                _apply_overrides(app, who, request, document)
            else:
                app = await add_app(session, who, _app_draft(request, document))
            if document.workflow is not None:
                # What debug runs of the graph before left means nothing in this one.
                await session.execute(delete(DraftVariable).where(DraftVariable.app_id == app.id))
                content = _graph_content(document.workflow, who.workspace_id)
                await put_draft(session, self._keeping, who, app, content)
            elif document.model_config is not None:
                await add_config(session, app, document.model_config, who.account_id)
                ids = knowledge_ids(document.model_config)
                await self._searched.keep(session, who.workspace_id, app.id, ids)
        if document.dependencies:
            await self._cache.set(
                _dependencies_key(who, app.id), msgspec.json.encode(document.dependencies), ttl=_PENDING_SECONDS
            )
        return app


def _written(import_id: str, status: ImportStatus, app: App, document: AppDocument) -> ImportResult:
    """The result of an import that was carried out."""
    return ImportResult(
        id=import_id,
        status=status,
        app_id=app.id,
        app_mode=app.mode,
        imported_dsl_version=document.version,
    )


def _pending_key(who: Actor, import_id: str) -> str:
    return f"app_import_info:{who.workspace_id}:{import_id}"


def _dependencies_key(who: Actor, app_id: str) -> str:
    return f"app_check_dependencies:{who.workspace_id}:{app_id}"


async def _overwritten(session: AsyncSession, who: Actor, app_id: str) -> App:
    app = await find_app(session, who.workspace_id, app_id)
    if app is None:
        raise AppNotFound("App not found")
    if app.mode not in GRAPH_MODES:
        raise DslError("Only workflow or advanced chat apps can be overwritten")
    return app


def _text_of(value: object) -> str | None:
    """A text that its column takes; anything else counts as left out."""
    if not isinstance(value, str):
        return None
    text = value.replace("\x00", "")
    return text if 0 < len(text) <= _LONGEST_TEXT else None


def _description_of(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _name_in(app: Mapping[str, object]) -> str:
    return (_description_of(app.get("name")) or "").replace("\x00", "").strip()[:_LONGEST_TEXT] or "Imported app"


def _app_draft(request: ImportRequest, document: AppDocument) -> AppDraft:
    app = document.app
    icon_type = request.icon_type or _text_of(app.get("icon_type"))
    return AppDraft(
        name=_text_of(request.name) or _name_in(app),
        mode=document.mode,
        description=request.description or _description_of(app.get("description")) or "",
        icon_type=icon_type if icon_type in _ICON_TYPES else "emoji",
        icon=_text_of(request.icon) or _text_of(app.get("icon")),
        icon_background=_text_of(request.icon_background) or _text_of(app.get("icon_background")) or "#FFFFFF",
        use_icon_as_answer_icon=bool(app.get("use_icon_as_answer_icon")),
    )


def _apply_overrides(app: App, who: Actor, request: ImportRequest, document: AppDocument) -> None:
    """What the file and the request say of an app that they overwrite; of its name, only if one of them gives one."""
    draft = _app_draft(request, document)
    if request.name or document.app.get("name"):
        app.name = draft.name
    app.description = draft.description
    app.updated_by, app.updated_at = who.account_id, utc_now()
    app.icon_type, app.icon, app.icon_background = draft.icon_type, draft.icon, draft.icon_background
    app.use_icon_as_answer_icon = draft.use_icon_as_answer_icon


def _graph_content(workflow: Mapping[str, object], workspace_id: str) -> GraphContent:
    graph = deepcopy(graph_of(workflow))
    for node in list_in(graph, "nodes"):
        data = cast("dict[str, object]", node).get("data") if isinstance(node, dict) else None
        if isinstance(data, dict) and cast("dict[str, object]", data).get("type") == "knowledge-retrieval":
            data = cast("dict[str, object]", data)
            ids = [decrypt_dataset_id(workspace_id, str(i)) for i in list_in(data, "dataset_ids")]
            data["dataset_ids"] = [i for i in ids if i is not None]
    features = workflow.get("features")
    return GraphContent(
        graph=graph,
        features=cast("dict[str, object]", features) if isinstance(features, dict) else {},
        environment_variables=_items(workflow, "environment_variables"),
        conversation_variables=_items(workflow, "conversation_variables"),
        rag_pipeline_variables=list_in(workflow, "rag_pipeline_variables"),
    )


def _items(workflow: Mapping[str, object], name: str) -> list[Variable]:
    items: object = workflow.get(name) or []
    if not isinstance(items, list):
        raise DslError(f"{name} must be a list")
    return [_with_value(cast("Variable", item)) for item in cast("list[object]", items) if isinstance(item, dict)]


def _with_value(item: Variable) -> Variable:
    # A secret leaves its workspace empty; an import keeps it as an empty value to be filled in.
    return {**item, "value": ""} if item.get("value_type") == "secret" and item.get("value") is None else item
