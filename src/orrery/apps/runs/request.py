"""What callers ask for when they start a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from orrery.apps.runs.again import Again
from orrery.apps.runs.spec import InvokeFrom, RunUser, SingleTarget, TriggerKind
from orrery.apps.runs.turns import TurnRequest
from orrery.apps.runs.versions import AppVersion
from orrery.database.group_commit import Entry


class AppRef(msgspec.Struct, frozen=True, kw_only=True):
    """The app that a run belongs to, as far as running it needs."""

    workspace_id: str
    app_id: str
    mode: str
    max_active_requests: int | None = None


class RunRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What a caller asks for. ``files`` are mappings as sent; ``turn`` is set for chat and completion apps.

    ``run_id`` and ``extra_rows`` are for callers that must know the run's id and write something with it. With
    ``single``, ``version.graph`` is that of one container, whose run belongs to no conversation; with ``again``, inputs and files
    are those of the run that is repeated. With
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
    again: Again | None = None
    trigger: TriggerKind | None = None
    root_node_id: str | None = None
    called_back: bool = False
    call_depth: int = 0
