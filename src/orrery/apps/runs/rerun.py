"""Repeating a run from one of its nodes: what came before is taken over from the record, the rest is done anew."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import msgspec
from sqlalchemy import select
from sqlalchemy.inspection import inspect

from orrery.apps.catalog.tables import App
from orrery.apps.runs import statements
from orrery.apps.runs.again import Again
from orrery.apps.runs.entries import text
from orrery.apps.runs.recovery import journal_of
from orrery.apps.runs.service import AppRef, RunRequest
from orrery.apps.runs.spec import RerunOf, RunSpec, RunUser
from orrery.apps.runs.tables import NodeExecution, WorkflowRun
from orrery.apps.runs.turns import TurnRequest, stored_variables
from orrery.apps.runs.versions import AppVersion, VersionCache
from orrery.apps.workflows.service import find_draft
from orrery.apps.workflows.tables import Workflow
from orrery.database.engine import Database
from orrery.database.group_commit import Entry
from orrery.database.ids import new_id
from orrery.errors import InvalidParam, NotFound
from orrery.workflow.graph import Graph
from orrery.workflow.journal import FinishedNode
from orrery.workflow.rerun import rerun_from

_UNDER_WAY = frozenset({"running", "paused", "scheduled"})


class Reruns:
    """Makes requests of runs that repeat earlier ones."""

    def __init__(self, database: Database, versions: VersionCache) -> None:
        self._database = database
        self._versions = versions

    async def request(self, app: App, user: RunUser, run_id: str, node_id: str, *, recorded_graph: bool) -> RunRequest:
        """What to ask for, to have a run repeated from a node as a debug run of ``user``.

        The graph is that of the draft, so that a mended node can be tried on what came before it, or the one that the
        earlier run had. Raises `NotFound`, and `InvalidParam` for a run that is under way or did not reach the node.
        """
        async with self._database.read() as session:
            row = await session.scalar(
                select(WorkflowRun).where(WorkflowRun.id == run_id, WorkflowRun.app_id == app.id)
            )
            if row is None or row.request is None:
                raise NotFound("Workflow run not found")
            if row.status in _UNDER_WAY:
                raise InvalidParam(f"The run is {row.status}: a run can be repeated when it is over.")
            spec = msgspec.convert(row.request, RunSpec)
            if spec.single is not None:
                raise InvalidParam("A part that ran alone can't be repeated from a node: run it again.")
            query = select(NodeExecution).where(NodeExecution.workflow_run_id == run_id)
            executions = list(await session.scalars(query.order_by(NodeExecution.finished_at, NodeExecution.index)))
            held = await stored_variables(session, spec.turn.conversation_id) if spec.turn is not None else {}
        workflow = await self._workflow(app, row, recorded=recorded_graph)
        version = self._version(workflow, row, recorded=recorded_graph)
        graph = version.graph if spec.root_node_id is None else version.graph.rooted(spec.root_node_id)
        entries = [entry for entry in journal_of(executions) if isinstance(entry, FinishedNode) and not entry.round]
        known = rerun_from(graph, node_id, [entry for entry in entries if entry.node_id in graph.index])
        new_ids = {entry.execution_id: new_id() for entry in known.finished}
        renamed = [_renamed(entry, new_ids) for entry in known.finished]
        resume = msgspec.structs.replace(known, finished=renamed, as_begun=_is_noted(spec))
        again = Again(
            source=RerunOf(run_id, node_id),
            resume=resume,
            inputs=spec.inputs,
            files=spec.files,
            dialogue_count=None if spec.turn is None else spec.turn.dialogue_count,
            conversation=_values_of(spec, held),
        )
        new_run_id = new_id()
        kept = {entry.execution_id: entry for entry in resume.finished}
        copies = [
            _copy(row, new_run_id, version, user, new_ids, kept)
            for row in executions
            if _is_kept(row, graph, known.finished)
        ]
        return RunRequest(
            app=AppRef(
                workspace_id=app.tenant_id,
                app_id=app.id,
                mode=app.mode,
                max_active_requests=app.max_active_requests,
            ),
            version=version,
            user=user,
            invoke_from="debugger",
            inputs={},
            turn=_turn(spec, user),
            run_id=new_run_id,
            extra_rows=copies,
            root_node_id=spec.root_node_id,
            again=again,
        )

    async def _workflow(self, app: App, row: WorkflowRun, *, recorded: bool) -> Workflow:
        async with self._database.read() as session:
            if not recorded:
                found = await find_draft(session, app.tenant_id, app.id)
            else:
                found = await session.get(Workflow, row.workflow_id)
        if found is None or found.app_id != app.id:
            raise NotFound("The version that the run had is gone. Repeat it with the draft's graph.")
        return found

    def _version(self, workflow: Workflow, row: WorkflowRun, *, recorded: bool) -> AppVersion:
        version = self._versions.workflow(workflow)
        if not recorded or row.graph is None:
            return version
        return msgspec.structs.replace(version, graph=self._versions.stored(row.graph), graph_text=row.graph)


def _renamed(entry: FinishedNode, new_ids: Mapping[str, str]) -> FinishedNode:
    return msgspec.structs.replace(entry, execution_id=new_ids[entry.execution_id])


def _is_noted(spec: RunSpec) -> bool:
    """Whether it is known with which values of conversation variables the run began."""
    return spec.conversation is not None or (spec.turn is not None and spec.turn.is_new_conversation)


def _values_of(spec: RunSpec, held: Mapping[str, Mapping[str, object]]) -> Mapping[str, object]:
    """As they were when the run began: as noted, or as declared in a new conversation; of others, as they are now."""
    if spec.conversation is not None:
        return spec.conversation
    if spec.turn is not None and spec.turn.is_new_conversation:
        return {}
    return {str(item["name"]): item["value"] for item in held.values()}


def _turn(spec: RunSpec, user: RunUser) -> TurnRequest | None:
    """Beside the earlier message where the conversation is this editor's own; else in a new conversation."""
    turn = spec.turn
    if turn is None:
        return None
    own = spec.invoke_from == "debugger" and spec.user.id == user.id
    return TurnRequest(
        query=turn.query,
        conversation_id=turn.conversation_id if own else None,
        parent_message_id=turn.parent_message_id if own else None,
        auto_generate_name=False,
    )


