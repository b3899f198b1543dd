"""Drafts and published versions of graph apps (workflow.md 7.1)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import cast

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from orrery.apps.catalog.access import AppAccess
from orrery.apps.catalog.errors import AppNotFound
from orrery.apps.catalog.modes import GRAPH_MODES, WORKFLOW_TYPES
from orrery.apps.catalog.searched import NoKnowledge, SearchedDatasets, graph_dataset_ids
from orrery.apps.catalog.service import Actor
from orrery.apps.catalog.store import find_app
from orrery.apps.catalog.tables import App
from orrery.apps.runs.tables import WorkflowRun
from orrery.apps.tools.tables import WorkflowToolProvider
from orrery.apps.triggers.sync import follow_draft, follow_publish
from orrery.apps.workflows import variables
from orrery.apps.workflows.errors import DraftNotFound, DraftOutOfSync, WorkflowInUse, WorkflowNotFound
from orrery.apps.workflows.tables import Workflow
from orrery.database.engine import Database
from orrery.database.orm import utc_now
from orrery.errors import InvalidParam
from orrery.security.encryption import Vault

_LONGEST_NODE_ID = 255
_TRIGGERS = frozenset({"trigger-webhook", "trigger-schedule", "trigger-plugin"})


class GraphContent(msgspec.Struct, frozen=True, kw_only=True):
    """What a version holds, as it came from the editor or from a file."""

    graph: Mapping[str, object]
    features: Mapping[str, object]
    environment_variables: Sequence[variables.Variable] | None = None
    conversation_variables: Sequence[variables.Variable] | None = None
    rag_pipeline_variables: Sequence[object] = ()


def content_hash(graph: object, features: object) -> str:
    """The draft's hash: opaque to clients, but stable over key order."""
    text = json.dumps({"graph": graph, "features": features}, sort_keys=True) + "None"
    return hashlib.sha256(text.encode()).hexdigest()


def row_hash(row: Workflow) -> str:
    return content_hash(msgspec.json.decode(row.graph), msgspec.json.decode(row.features))


def check_graph(graph: Mapping[str, object]) -> None:
    """What a draft must hold to be kept; a draft may be unfinished. Raises `InvalidParam`."""
    nodes, edges = graph.get("nodes"), graph.get("edges")
    if not isinstance(nodes, list) or not isinstance(edges, list):
        raise InvalidParam("nodes/edges in workflow graph must be a list")
    kinds: set[str] = set()
    for node in cast("list[object]", nodes):
        if not isinstance(node, dict):
            raise InvalidParam("each node of the graph must be an object")
        node_id = cast("dict[str, object]", node).get("id")
        if isinstance(node_id, str) and (len(node_id) > _LONGEST_NODE_ID or "\x00" in node_id):
            raise InvalidParam(f"node ids have at most {_LONGEST_NODE_ID} characters, none of them NUL")
        data = cast("dict[str, object]", node).get("data")
        kind = cast("dict[str, object]", data).get("type") if isinstance(data, dict) else None
        if isinstance(kind, str):
            kinds.add(kind)
    if "start" in kinds and kinds & _TRIGGERS:
        raise InvalidParam("Start node and trigger nodes cannot coexist in the same workflow")


