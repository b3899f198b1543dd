"""Starting, stopping and finding runs: the use cases that every face calls."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Literal, cast

import msgspec
from sqlalchemy import select, update
from sqlalchemy.exc import SQLAlchemyError

from orrery.apps.files.protocol import FileValues
from orrery.apps.runs import entries
from orrery.apps.runs.admission import Admission
from orrery.apps.runs.aftermath import Aftermaths
from orrery.apps.runs.debugging import DebugMemory, told_before
from orrery.apps.runs.errors import NotRecorded
from orrery.apps.runs.event_log import EventLog
from orrery.apps.runs.graph_frames import GraphFrames
from orrery.apps.runs.limits import RunPolicy
from orrery.apps.runs.live import LiveRun
from orrery.apps.runs.node_rows import NodeRows
from orrery.apps.runs.observing import RunObserver
from orrery.apps.runs.outside import Outside
from orrery.apps.runs.pauses import wake
from orrery.apps.runs.pool import pool_for, system_variables
from orrery.apps.runs.presenters import presenter_for
from orrery.apps.runs.recorder import LeaseLost, RunRecorder
from orrery.apps.runs.registry import LiveRuns
from orrery.apps.runs.spec import InvokeFrom, RunKind, RunSpec, RunUser, SingleTarget, TriggerKind, Turn
from orrery.apps.runs.tables import WorkflowRun as RunRow
from orrery.apps.runs.turns import PreparedTurn, TurnRequest, initial_name, prepare_turn, turn_of_nobody
from orrery.apps.runs.versions import AppVersion
from orrery.apps.workflows.variables import Variable
from orrery.cache.protocol import Cache, CacheUnavailable
from orrery.database.engine import Database
from orrery.database.group_commit import Entry, GroupCommit
from orrery.database.ids import new_id
from orrery.errors import InvalidParam
from orrery.workflow.engine import USER_STOP, WorkflowRun
from orrery.workflow.inputs import validate_inputs
from orrery.workflow.journal import Resume

STOP_CHANNEL = "runs:stop"


class AppRef(msgspec.Struct, frozen=True, kw_only=True):
    """The app that a run belongs to, as far as running it needs."""

    workspace_id: str
    app_id: str
    mode: str
    max_active_requests: int | None = None


class RunRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What a caller asks for. ``files`` are mappings as sent; ``turn`` is set for chat and completion apps.

    ``run_id`` and ``extra_rows`` are for callers that must know the run's id and write something with it. With
    ``single``, ``version.graph`` is that of one container, whose run belongs to no conversation. With
    ``root_node_id`` the run begins at that trigger node, whose inputs were checked at its door. ``called_back``: one of
    ``extra_rows`` says who wants to be called at the end.
    """

    app: AppRef
    version: AppVersion
    user: RunUser
    invoke_from: InvokeFrom
    inputs: Mapping[str, object]
    files: Sequence[object] = ()
    streaming: bool = True
    turn: TurnRequest | None = None
    trace_id: str | None = None
    run_id: str | None = None
    extra_rows: Sequence[Entry] = ()
    single: SingleTarget | None = None
    trigger: TriggerKind | None = None
    root_node_id: str | None = None
    called_back: bool = False
    call_depth: int = 0


