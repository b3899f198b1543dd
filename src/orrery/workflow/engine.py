"""A run of a workflow, from its start to its reported end (workflow.md 2.3 to 2.8).

`WorkflowRun` is what the rest of the house uses: it owns the run's counters and the order to stop, replays an
earlier part, drives the graph, and tells the one last event. It keeps no thread, no connection and no global state.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import msgspec

from orrery.inference.types import Usage
from orrery.workflow.clock import Clock, SystemClock
from orrery.workflow.context import Emit
from orrery.workflow.events import (
    End,
    RunFailed,
    RunPartialSucceeded,
    RunPaused,
    RunStarted,
    RunStatus,
    RunStopped,
    RunSucceeded,
)
from orrery.workflow.graph import Graph
from orrery.workflow.graph_run import GraphRun
from orrery.workflow.journal import Journal, Resume
from orrery.workflow.limits import RunLimits
from orrery.workflow.node import NodeServices
from orrery.workflow.pool import Pool
from orrery.workflow.replay import StreamedText, replay
from orrery.workflow.scope import RunScope, Stop

USER_STOP: Final = "User requested stop"
ABORTED: Final = "Workflow execution aborted by user command"
_HIDDEN_INPUTS: Final = frozenset({"conversation_id", "timestamp"})
_ENDS: Final[Mapping[RunStatus, type[End]]] = {
    "succeeded": RunSucceeded,
    "partial-succeeded": RunPartialSucceeded,
    "failed": RunFailed,
    "stopped": RunStopped,
    "paused": RunPaused,
}


class RunResult(msgspec.Struct, frozen=True):
    """How a run ended; the same facts as its last event. ``by_limit``: stopped by steps or time, not by a person."""

    status: RunStatus
    outputs: Mapping[str, object]
    error: str | None
    error_type: str
    exceptions_count: int
    total_tokens: int
    total_steps: int
    elapsed: float
    usage: Usage
    by_limit: bool = False
    paused_nodes: Sequence[str] = ()
    pause_reasons: Sequence[Mapping[str, object]] = ()


class WorkflowRun:
    """One run of a parsed graph. ``emit`` is called on the event loop and must be quick.

    All methods belong to the event loop's thread. If the task in `execute` is cancelled, everything inside is
    cancelled and no end is told: the journal holds what is needed to go on elsewhere.
    """

    def __init__(
        self,
        graph: Graph,
        pool: Pool,
        services: NodeServices,
        *,
        new_id: Callable[[], str],
        emit: Emit,
        limits: RunLimits | None = None,
        clock: Clock | None = None,
        journal: Journal | None = None,
        resume: Resume | None = None,
    ) -> None:
        """``pool`` holds inputs, ``sys``, ``env`` and ``conversation`` as they were when the run first began."""
        limits = limits or RunLimits()
        self._scope = RunScope(services, limits=limits, clock=clock or SystemClock(), new_id=new_id, journal=journal)
        self._emit, self._resume = emit, resume
        self._streamed = None if resume is None else StreamedText(emit, resume.streamed_chars, resume.streamed_of)
        self._run = GraphRun(graph, pool, self._scope, emit=self._streamed or emit, max_workers=limits.max_workers)
        self._scope.on_stop = self._run.wake
        self._started_at = 0.0

    def abort(self, reason: str = ABORTED) -> None:
        """Stops the run: running nodes are cancelled, no other starts, the status is ``stopped``."""
        self._scope.ask_stop(Stop(reason))

    def pause(self, reason: Mapping[str, object] | None = None) -> None:
        """Lets running nodes finish and starts no other; the run ends as ``paused`` and can be resumed."""
        self._scope.pause_for(({"type": "scheduled_pause"} if reason is None else reason,))
        self._run.wake()

    async def execute(self) -> RunResult:
        """Runs to the end. Never raises for what nodes do.

        The last event is told with the journal's last entries still on their way: whoever shows it to others makes
        both durable first, in one commit.
        """
        scope, run = self._scope, self._run
        self._started_at = scope.clock.time()
        begins = self._resume is None or self._resume.is_rerun
        self._emit(RunStarted(self._started_at, self._inputs(), "initial" if begins else "resumption"))
        if self._resume is not None and self._streamed is not None:
            replay(run, self._resume)
            self._streamed.replaying = False
        await run.drive()
        result = self._result()
        self._emit(self._end(result))
        return result

    def _inputs(self) -> Mapping[str, object]:
        pool = self._run.pool
        system = {f"sys.{name}": value for name, value in pool.namespace("sys").items() if name not in _HIDDEN_INPUTS}
        return {**pool.inputs, **system}

    def _result(self) -> RunResult:
        scope, run = self._scope, self._run
        error: str | None = None
        error_type = ""
        status: RunStatus = "partial-succeeded" if run.failures else "succeeded"
        if scope.stop is not None:
            status, error = "stopped", scope.stop.reason
        elif run.failure is not None:
            status, error, error_type = "failed", run.failure.error, run.failure.error_type
        elif run.is_paused():
            status = "paused"
        return RunResult(
            status=status,
            outputs=run.outputs,
            error=error,
            error_type=error_type,
            exceptions_count=run.failures,
            total_tokens=run.usage.total_tokens,
            total_steps=run.steps,
            elapsed=scope.elapsed(),
            usage=run.usage,
            by_limit=scope.stop is not None and scope.stop.by_limit,
            paused_nodes=tuple(run.paused_nodes),
            pause_reasons=tuple(scope.pause_reasons),
        )

    def _end(self, result: RunResult) -> End:
        status = result.status
        kind = _ENDS[status]
        end = kind(
            status=status,
            outputs=result.outputs,
            error=result.error,
            exceptions_count=result.exceptions_count,
            total_tokens=result.total_tokens,
            total_steps=result.total_steps,
            elapsed=result.elapsed,
            started_at=self._started_at,
            finished_at=self._started_at + result.elapsed - (0.0 if self._resume is None else self._resume.elapsed),
            usage=result.usage,
        )
        if isinstance(end, RunStopped):
            end.by_limit = result.by_limit
        elif isinstance(end, RunPaused):
            end.paused_nodes, end.reasons = result.paused_nodes, result.pause_reasons
        return end