class WorkflowService:
    """Use cases on versions. Each is one transaction."""

    def __init__(
        self,
        database: Database,
        vault: Vault,
        access: AppAccess,
        *,
        max_variable_bytes: int = variables.MAX_VARIABLE_SIZE,
        searched: SearchedDatasets | None = None,
    ) -> None:
        self._database = database
        self._access = access
        self._searched = searched or NoKnowledge()
        self._keeping = variables.Keeping(vault, max_variable_bytes)
        self.vault = vault

    async def draft(self, workspace_id: str, app_id: str) -> Workflow:
        """Raises `AppNotFound`, `DraftNotFound`."""
        async with self._database.read() as session:
            await _graph_app(session, workspace_id, app_id)
            row = await find_draft(session, workspace_id, app_id)
        if row is None:
            raise DraftNotFound
        return row

    async def save_draft(self, who: Actor, app_id: str, content: GraphContent, known_hash: str | None) -> Workflow:
        """Replaces the draft. Raises `DraftOutOfSync` when ``known_hash`` is not the stored one."""
        async with self._database.write() as session:
            app = await _graph_app(session, who.workspace_id, app_id, locked=True)
            row = await find_draft(session, who.workspace_id, app_id)
            if row is not None and known_hash is not None and row_hash(row) != known_hash:
                raise DraftOutOfSync
            return await put_draft(session, self._keeping, who, app, content)

    async def is_tool(self, workspace_id: str, app_id: str) -> bool:
        """Whether a version of the app is published as a tool."""
        async with self._database.read() as session:
            return await is_tool(session, workspace_id, app_id)

    async def published(self, workspace_id: str, app_id: str) -> Workflow | None:
        """The version in use, or None."""
        async with self._database.read() as session:
            app = await _graph_app(session, workspace_id, app_id)
            return None if app.workflow_id is None else await session.get(Workflow, app.workflow_id)

    async def publish(self, who: Actor, app_id: str, *, name: str, comment: str) -> Workflow:
        """Copies the draft to a new version and puts it in use. Raises `DraftNotFound`, `TriggerRefused`."""
        async with self._database.write() as session:
            app = await _graph_app(session, who.workspace_id, app_id, locked=True)
            draft = await find_draft(session, who.workspace_id, app_id)
            if draft is None:
                raise DraftNotFound
            now = utc_now()
            version = Workflow(
                tenant_id=who.workspace_id,
                app_id=app_id,
                type=draft.type,
                version=now.strftime("%Y-%m-%d %H:%M:%S.%f"),
                graph=draft.graph,
                features=draft.features,
                environment_variables=draft.environment_variables,
                conversation_variables=draft.conversation_variables,
                rag_pipeline_variables=draft.rag_pipeline_variables,
                marked_name=name,
                marked_comment=comment,
                created_by=who.account_id,
                created_at=now,
                updated_at=now,
            )
            session.add(version)
            await session.flush()
            graph = _graph_of(draft)
            await follow_publish(session, who.workspace_id, app_id, who.account_id, graph, now)
            await self._searched.keep(session, who.workspace_id, app_id, graph_dataset_ids(graph))
            app.workflow_id, app.updated_at, app.updated_by = version.id, now, who.account_id
        self._access.forget(app_id)
        return version

    async def versions(
        self, workspace_id: str, app_id: str, *, page: int, limit: int, user_id: str | None, named_only: bool
    ) -> tuple[list[Workflow], bool]:
        """A page of published versions, newest first, and whether there are more."""
        query = select(Workflow).where(
            Workflow.tenant_id == workspace_id, Workflow.app_id == app_id, Workflow.version != "draft"
        )
        if user_id:
            query = query.where(Workflow.created_by == user_id)
        if named_only:
            query = query.where(Workflow.marked_name != "")
        async with self._database.read() as session:
            await _graph_app(session, workspace_id, app_id)
            rows = await session.scalars(
                query.order_by(Workflow.version.desc()).offset((page - 1) * limit).limit(limit + 1)
            )
            found = list(rows)
        return found[:limit], len(found) > limit

    async def mark(
        self, who: Actor, app_id: str, workflow_id: str, *, name: str | None, comment: str | None
    ) -> Workflow:
        """Names a version. Raises `WorkflowNotFound`."""
        async with self._database.write() as session:
            row = await self._version(session, who, app_id, workflow_id)
            if name is not None:
                row.marked_name = name
            if comment is not None:
                row.marked_comment = comment
            row.updated_by, row.updated_at = who.account_id, utc_now()
        return row

    async def delete(self, who: Actor, app_id: str, workflow_id: str) -> None:
        """Raises `WorkflowNotFound`; `WorkflowInUse` for the draft, and for what is published, a tool, or running."""
        async with self._database.write() as session:
            app = await _graph_app(session, who.workspace_id, app_id, locked=True)
            row = await self._version(session, who, app_id, workflow_id)
            if row.version == "draft":
                raise WorkflowInUse("Cannot delete draft workflow versions")
            if app.workflow_id == row.id:
                raise WorkflowInUse(f"Cannot delete workflow that is currently in use by app '{app.id}'")
            if await is_tool(session, who.workspace_id, app_id, version=row.version):
                raise WorkflowInUse("Cannot delete workflow that is published as a tool")
            if await _runs_now(session, app_id, row.id):
                raise WorkflowInUse("Cannot delete workflow while runs of it are under way or wait. Stop them first.")
            await session.delete(row)

    async def restore(self, who: Actor, app_id: str, workflow_id: str) -> Workflow:
        """Copies a published version over the draft. Raises `WorkflowNotFound`, `SecretUnreadable`."""
        async with self._database.write() as session:
            app = await _graph_app(session, who.workspace_id, app_id, locked=True)
            row = await self._version(session, who, app_id, workflow_id)
            content = GraphContent(
                graph=msgspec.json.decode(row.graph),
                features=msgspec.json.decode(row.features),
                environment_variables=variables.opened(self.vault, who.workspace_id, row.environment_variables),
                conversation_variables=cast("list[variables.Variable]", row.conversation_variables),
                rag_pipeline_variables=cast("list[object]", row.rag_pipeline_variables),
            )
            return await put_draft(session, self._keeping, who, app, content)

    async def _version(self, session: AsyncSession, who: Actor, app_id: str, workflow_id: str) -> Workflow:
        row = await find_version(session, who.workspace_id, app_id, workflow_id)
        if row is None:
            raise WorkflowNotFound
        return row


