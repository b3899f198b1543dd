"""Node executions as rows: what the run's record shows, with the checkpoint that a resuming engine reads."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

import msgspec

from orrery.apps.runs import statements
from orrery.apps.runs.spec import RunSpec
from orrery.database.group_commit import Entry
from orrery.workflow.conversation_writes import WroteInside
from orrery.workflow.events import Event, NodeFinished, NodePaused, NodeRetry, NodeStarted
from orrery.workflow.journal import FinishedNode, JournalEntry, PausedNode, Resume, StartedNode, round_of

_LONGEST_TITLE = 255
_encode = msgspec.json.Encoder(enc_hook=str, decimal_format="string").encode


class NodeRows:
    """Turns the engine's events and journal entries into rows. One per live run.

    A node that may be done twice gets its row when it is finished; one that must not gets it when it starts, so that
    a resuming process knows that it began.
    """

    def __init__(self, spec: RunSpec) -> None:
        self._spec = spec
        self._entries: list[Entry] = []
        self._checkpoints: dict[str, str] = {}
        self._last_started: NodeStarted | None = None
        self._begun: set[str] = set()
        self._paused: set[str] = set()
        self.precious = False
        """True while a result waits that can't be had again: the node must not be done twice."""

    @property
    def waiting(self) -> bool:
        return bool(self._entries)

    def take(self) -> list[Entry]:
        """The rows that wait to be committed."""
        entries, self._entries = self._entries, []
        self.precious = False
        return entries

    def journal(self, entry: JournalEntry) -> None:
        if isinstance(entry, FinishedNode | WroteInside):
            self._checkpoints[entry.execution_id] = _encode(entry).decode()
        elif isinstance(entry, StartedNode):
            started = self._last_started
            # A node that was cut off begins again only to be told as interrupted; its row is there.
            if entry.execution_id in self._paused:
                self._set_status(entry, "running")
            elif started is not None and started.id == entry.execution_id not in self._begun:
                self._begin(started, entry)

    def event(self, event: Event) -> None:
        if isinstance(event, NodeStarted):
            self._last_started = event
        elif isinstance(event, NodeFinished):
            self._finish(event)
        elif isinstance(event, NodeRetry):
            self._retry(event)
        elif isinstance(event, NodePaused):
            self._pause(event)

    def adopt(self, earlier: Resume) -> None:
        """Says that an earlier process wrote the rows of what began or paused there."""
        self._begun.update(earlier.started.values(), earlier.paused.values())
        self._paused.update(earlier.paused.values())

    def _begin(self, event: NodeStarted, entry: StartedNode) -> None:
        self._begun.add(event.id)
        row = self._row(event, "running", created_at=event.started_at)
        row["checkpoint"] = _place(entry)
        self._entries.append((statements.INSERT_NODE, row))

    def _finish(self, event: NodeFinished) -> None:
        checkpoint = self._checkpoints.pop(event.id, None)
        values: dict[str, object] = {
            "inputs": _json(event.inputs),
            "process_data": _json(event.process_data),
            "outputs": _json(event.outputs),
            "status": event.status,
            "error": event.error,
            "elapsed_time": event.elapsed,
            "execution_metadata": _json(event.metadata) if event.metadata else None,
            "checkpoint": checkpoint,
            "finished_at": datetime.fromtimestamp(event.finished_at, UTC),
        }
        if event.id in self._begun:
            self._begun.discard(event.id)
            self.precious = True
            row = {f"b_{_BOUND.get(name, name)}": value for name, value in values.items()}
            self._entries.append((statements.FINISH_NODE, {"b_id": event.id, **row}))
        else:
            row = self._row(event, event.status, created_at=event.started_at)
            self._entries.append((statements.INSERT_NODE, {**row, **values}))

    def _retry(self, event: NodeRetry) -> None:
        row = self._row(event, "retry", created_at=event.started_at)
        row |= {
            "id": f"{event.id[:-4]}{event.retry_index:04x}",
            "inputs": _json(event.inputs),
            "process_data": _json(event.process_data),
            "outputs": _json(event.outputs),
            "error": event.error,
            "elapsed_time": event.elapsed,
            "finished_at": datetime.fromtimestamp(event.finished_at, UTC),
        }
        self._entries.append((statements.INSERT_NODE, row))

    def _pause(self, event: NodePaused) -> None:
        entry = PausedNode(event.node_id, event.id, round_of(event.marks))
        if event.id in self._begun:
            self._set_status(entry, "paused")
            return
        self._begun.add(event.id)
        paused = self._row(event, "paused", created_at=event.started_at)
        self._entries.append((statements.INSERT_NODE, {**paused, "checkpoint": _place(entry)}))

    def _set_status(self, entry: StartedNode | PausedNode, status: str) -> None:
        """Says of a row that is there that its node runs, or waits, again."""
        row: dict[str, object] = {f"b_{_BOUND.get(name, name)}": None for name in _OPEN}
        row |= {"b_id": entry.execution_id, "b_status": status, "b_elapsed": 0.0, "b_checkpoint": _place(entry)}
        self._entries.append((statements.FINISH_NODE, row))
        self._paused.discard(entry.execution_id)

    def _row(
        self, event: NodeStarted | NodeFinished | NodeRetry | NodePaused, status: str, *, created_at: float
    ) -> dict[str, object]:
        spec = self._spec
        return {
            "id": event.id,
            "tenant_id": spec.workspace_id,
            "app_id": spec.app_id,
            "workflow_id": spec.workflow_id,
            "triggered_from": "workflow-run" if spec.single is None else "single-step",
            "workflow_run_id": spec.run_id,
            "index": event.index,
            "predecessor_node_id": event.predecessor_node_id,
            "node_execution_id": event.id,
            "node_id": event.node_id,
            "node_type": event.node_type,
            "title": event.title.replace("\x00", "")[:_LONGEST_TITLE],
            "inputs": None,
            "process_data": None,
            "outputs": None,
            "status": status,
            "error": None,
            "elapsed_time": 0.0,
            "execution_metadata": None,
            "checkpoint": None,
            "created_by_role": spec.user.role,
            "created_by": spec.user.id,
            "created_at": datetime.fromtimestamp(created_at, UTC),
            "finished_at": None,
        }


_OPEN = (
    "inputs",
    "process_data",
    "outputs",
    "status",
    "error",
    "elapsed_time",
    "execution_metadata",
    "checkpoint",
    "finished_at",
)
_BOUND: Mapping[str, str] = {"elapsed_time": "elapsed", "execution_metadata": "metadata", "finished_at": "finished"}


def _place(entry: StartedNode | PausedNode) -> str | None:
    """The row of a node that is not done says all but the round of a container that it stands in."""
    return _encode(entry).decode() if entry.round else None


def _json(value: Mapping[str, object]) -> str:
    return _encode(value).decode()
