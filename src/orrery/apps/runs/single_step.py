"""Parts of a draft, run alone with given inputs (workflow.md 7.3): one node, or a container whose rounds are watched."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import msgspec

from orrery.apps.catalog.tables import App
from orrery.apps.files.protocol import FileValues
from orrery.apps.runs import entries
from orrery.apps.runs.debugging import DebugMemory
from orrery.apps.runs.limits import RunPolicy
from orrery.apps.runs.outside import Outside, RunServices
from orrery.apps.runs.pool import pool_for
from orrery.apps.runs.service import AppRef, RunRequest
from orrery.apps.runs.spec import RunSpec, RunUser, SingleTarget
from orrery.apps.runs.tables import NodeExecution
from orrery.apps.runs.turns import turn_of_nobody
from orrery.apps.runs.versions import AppVersion, VersionCache
from orrery.database.engine import Database
from orrery.database.ids import new_id
from orrery.errors import InvalidParam, NotFound
from orrery.workflow.engine import WorkflowRun
from orrery.workflow.events import Event, NodeFinished
from orrery.workflow.graph_node import START_TYPES
from orrery.workflow.inputs import validate_inputs
from orrery.workflow.nodes.human_input import HumanInputNode
from orrery.workflow.nodes.human_input_forms import FormRequest, HumanForms
from orrery.workflow.pool import Pool
from orrery.workflow.single import SingleNode

JsonObject = Mapping[str, object]
_REMEMBERED_SYSTEM = frozenset({"query", "files"})


class StepInputs(msgspec.Struct, frozen=True, kw_only=True):
    """What the caller gives: ``values`` by the node's own names, and a chatflow's ``query`` and ``files``."""

    values: JsonObject
    query: str = ""
    files: Sequence[object] = ()


class _Step(msgspec.Struct, frozen=True):
    single: SingleNode
    spec: RunSpec
    services: RunServices
    pool: Pool


class SingleSteps:
    """Runs parts of drafts alone and keeps their executions."""

    def __init__(
        self,
        database: Database,
        versions: VersionCache,
        outside: Outside,
        files: FileValues,
        policy: RunPolicy,
        memory: DebugMemory,
    ) -> None:
        self._database = database
        self._versions = versions
        self._outside = outside
        self._files = files
        self._policy = policy
        self._memory = memory

    async def run(
        self,
        app: App,
        version: AppVersion,
        user: RunUser,
        node_id: str,
        inputs: StepInputs,
        *,
        forms: HumanForms | None = None,
    ) -> NodeExecution:
        """The stored execution. Raises `NotFound` for an unknown node, `InvalidParam` for missing inputs.

        ``forms`` answers the form of a human-input node.
        """
        step = await self._prepared(app, version, user, node_id, inputs)
        if forms is not None:
            step.services.human_forms = forms
        events: list[Event] = []
        run = WorkflowRun(
            step.single.graph, step.pool, step.services, new_id=new_id, emit=events.append, limits=self._policy.engine
        )
        result = await run.execute()
        ends = [event for event in events if isinstance(event, NodeFinished)]
        own = [event for event in ends if event.node_id == node_id]
        if not own:
            why = "it waits for something outside" if result.status == "paused" else result.error
            raise InvalidParam(f"Node run failed: {why or 'the node did not run'}")
        memory = self._memory.of_run(step.spec, version.conversation)
        if memory is not None:
            for event in ends:
                memory.node_finished(event)
            await memory.settled()
        return await self._keep(step.spec, own[-1])

    async def form(
        self, app: App, version: AppVersion, user: RunUser, node_id: str, inputs: StepInputs, *, now: float
    ) -> FormRequest:
        """The form of a human-input node as people would see it. Raises as `run`, and `InvalidParam` for others."""
        step = await self._prepared(app, version, user, node_id, inputs)
        node = step.single.graph.nodes[step.single.graph.root]
        if not isinstance(node.node, HumanInputNode):
            raise InvalidParam(f"Node {node_id} has no form.")
        return node.node.form(node_id, node.title, step.pool, now=now)

    async def container(
        self, app: App, version: AppVersion, user: RunUser, node_id: str, kind: str, values: JsonObject
    ) -> RunRequest:
        """What to ask for to have an iteration or a loop run alone. Raises as `run`, and `InvalidParam` for others."""
        step = await self._prepared(app, version, user, node_id, StepInputs(values=values))
        found = step.single.graph.nodes[step.single.graph.root].type
        if found != kind:
            raise InvalidParam(f"Node {node_id} is of type {found}, not {kind}.")
        namespaces = {item.selector[0] for _, item in step.single.wanted() if len(item.selector) >= 2} - {"env"}
        known = {name: dict(step.pool.namespace(name)) for name in namespaces}
        return RunRequest(
            app=AppRef(
                workspace_id=app.tenant_id,
                app_id=app.id,
                mode=app.mode,
                max_active_requests=app.max_active_requests,
            ),
            version=msgspec.structs.replace(version, graph=step.single.graph),
            user=user,
            invoke_from="debugger",
            inputs={},
            single=SingleTarget(node_id, {name: found for name, found in known.items() if found}),
        )

    async def _prepared(self, app: App, version: AppVersion, user: RunUser, node_id: str, inputs: StepInputs) -> _Step:
        single = self._single(version, node_id)
        kind = single.graph.nodes[single.graph.root].type
        starts = kind in START_TYPES
        try:
            if starts:
                # A trigger has no form: what it gets was checked at its door.
                checked = validate_inputs(version.form, inputs.values) if kind == "start" else inputs.values
                values, files = await self._files.resolved(app.tenant_id, user, version, checked, inputs.files)
            else:
                values = {n: await self._files.made_of(app.tenant_id, user, v) for n, v in inputs.values.items()}
                files = (await self._files.resolved(app.tenant_id, user, version, {}, inputs.files))[1]
        except ValueError as error:
            raise InvalidParam(str(error)) from error
        spec = _spec(app, version, user, values if starts else {}, files, inputs.query)
        services = self._outside.bound_to(spec)
        around = pool_for(
            spec,
            environment=version.environment,
            conversation=version.conversation,
            form=version.form,
            file_url=services.files.url,
        )
        known = None if starts else await self._known(app, user, single, inputs)
        return _Step(single, spec, services, single.pool(values, draft_values=known, around=around))

    def _single(self, version: AppVersion, node_id: str) -> SingleNode:
        try:
            return self._versions.single(version.graph_text or "{}", node_id)
        except NotFound:
            raise NotFound("Node not found.") from None

    async def _known(
        self, app: App, user: RunUser, single: SingleNode, inputs: StepInputs
    ) -> Mapping[str, Mapping[str, object]]:
        """What earlier runs left of the variables that the node reads."""
        namespaces = {item.selector[0] for _, item in single.wanted() if len(item.selector) >= 2} - {"env"}
        found = dict(await self._memory.known(app.tenant_id, app.id, user.id, namespaces))
        given = {name for name, value in (("query", inputs.query), ("files", inputs.files)) if value}
        system = {n: v for n, v in found.pop("sys", {}).items() if n in _REMEMBERED_SYSTEM - given}
        return {**found, "sys": system} if system else found

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


def _spec(
    app: App, version: AppVersion, user: RunUser, inputs: JsonObject, files: Sequence[JsonObject], query: str
) -> RunSpec:
    created_at = time.time()
    is_chat = app.mode == "advanced-chat"
    return RunSpec(
        run_id=new_id(),
        task_id=new_id(),
        kind="chat" if is_chat else "workflow",
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
        turn=turn_of_nobody(created_at, query) if is_chat else None,
    )
