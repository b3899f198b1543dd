"""One node of a draft, run alone with given inputs (workflow.md 7.3): a graph of just this node, in the real engine."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import cast

import msgspec

from orrery.apps.catalog.tables import App
from orrery.apps.files.protocol import FileValues
from orrery.apps.runs import entries
from orrery.apps.runs.limits import RunPolicy
from orrery.apps.runs.outside import Outside
from orrery.apps.runs.pool import pool_for
from orrery.apps.runs.records import RunRecords
from orrery.apps.runs.spec import RunSpec, RunUser, Turn
from orrery.apps.runs.tables import NodeExecution
from orrery.apps.runs.versions import AppVersion, VersionCache
from orrery.database.engine import Database
from orrery.database.ids import new_id
from orrery.errors import InvalidParam, NotFound
from orrery.workflow.engine import WorkflowRun
from orrery.workflow.events import Event, NodeFinished
from orrery.workflow.graph_node import START_TYPES
from orrery.workflow.inputs import validate_inputs
from orrery.workflow.pool import Pool

JsonObject = Mapping[str, object]
_ENTRY = "single-step-entry"


class StepInputs(msgspec.Struct, frozen=True, kw_only=True):
    """What the caller gives: ``values`` by the node's own names, and a chatflow's ``query`` and ``files``."""

    values: JsonObject
    query: str = ""
    files: Sequence[object] = ()


class SingleSteps:
    """Runs nodes alone and keeps their executions."""

    def __init__(
        self,
        database: Database,
        records: RunRecords,
        versions: VersionCache,
        outside: Outside,
        files: FileValues,
        policy: RunPolicy,
    ) -> None:
        self._database = database
        self._records = records
        self._versions = versions
        self._outside = outside
        self._files = files
        self._policy = policy

    async def run(
        self, app: App, version: AppVersion, user: RunUser, node_id: str, inputs: StepInputs
    ) -> NodeExecution:
        """The stored execution. Raises `NotFound` for an unknown node, `InvalidParam` for missing inputs."""
        part = _part_of(version, node_id)
        graph = self._versions.stored(msgspec.json.encode(part).decode())
        try:
            starts = graph.nodes[graph.root].id == node_id
            checked = validate_inputs(version.form, inputs.values) if starts else inputs.values
            values, files = await self._files.resolved(app.tenant_id, user, version, checked, inputs.files)
        except ValueError as error:
            raise InvalidParam(str(error)) from error
        spec = _spec(app, version, user, values, files, inputs.query)
        services = self._outside.bound_to(spec)
        pool = pool_for(
            spec,
            environment=version.environment,
            conversation=version.conversation,
            form=version.form,
            file_url=services.files.url,
        )
        inside = {node.id for node in graph.nodes}
        for node in graph.nodes:
            for selector in node.node.references():
                if len(selector) >= 2 and selector[0] not in inside:
                    await self._fill(pool, app.id, node_id, selector, _names(node.data, selector), values)
        events: list[Event] = []
        run = WorkflowRun(graph, pool, services, new_id=new_id, emit=events.append, limits=self._policy.engine)
        result = await run.execute()
        ends = [e for e in events if isinstance(e, NodeFinished) and e.node_id == node_id]
        if not ends:
            raise InvalidParam(f"Node run failed: {result.error or 'the node did not run'}")
        return await self._keep(spec, ends[-1])

    async def _fill(
        self, pool: Pool, app_id: str, node_id: str, selector: Sequence[str], names: Sequence[str], given: JsonObject
    ) -> None:
        """Puts what a selector leads to: as given, as it stands, or as the draft's last run left it."""
        path = ".".join(selector)
        for name in (path, *(key for own in names for key in (f"{node_id}.{own}", own))):
            if name in given:
                _put(pool, selector, given[name])
                return
        if pool.exists(selector):
            return
        last = await self._records.last_of_node(app_id, selector[0])
        outputs = msgspec.json.decode(last.outputs, type=dict[str, object]) if last and last.outputs else {}
        if selector[1] not in outputs:
            raise InvalidParam(f"Variable key {node_id}.{names[0]} not found in user inputs.")
        pool.put(selector[0], selector[1], outputs[selector[1]])

    async def _keep(self, spec: RunSpec, event: NodeFinished) -> NodeExecution:
        row = NodeExecution(
            id=event.id,
            tenant_id=spec.workspace_id,
            app_id=spec.app_id,
            workflow_id=spec.workflow_id,
            triggered_from="single-step",
            index=1,
            node_execution_id=event.id,
            node_id=event.node_id,
            node_type=event.node_type,
            title=event.title,
            inputs=entries.text(event.inputs),
            process_data=entries.text(event.process_data),
            outputs=entries.text(event.outputs),
            status=event.status,
            error=event.error,
            elapsed_time=event.elapsed,
            execution_metadata=entries.text(event.metadata) if event.metadata else None,
            created_by_role=spec.user.role,
            created_by=spec.user.id,
            created_at=datetime.fromtimestamp(event.started_at, UTC),
            finished_at=datetime.fromtimestamp(event.finished_at, UTC),
        )
        async with self._database.write() as session:
            session.add(row)
        return row