def _graph_of(row: Workflow) -> Mapping[str, object]:
    return msgspec.json.decode(row.graph, type=dict[str, object])


async def is_tool(session: AsyncSession, workspace_id: str, app_id: str, *, version: str | None = None) -> bool:
    """Whether the app, or one version of it, is published as a tool."""
    query = select(WorkflowToolProvider.id).where(
        WorkflowToolProvider.tenant_id == workspace_id, WorkflowToolProvider.app_id == app_id
    )
    if version is not None:
        query = query.where(WorkflowToolProvider.version == version)
    return await session.scalar(query.limit(1)) is not None


async def _runs_now(session: AsyncSession, app_id: str, workflow_id: str) -> bool:
    under_way = WorkflowRun.status.in_(("running", "paused"))
    query = select(WorkflowRun.id).where(
        WorkflowRun.app_id == app_id, WorkflowRun.workflow_id == workflow_id, under_way
    )
    return await session.scalar(query.limit(1)) is not None


async def find_draft(session: AsyncSession, workspace_id: str, app_id: str) -> Workflow | None:
    return await session.scalar(
        select(Workflow).where(
            Workflow.tenant_id == workspace_id, Workflow.app_id == app_id, Workflow.version == "draft"
        )
    )


async def find_version(session: AsyncSession, workspace_id: str, app_id: str, workflow_id: str) -> Workflow | None:
    return await session.scalar(
        select(Workflow).where(
            Workflow.tenant_id == workspace_id, Workflow.app_id == app_id, Workflow.id == workflow_id
        )
    )


async def put_draft(
    session: AsyncSession, keeping: variables.Keeping, who: Actor, app: App, content: GraphContent
) -> Workflow:
    """Makes or replaces the app's draft inside the caller's transaction. Raises `InvalidParam`."""
    check_graph(content.graph)
    await follow_draft(session, who.workspace_id, app.id, who.account_id, content.graph)
    row = await find_draft(session, who.workspace_id, app.id)
    if row is None:
        row = Workflow(
            tenant_id=who.workspace_id,
            app_id=app.id,
            type=WORKFLOW_TYPES[app.mode],
            version="draft",
            environment_variables=[],
            conversation_variables=[],
            rag_pipeline_variables=[],
            created_by=who.account_id,
        )
        session.add(row)
    stored = cast("list[variables.Variable]", row.environment_variables)
    row.graph = msgspec.json.encode(content.graph).decode()
    row.features = msgspec.json.encode(content.features).decode()
    if content.environment_variables is not None:
        items = variables.normalise(
            list(content.environment_variables), "env", variables.ENVIRONMENT_TYPES, max_bytes=keeping.max_bytes
        )
        row.environment_variables = variables.sealed(keeping.vault, who.workspace_id, items, stored)
    if content.conversation_variables is not None:
        row.conversation_variables = variables.normalise(
            list(content.conversation_variables),
            "conversation",
            variables.CONVERSATION_TYPES,
            max_bytes=keeping.max_bytes,
        )
    row.rag_pipeline_variables = list(content.rag_pipeline_variables)
    row.updated_by, row.updated_at = who.account_id, utc_now()
    await session.flush()
    return row


async def _graph_app(session: AsyncSession, workspace_id: str, app_id: str, *, locked: bool = False) -> App:
    """``locked``: others who change the app's versions wait until this transaction ends."""
    app = await find_app(session, workspace_id, app_id, locked=locked)
    if app is None or app.mode not in GRAPH_MODES:
        raise AppNotFound
    return app
