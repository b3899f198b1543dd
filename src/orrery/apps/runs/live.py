"""One run while it lives in this process: the engine on one side, durable rows and watchers on the other."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

import msgspec

from orrery.apps.moderation.protocol import ModerationFailed
from orrery.apps.runs import entries, statements
from orrery.apps.runs.aftermath import Aftermaths, Told
from orrery.apps.runs.answer_files import answer_file_rows, without_pictures
from orrery.apps.runs.debugging import NodeMemory
from orrery.apps.runs.endings import OUTPUT_MODERATION, failed_end, replaced_end, settled_end
from orrery.apps.runs.event_log import EventLog
from orrery.apps.runs.moderating import TurnModeration
from orrery.apps.runs.node_rows import NodeRows
from orrery.apps.runs.observing import Watching
from orrery.apps.runs.pauses import pause_row
from orrery.apps.runs.presenters import ChatPresenter, ErrorFrame, WorkflowPresenter, error_of
from orrery.apps.runs.recorder import LeaseLost, RunRecorder
from orrery.apps.runs.speaking import RunSpeech, Speaker
from orrery.apps.runs.spec import RunSpec
from orrery.apps.runs.thoughts import thought_rows
from orrery.apps.workflows.variables import Variable
from orrery.database.group_commit import Entry
from orrery.workflow.conversation_writes import ConversationWrite
from orrery.workflow.engine import WorkflowRun
from orrery.workflow.events import OUTSIDE, AgentThought, End, Event, NodeFinished, RunEnded, RunPaused, TextChunk
from orrery.workflow.journal import source_of

_log = logging.getLogger(__name__)


class RunOutcome(msgspec.Struct, frozen=True):
    """How a run ended and what its message holds; for callers who waited for the whole of it."""

    end: RunEnded
    answer: str
    metadata: Mapping[str, object]


class LiveRun:
    """Drives one run to its durable end. ``outcome`` is set when the end is durable."""

    def __init__(
        self,
        spec: RunSpec,
        *,
        log: EventLog,
        nodes: NodeRows,
        recorder: RunRecorder,
        presenter: WorkflowPresenter | ChatPresenter,
        conversation: Sequence[Variable],
        memory: NodeMemory | None = None,
        aftermaths: Aftermaths | None = None,
        watchings: Sequence[Watching] = (),
        moderation: TurnModeration | None = None,
        voice: Speaker | None = None,
    ) -> None:
        self.spec = spec
        self.log = log
        self.recorder = recorder
        self._nodes = nodes
        self._presenter = presenter
        self._variables = {str(item["name"]): item for item in conversation}
        self._memory = memory
        self._aftermaths = aftermaths or Aftermaths()
        self._watchings = watchings
        self._speech = None if voice is None else RunSpeech(voice, self._show_audio)
        self._moderation = moderation
        if moderation is not None:
            moderation.flagged = self._replace_answer
            moderation.failed = lambda _: self.abort(OUTPUT_MODERATION)
        self._then: Sequence[Told] = ()
        self._prompts: object = None
        self._end: End | None = None
        self._engine: WorkflowRun | None = None
        self._task: asyncio.Task[None] | None = None
        self.outcome: asyncio.Future[RunOutcome] = asyncio.get_running_loop().create_future()
        self.on_done: Callable[[LiveRun], None] | None = None

    @property
    def has_ended(self) -> bool:
        """True once the end is durable, a pause too; a run that this process lost never ends here."""
        return self.outcome.done() and not self.outcome.cancelled()

    @property
    def has_paused(self) -> bool:
        """True once it is durable that the run waits for something outside."""
        return self.has_ended and self.outcome.result().end.status == "paused"

    def start(self, engine: WorkflowRun) -> None:
        """Begins to drive; the engine was built with this run's `emit` and `recorder`."""
        self._engine = engine
        self._task = asyncio.create_task(self._drive(engine), name=f"run-{self.spec.run_id}")

    async def accepted(self) -> None:
        """Returns when the run exists durably. Raises what the database said when it never will."""
        try:
            await self.recorder.barrier()
        except BaseException:
            await self.abandon()
            raise

    def abort(self, reason: str) -> None:
        if self._engine is not None:
            self._engine.abort(reason)

    async def abandon(self) -> None:
        """Lets go of the run without an end: another process goes on with it, or it never was accepted."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        if self._memory is not None:
            await self._memory.settled()

    async def wait(self) -> None:
        """Returns when the run's task has ended, in whatever way."""
        if self._task is not None:
            await asyncio.wait((self._task,))

    def emit(self, event: Event) -> None:
        """Takes one event of the engine: rows for the record, frames for watchers."""
        if self._moderation is not None and self._held_back(event, self._moderation):
            return
        self._take(event)

    def _held_back(self, event: Event, moderation: TurnModeration) -> bool:
        """An end waits until all text before it was judged; text after a judgement is not shown any more."""
        if isinstance(event, RunEnded):
            self._end = event
            return True
        if isinstance(event, TextChunk):
            moderation.hear(event.text)
            return moderation.silenced
        return False

    def _take(self, event: Event) -> None:
        if isinstance(event, NodeFinished):
            self._note(event)
        elif isinstance(event, RunEnded):
            self._end = event
        elif isinstance(event, TextChunk) and self._speech is not None:
            self._speech.hear(event.text)
        elif isinstance(event, AgentThought):
            self.recorder.write(thought_rows(self.spec, event))
        self._nodes.event(event)
        of = source_of(event) if isinstance(event, TextChunk) and event.marks != OUTSIDE else ""
        self.recorder.show(self._presenter.frames(event), of)
        for watch in self._watchings:
            watch(event)

    def recall(self, event: NodeFinished, resources: Sequence[Mapping[str, object]]) -> None:
        """Takes in a node that an earlier part of the run did; nothing is written or shown of it."""
        if self._memory is not None:
            self._memory.node_finished(event)
        if isinstance(self._presenter, ChatPresenter):
            self._presenter.recall(event, resources)

    def _note(self, event: NodeFinished) -> None:
        if self._memory is not None:
            self._memory.node_finished(event)
        if event.conversation_writes:
            self.recorder.write([e for e in map(self._variable_write, event.conversation_writes) if e is not None])
        if self.spec.kind == "basic" and event.node_type == "llm":
            self._prompts = event.process_data.get("prompts")

    def _variable_write(self, write: ConversationWrite) -> Entry | None:
        item, turn = self._variables.get(write.name), self.spec.turn
        if item is None or turn is None or self.spec.single is not None or not write.kept:
            return None
        row = {
            "conversation_id": turn.conversation_id,
            "id": item["id"],
            "item": item,
            "write": write,
            "updated_at": datetime.now(UTC),
        }
        return statements.WRITE_CONVERSATION_VARIABLE, row

    async def _drive(self, engine: WorkflowRun) -> None:
        try:
            try:
                await self._execute(engine)
            except LeaseLost:
                raise
            except Exception:  # noqa: BLE001  (the run's top loop: an engine fault ends this run, and only this one)
                _log.exception("run %s met an engine fault", self.spec.run_id)
                self._end = self._fault()
                self.recorder.show([self._presenter.error(ErrorFrame("internal_server_error", _FAULT, 500))])
            if self._memory is not None:
                # Whoever hears of the end may look at what it left.
                await self._memory.settled()
            await self.recorder.finish(self._end_rows, more=self._speech is not None)
            self._tell()
            if self._speech is not None:
                await self._say_the_rest(self._speech)
        except LeaseLost as lost:
            _log.warning("%s", lost)
            self.outcome.cancel()
        except Exception:  # noqa: BLE001  (rows that can't be written: the caller was told by `accepted`, or recovery ends it)
            _log.exception("run %s could not be recorded", self.spec.run_id)
            self.outcome.cancel()
        finally:
            if self._speech is not None:
                await self._speech.close()
            if not self.outcome.done():
                self.outcome.cancel()
            self.log.close()
            if self.on_done is not None:
                self.on_done(self)

    async def _execute(self, engine: WorkflowRun) -> None:
        moderation = self._moderation
        if moderation is None:
            await engine.execute()
            return
        try:
            await self._execute_moderated(engine, moderation)
        finally:
            await moderation.close()

    async def _execute_moderated(self, engine: WorkflowRun, moderation: TurnModeration) -> None:
        try:
            judged = await moderation.judge_question()
            if judged is not None and judged.answer is not None:
                self._settle(judged.answer)
                return
            await engine.execute()
            await moderation.settle()
        except ModerationFailed as failure:
            self._refuse(failure)
            return
        end = self._end
        assert end is not None
        self._take(replaced_end(end, self._answer()) if moderation.silenced else end)

    def _settle(self, answer: str) -> None:
        """Ends the turn with a fixed answer; no node runs, and none is told of."""
        assert isinstance(self._presenter, ChatPresenter)
        self._end = settled_end(self.spec, answer)
        self.recorder.show(self._presenter.settled(answer))

    def _refuse(self, failure: ModerationFailed) -> None:
        """Ends the turn with an error, as one whose text can't be judged must not pass."""
        end, self._end = self._end, failed_end(self.spec, self._end, failure.message)
        if end is not None:
            self._take(self._end)
        elif self.spec.watched is not None:
            self.recorder.show([self._presenter.error(error_of(self.spec, failure.message))])

    def _show_audio(self, audio: str) -> None:
        self.recorder.show([self._presenter.audio("tts_message", audio)])

    async def _say_the_rest(self, speech: RunSpeech) -> None:
        """Shows what is still spoken after the end, which is durable by now."""
        end = self._end
        if end is None or end.status in {"failed", "paused"}:
            return
        if end.status != "stopped":
            await speech.settle()
        self.recorder.show([self._presenter.audio("tts_message_end", "")])
        await self.recorder.barrier()

    def _replace_answer(self, instead: str) -> None:
        assert isinstance(self._presenter, ChatPresenter)
        self.recorder.show(self._presenter.replaced(instead))
        if self._speech is not None:
            self._speech.hush()
        self.abort(OUTPUT_MODERATION)

    def _fault(self) -> End:
        return failed_end(self.spec, None, _FAULT)

    def _end_rows(self) -> Sequence[Entry]:
        end = self._end
        assert end is not None
        rows = [entries.finish_row(self.spec, end, self.recorder.lease_token)]
        if isinstance(end, RunPaused):
            rows.append(pause_row(self.spec, end))
        if self.spec.turn is not None and self.spec.single is None:
            files = self._answer_files(end)
            answer = without_pictures(self._answer()) if files else self._answer()
            rows += entries.message_end_rows(
                self.spec, end, answer=answer, prompts=self._prompts, metadata=self._metadata(end)
            )
            rows += answer_file_rows(self.spec, files, end.finished_at)
        ending = self._aftermaths.of(self.spec, end)
        self._then = ending.then
        return [*rows, *ending.entries]

    def _answer_files(self, end: RunEnded) -> Sequence[Mapping[str, object]]:
        if isinstance(self._presenter, ChatPresenter) and end.status not in {"paused", "failed"}:
            return self._presenter.files
        return ()

    def _answer(self) -> str:
        return "".join(self._presenter.answer)

    def _metadata(self, end: RunEnded) -> Mapping[str, object]:
        return self._presenter.metadata(end.usage) if isinstance(self._presenter, ChatPresenter) else {}

    def _tell(self) -> None:
        end = self._end
        assert end is not None
        if not self.outcome.done():
            self.outcome.set_result(RunOutcome(end, self._answer(), self._metadata(end)))
        for tell in self._then:
            tell()


_FAULT = "Internal Server Error, please contact support."