def _part_of(version: AppVersion, node_id: str) -> dict[str, object]:
    """The draft's graph cut down to one node and what it contains. Raises `NotFound`."""
    stored = msgspec.json.decode(version.graph_text or "{}", type=dict[str, object])
    nodes = [cast("JsonObject", n) for n in cast("list[object]", stored.get("nodes") or []) if isinstance(n, dict)]
    edges = [cast("JsonObject", e) for e in cast("list[object]", stored.get("edges") or []) if isinstance(e, dict)]
    chosen = next((node for node in nodes if node.get("id") == node_id), None)
    if chosen is None:
        raise NotFound("Node not found.")
    inside = [node for node in nodes if node.get("parentId") == node_id]
    ids = {node.get("id") for node in inside}
    inner = [edge for edge in edges if edge.get("source") in ids and edge.get("target") in ids]
    # Alone, a node that stands inside a container stands outside of any.
    data = dict(cast("JsonObject", chosen.get("data") or {}))
    alone = {"id": node_id, "type": "custom", "data": data}
    for name in ("iteration_id", "loop_id"):
        data.pop(name, None)
    if data.get("type") in START_TYPES:
        return {"nodes": [alone], "edges": []}
    entry: JsonObject = {"id": _ENTRY, "type": "custom", "data": {"type": "start", "title": "", "variables": []}}
    edge = {"id": _ENTRY, "source": _ENTRY, "sourceHandle": "source", "target": node_id}
    return {"nodes": [entry, alone, *inside], "edges": [edge, *inner]}


def _names(data: JsonObject, selector: Sequence[str]) -> list[str]:
    """What the node itself calls an input: its variable's name, the selector's field, or the reference in a text."""
    path = list(selector)
    found: list[str] = []

    def look(value: object) -> None:
        if isinstance(value, dict):
            item = cast("JsonObject", value)
            if item.get("value_selector") == path and isinstance(item.get("variable"), str):
                found.append(str(item["variable"]))
            for name, inner in item.items():
                if inner == path and name != "value_selector":
                    found.append(name)
                    found.append(name.removesuffix("_variable_selector").removesuffix("_selector"))
                look(inner)
        elif isinstance(value, list):
            for inner in cast("list[object]", value):
                look(inner)

    look(data)
    return [*dict.fromkeys(found), f"#{'.'.join(path)}#"]


def _put(pool: Pool, selector: Sequence[str], value: object) -> None:
    """Puts a value where a selector of any length finds it."""
    for name in reversed(selector[2:]):
        value = {name: value}
    before = pool.get(selector[:2])
    if len(selector) > 2 and isinstance(before, dict) and isinstance(value, dict):
        value = {**cast("JsonObject", before), **cast("JsonObject", value)}
    pool.put(selector[0], selector[1], value)


def _spec(
    app: App, version: AppVersion, user: RunUser, inputs: JsonObject, files: Sequence[JsonObject], query: str
) -> RunSpec:
    created_at = time.time()
    turn = None
    if app.mode == "advanced-chat":
        turn = Turn(
            message_id=new_id(),
            conversation_id=new_id(),
            query=query,
            dialogue_count=1,
            parent_message_id=None,
            created_at=int(created_at),
        )
    return RunSpec(
        run_id=new_id(),
        task_id=new_id(),
        kind="chat" if turn is not None else "workflow",
        workspace_id=app.tenant_id,
        app_id=app.id,
        app_mode=app.mode,
        workflow_id=version.workflow_id,
        version=version.version,
        is_draft=True,
        invoke_from="debugger",
        user=user,
        inputs=inputs,
        files=files,
        created_at=created_at,
        watched=None,
        turn=turn,
    )
