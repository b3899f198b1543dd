"""The outside as one run may use it: the engine's `NodeServices`, bound to a workspace, a user and a conversation."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from orrery.apps.conversations.history import ConversationHistory
from orrery.apps.runs.spec import RunSpec
from orrery.database.engine import Database
from orrery.egress.protocol import HttpClient
from orrery.inference.types import ModelGateway
from orrery.sandbox.protocol import CodeRunner
from orrery.workflow.node import ConversationMemory, FileAccess


class Outside(msgspec.Struct, frozen=True, kw_only=True):
    """What every run of this process shares, and how it is bound to one run."""

    database: Database
    models: Callable[[str], ModelGateway]
    code: CodeRunner
    http: HttpClient
    files: Callable[[RunSpec], FileAccess]

    def bound_to(self, spec: RunSpec) -> RunServices:
        turn = spec.turn
        memory = None if turn is None else ConversationHistory(self.database, turn.conversation_id, turn.message_id)
        return RunServices(self.models(spec.workspace_id), self.code, self.http, self.files(spec), memory)


class RunServices:
    """Implements `NodeServices`."""

    __slots__ = ("code", "files", "http", "memory", "models")

    def __init__(
        self,
        models: ModelGateway,
        code: CodeRunner,
        http: HttpClient,
        files: FileAccess,
        memory: ConversationMemory | None,
    ) -> None:
        self.models = models
        self.code = code
        self.http = http
        self.files = files
        self.memory = memory