class RunService:
    """Runs apps in this process. ``owner`` names the process in leases; ``on_end`` hears of every durable end,
    ``on_pause`` (with the run's id) of every durable pause.
    """

    def __init__(
        self,
        *,
        database: Database,
        group: GroupCommit,
        outside: Outside,
        files: FileValues,
        policy: RunPolicy,
        cache: Cache,
        owner: str,
        on_end: Callable[[RunSpec], None] | None = None,
        on_pause: Callable[[str], None] | None = None,
        memory: DebugMemory | None = None,
        aftermaths: Aftermaths | None = None,
        observers: Sequence[RunObserver] = (),
    ) -> None:
        self._database = database
        self._observers = tuple(observers)
        self.aftermaths = aftermaths or Aftermaths()
        self._group = group
        self._outside = outside
        self._files = files
        self._policy = policy
        self._cache = cache
        self._admission = Admission(cache, policy)
        self.owner = owner
        self._on_end = on_end
        self._on_pause = on_pause
        self._memory = memory
        self.live = LiveRuns()

    async def start(self, request: RunRequest) -> LiveRun:
        """A run that exists durably and is under way, or already at its end.

        Raises `InvalidParam` for inputs that don't fit the form, `TooManyRuns`, `Overloaded`, `NotRecorded`, and the
        errors of the conversation.
        """
        if request.version.asked is not None and _asks_besides_the_form(request):
            request = msgspec.structs.replace(request, version=request.version.asked)
        inputs, files = await self._checked_inputs(request)
        prepared = await self._prepared_turn(request)
        spec = _spec(request, inputs, files, prepared)
        if not request.call_depth:
            # What a run calls was let in with it: refused half way, all the work before would be lost.
            await self._admission.enter(request.app, spec.run_id, live=len(self.live))
        try:
            live = self._launch(spec, request, prepared)
        except BaseException:
            await self._admission.leave(spec.run_id)
            raise
        try:
            await live.accepted()
        except (SQLAlchemyError, OSError, LeaseLost) as error:
            raise NotRecorded(retry_after=2) from error
        return live

    def _launch(self, spec: RunSpec, request: RunRequest, prepared: PreparedTurn | None) -> LiveRun:
        version = request.version
        accept = [
            entries.run_row(spec, graph_text=version.graph_text, inputs=stored_inputs(spec), owner=self.owner),
            *_accept_rows(spec, request, prepared),
            *request.extra_rows,
        ]
        conversation = prepared.values if prepared is not None else ()
        return self.assemble(spec, version, conversation, accept=accept)

    def assemble(
        self,
        spec: RunSpec,
        version: AppVersion,
        conversation: Sequence[Variable],
        *,
        accept: Sequence[Entry] | None,
        resume: Resume | None = None,
        shown: str = "",
        lease_token: int = 1,
        first_seq: int = 1,
    ) -> LiveRun:
        """Builds a live run and starts to drive it. ``shown`` is the text that watchers got from an earlier process."""
        log = EventLog(first_seq)
        nodes = NodeRows(spec)
        for execution_id in (*resume.started.values(), *resume.paused.values()) if resume is not None else ():
            nodes.adopt(execution_id)
        recorder = RunRecorder(
            spec, self._group, log, nodes, lease_token=lease_token, accept=accept, lease=self._policy.lease
        )
        services = self._outside.bound_to(spec, recorder.write)
        frames = GraphFrames(spec, services.files.url, self._policy.display)
        presenter = presenter_for(spec, frames)
        if shown:
            presenter.answer.append(shown)
        live = LiveRun(
            spec,
            log=log,
            nodes=nodes,
            recorder=recorder,
            presenter=presenter,
            conversation=conversation,
            memory=None if self._memory is None else self._memory.of_run(spec, conversation),
            aftermaths=self.aftermaths,
            watchings=[observe(spec) for observe in self._observers],
        )
        for event, resources in told_before(version.graph, resume) if resume is not None else ():
            live.recall(event, resources)
        pool = pool_for(
            spec,
            environment=version.environment,
            conversation=conversation,
            form=version.form,
            file_url=services.files.url,
        )
        engine = WorkflowRun(
            version.graph if spec.root_node_id is None else version.graph.rooted(spec.root_node_id),
            pool,
            services,
            new_id=new_id,
            emit=live.emit,
            limits=self._policy.engine,
            journal=recorder,
            resume=resume,
        )
        live.on_done = self._done
        self.live.add(live)
        live.start(engine)
        return live

    def _done(self, live: LiveRun) -> None:
        self.live.remove(live)
        spec = live.spec
        if live.has_paused:
            if self._on_pause is not None:
                self._on_pause(spec.run_id)
        elif self._on_end is not None and live.has_ended:
            self._on_end(spec)
        self._admission.leave_later(spec.run_id)

    async def stop(self, task_id: str, *, app_id: str, user: RunUser | None) -> None:
        """Asks a run to stop, wherever it runs. With ``user``, only that user's run; unknown tasks are ignored."""
        live = self.live.by_task(task_id)
        if live is not None:
            if live.spec.app_id == app_id and (user is None or live.spec.user.id == user.id):
                live.abort(USER_STOP)
            return
        theirs = [RunRow.task_id == task_id, RunRow.app_id == app_id]
        if user is not None:
            theirs.append(RunRow.created_by == user.id)
        async with self._database.write() as session:
            running = update(RunRow).where(*theirs, RunRow.status == "running")
            marked = await session.execute(running.values(stop_requested=True))
            known = bool(cast("int", getattr(marked, "rowcount", 0)))
            if not known:
                waiting = await session.scalar(select(RunRow.id).where(*theirs, RunRow.status == "paused"))
                known = waiting is not None and await wake(session, waiting, stop=USER_STOP)
        # Told only for a run that the caller may stop: whoever hears it asks no more.
        if known:
            # Unheard, the mark is found when the lease is renewed.
            with contextlib.suppress(CacheUnavailable):
                await self._cache.publish(STOP_CHANNEL, task_id.encode())

    async def close(self, grace: float) -> None:
        """Lets running runs finish for ``grace`` seconds, then lets go of them: recovery goes on with what is left."""
        await self.live.drain(grace)

    async def _checked_inputs(self, request: RunRequest) -> tuple[dict[str, object], list[dict[str, object]]]:
        if request.root_node_id is not None:
            return dict(request.inputs), []
        if request.single is not None:
            return {}, []
        try:
            inputs = validate_inputs(request.version.form, request.inputs)
            return await self._files.resolved(
                request.app.workspace_id,
                request.user,
                request.version,
                inputs,
                request.files,
                # The contract checks a file's declared type against the real one only here (workflow.md 5.6).
                strict=request.invoke_from == "service-api" and request.app.mode == "workflow",
            )
        except ValueError as error:
            raise InvalidParam(str(error)) from error

    async def _prepared_turn(self, request: RunRequest) -> PreparedTurn | None:
        if request.turn is None:
            return None
        return await prepare_turn(
            self._database,
            request.app.app_id,
            request.user,
            request.invoke_from,
            request.turn,
            request.version.conversation,
        )


