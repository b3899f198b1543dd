"""Starting, stopping and finding runs: the use cases that every face calls."""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TypeAlias, cast

import msgspec
from sqlalchemy import select, update
from sqlalchemy.exc import SQLAlchemyError

from orrery.apps.files.protocol import FileValues
from orrery.apps.moderation.choosing import Moderators
from orrery.apps.runs import entries
from orrery.apps.runs.accepting import accept_rows, asks_besides_the_form, spec_of, stored_inputs
from orrery.apps.runs.admission import Admission
from orrery.apps.runs.aftermath import Aftermaths
from orrery.apps.runs.debugging import DebugMemory, told_before
from orrery.apps.runs.errors import NotRecorded
from orrery.apps.runs.event_log import EventLog
from orrery.apps.runs.graph_frames import GraphFrames
from orrery.apps.runs.limits import RunPolicy
from orrery.apps.runs.live import LiveRun
from orrery.apps.runs.moderating import TurnModeration
from orrery.apps.runs.node_rows import NodeRows
from orrery.apps.runs.observing import RunObserver
from orrery.apps.runs.outside import Outside
from orrery.apps.runs.pauses import wake
from orrery.apps.runs.pool import pool_for
from orrery.apps.runs.presenters import presenter_for
from orrery.apps.runs.recorder import LeaseLost, RunRecorder
from orrery.apps.runs.registry import LiveRuns
from orrery.apps.runs.request import AppRef, RunRequest
from orrery.apps.runs.spec import RunSpec, RunUser
from orrery.apps.runs.tables import WorkflowRun as RunRow
from orrery.apps.runs.turns import PreparedTurn, prepare_turn
from orrery.apps.runs.versions import AppVersion
from orrery.apps.speech.voices import Voice, Voices
from orrery.apps.workflows.variables import Variable
from orrery.cache.protocol import Cache, CacheUnavailable
from orrery.database.engine import Database
from orrery.database.group_commit import Entry, GroupCommit
from orrery.database.ids import new_id
from orrery.errors import InvalidParam
from orrery.tools.protocol import ToolRef
from orrery.workflow.engine import USER_STOP, WorkflowRun
from orrery.workflow.inputs import validate_inputs
from orrery.workflow.journal import Resume
from orrery.workflow.nodes.tool import ToolNode

__all__ = ["STOP_CHANNEL", "AppRef", "RunRequest", "RunService"]

STOP_CHANNEL = "runs:stop"

Icons: TypeAlias = Mapping[str, object]
IconSource: TypeAlias = Callable[[str, Mapping[str, ToolRef]], Awaitable[Icons]]
"""Icons by node id, of a workspace's tools by node id."""


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
        icons: IconSource | None = None,
        moderators: Moderators | None = None,
        voices: Voices | None = None,
    ) -> None:
        self._moderators, self._voices = moderators, voices
        self._database = database
        self._observers = tuple(observers)
        self.aftermaths = aftermaths or Aftermaths()
        self._icons = icons
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
        if request.version.asked is not None and asks_besides_the_form(request):
            request = msgspec.structs.replace(request, version=request.version.asked)
        if request.turn is not None and self._moderators is not None:
            self._moderators.of(request.app.workspace_id, request.version.features)  # refused before anything is kept
        inputs, files = await self._checked_inputs(request)
        prepared = await self._prepared_turn(request)
        if request.again is not None:
            prepared = request.again.place_of(prepared)
        spec = spec_of(request, inputs, files, prepared)
        if not request.call_depth:
            # What a run calls was let in with it: refused half way, all the work before would be lost.
            await self._admission.enter(request.app, spec.run_id, live=len(self.live))
        try:
            live = self._launch(spec, request, prepared, await self.icons_of(spec, request.version))
        except BaseException:
            await self._admission.leave(spec.run_id)
            raise
        try:
            await live.accepted()
        except (SQLAlchemyError, OSError, LeaseLost) as error:
            raise NotRecorded(retry_after=2) from error
        return live

    def _launch(self, spec: RunSpec, request: RunRequest, prepared: PreparedTurn | None, icons: Icons) -> LiveRun:
        version = request.version
        accept = [
            entries.run_row(spec, graph_text=version.graph_text, inputs=stored_inputs(spec), owner=self.owner),
            *accept_rows(spec, request, prepared),
            *request.extra_rows,
        ]
        conversation = prepared.values if prepared is not None else ()
        if request.single is not None:
            conversation = version.conversation
        resume = None if request.again is None else request.again.resume
        return self.assemble(spec, version, conversation, accept=accept, resume=resume, icons=icons)

    async def icons_of(self, spec: RunSpec, version: AppVersion) -> Icons:
        """By node id: the icons of tools whose start somebody will see."""
        if self._icons is None or spec.watched != "full":
            return {}
        refs = {node.id: node.node.ref for node in version.graph.nodes if isinstance(node.node, ToolNode)}
        return await self._icons(spec.workspace_id, refs) if refs else {}

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
        icons: Icons | None = None,
    ) -> LiveRun:
        """Builds a live run and starts to drive it. ``shown`` is the text that watchers got from an earlier process."""
        log = EventLog(first_seq)
        nodes = NodeRows(spec)
        for earlier in (resume, *resume.rounds.values()) if resume is not None else ():
            nodes.adopt(earlier)
        recorder = RunRecorder(
            spec, self._group, log, nodes, lease_token=lease_token, accept=accept, lease=self._policy.lease
        )
        services = self._outside.bound_to(spec, recorder.write)
        frames = GraphFrames(spec, services.files.url, self._policy.display, icons)
        presenter = presenter_for(spec, frames, shown)
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
            moderation=self._moderation_of(spec, version, resume, shown),
            voice=self._voice_of(spec, version),
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

    def _moderation_of(
        self, spec: RunSpec, version: AppVersion, resume: Resume | None, shown: str
    ) -> TurnModeration | None:
        if self._moderators is None or spec.turn is None or spec.single is not None:
            return None
        moderator = self._moderators.of(spec.workspace_id, version.features)
        if moderator is None:
            return None
        begun = resume is not None and bool(resume.finished) and not resume.is_rerun
        moderation = TurnModeration(moderator, spec, every=self._policy.moderated_every, begun=begun)
        moderation.hear(shown)
        return moderation

    def _voice_of(self, spec: RunSpec, version: AppVersion) -> Voice | None:
        if self._voices is None or spec.watched is None or spec.single is not None:
            return None
        return self._voices.of(spec.workspace_id, version.features)

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
            # Unheard, the mark is heeded a moment later.
            with contextlib.suppress(CacheUnavailable):
                await self._cache.publish(STOP_CHANNEL, task_id.encode())

    async def close(self, grace: float) -> None:
        """Lets running runs finish for ``grace`` seconds, then lets go of them: recovery goes on with what is left."""
        await self.live.drain(grace)

    async def _checked_inputs(self, request: RunRequest) -> tuple[dict[str, object], list[dict[str, object]]]:
        if request.again is not None:
            return dict(request.again.inputs), [dict(file) for file in request.again.files]
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