def _is_kept(row: NodeExecution, graph: Graph, finished: Sequence[FinishedNode]) -> bool:
    """Whether an execution is one that is taken over, a failed attempt of it, or stood inside of it."""
    ids: Collection[str] = {entry.execution_id for entry in finished}
    if row.id in ids:
        return True
    metadata = msgspec.json.decode(row.execution_metadata or "{}", type=dict[str, object])
    container = metadata.get("iteration_id") or metadata.get("loop_id")
    nodes = {entry.node_id for entry in finished}
    if container is not None:
        return container in nodes and container in graph.index
    return row.status == "retry" and row.node_id in nodes


def _copy(
    row: NodeExecution,
    run_id: str,
    version: AppVersion,
    user: RunUser,
    new_ids: Mapping[str, str],
    kept: Mapping[str, FinishedNode],
) -> Entry:
    """The execution as one of the new run. A process that resumes that run reads its checkpoint."""
    values: dict[str, object] = {
        attribute.key: getattr(row, attribute.key) for attribute in inspect(NodeExecution).column_attrs
    }
    execution_id = new_ids.get(row.id) or new_id()
    entry = kept.get(execution_id)
    values |= {
        "id": execution_id,
        "node_execution_id": execution_id,
        "workflow_id": version.workflow_id,
        "workflow_run_id": run_id,
        "checkpoint": None if entry is None else text(entry),
        "created_by_role": user.role,
        "created_by": user.id,
    }
    return statements.INSERT_NODE, values