def _asks_besides_the_form(request: RunRequest) -> bool:
    """False where the query is only the form's own variable of that name, which the prompt holds already."""
    query = request.turn.query if request.turn is not None else ""
    return bool(query) and query != request.inputs.get("query")


def _kind(mode: str) -> RunKind:
    kinds: Mapping[str, RunKind] = {"workflow": "workflow", "advanced-chat": "chat"}
    return kinds.get(mode, "basic")


def _watched(request: RunRequest) -> Literal["full", "simple"] | None:
    if not request.streaming:
        return None
    return "simple" if request.invoke_from in {"web-app", "explore"} else "full"


def _spec(
    request: RunRequest,
    inputs: Mapping[str, object],
    files: Sequence[Mapping[str, object]],
    prepared: PreparedTurn | None,
) -> RunSpec:
    created_at = time.time()
    turn = None
    if prepared is not None and request.turn is not None:
        turn = Turn(
            message_id=new_id(),
            conversation_id=prepared.conversation_id,
            query=request.turn.query,
            dialogue_count=prepared.dialogue_count,
            parent_message_id=request.turn.parent_message_id,
            created_at=int(created_at),
            is_new_conversation=prepared.is_new,
            auto_generate_name=request.turn.auto_generate_name and prepared.is_new,
        )
    elif request.single is not None and request.app.mode == "advanced-chat":
        turn = turn_of_nobody(created_at)
    return RunSpec(
        run_id=request.run_id or new_id(),
        task_id=new_id(),
        kind=_kind(request.app.mode),
        workspace_id=request.app.workspace_id,
        app_id=request.app.app_id,
        app_mode=request.app.mode,
        workflow_id=request.version.workflow_id,
        version=request.version.version,
        is_draft=request.version.is_draft,
        invoke_from=request.invoke_from,
        user=request.user,
        inputs=inputs,
        files=files,
        created_at=created_at,
        watched=_watched(request),
        turn=turn,
        trace_id=request.trace_id,
        call_depth=request.call_depth,
        trigger=request.trigger,
        root_node_id=request.root_node_id,
        called_back=request.called_back,
        single=request.single,
    )


def stored_inputs(spec: RunSpec) -> dict[str, object]:
    """User inputs and ``sys.*``, as the run's record keeps them."""
    system = {f"sys.{name}": value for name, value in system_variables(spec).items()}
    return {**spec.inputs, **system}


def _accept_rows(spec: RunSpec, request: RunRequest, prepared: PreparedTurn | None) -> list[Entry]:
    if prepared is None:
        return [] if spec.invoke_from in {"debugger", "trigger"} else [entries.app_log_row(spec)]
    rows: list[Entry] = []
    version = request.version
    if prepared.is_new:
        config_id = version.workflow_id if spec.kind == "basic" and not version.is_draft else None
        introduction = _introduction(version, spec.inputs)
        name = initial_name(spec.turn.query if spec.turn is not None else "")
        rows.append(entries.conversation_row(spec, name=name, introduction=introduction, config_id=config_id))
    model = cast("Mapping[str, object]", (version.config or {}).get("model") or {})
    rows.append(entries.message_row(spec, model=model))
    return [*rows, *entries.message_file_rows(spec), *entries.variable_rows(spec, prepared.missing)]


def _introduction(version: AppVersion, inputs: Mapping[str, object]) -> str | None:
    """The opening statement with ``{{name}}`` filled in from the inputs."""
    text = version.features.get("opening_statement")
    if not isinstance(text, str) or not text:
        return None
    for name, value in inputs.items():
        if isinstance(value, str | int | float):
            text = text.replace("{{" + name + "}}", str(value))
    return text
