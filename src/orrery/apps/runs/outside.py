"""The outside as one run may use it: the engine's `NodeServices`, bound to a workspace, a user and a conversation."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from orrery.apps.conversations.history import ConversationHistory
from orrery.apps.runs.spec import RunSpec
from orrery.database.batch_writer import Entry
from orrery.database.engine import Database
from orrery.egress.protocol import HttpClient
from orrery.inference.types import ModelGateway
from orrery.sandbox.protocol import CodeRunner
from orrery.tools.protocol import ToolSource
from orrery.workflow.node import ConversationMemory, FileAccess
from orrery.workflow.nodes.human_input_forms import HumanForms
from orrery.workflow.nodes.knowledge_services import Retrieval


class Outside(msgspec.Struct, frozen=True, kw_only=True):
    """What every run of this process shares, and how it is bound to one run."""

    database: Database
    models: Callable[[str], ModelGateway]
    code: CodeRunner
    http: HttpClient
    files: Callable[[RunSpec], FileAccess]
    forms: Callable[[RunSpec, Callable[[Sequence[Entry]], None]], HumanForms] | None = None
    tools: Callable[[RunSpec, FileAccess], ToolSource] | None = None
    knowledge: Callable[[RunSpec], Retrieval] | None = None

    def bound_to(self, spec: RunSpec, write: Callable[[Sequence[Entry]], None] | None = None) -> RunServices:
        """What one run may use. ``write`` takes rows of a run that is kept: only such a run can wait for people."""
        turn = spec.turn
        memory = None if turn is None else ConversationHistory(self.database, turn.conversation_id, turn.message_id)
        files = self.files(spec)
        services = RunServices(self.models(spec.workspace_id), self.code, self.http, files, memory)
        if self.tools is not None:
            services.tools = self.tools(spec, files)
        if self.knowledge is not None:
            services.retrieval = self.knowledge(spec)
        if self.forms is not None and write is not None:
            services.human_forms = self.forms(spec, write)
        return services


class RunServices:
    """Implements `NodeServices`, with ``tools`` `ToolServices` too, with ``retrieval`` `OffersRetrieval`; with
    ``human_forms``, which only runs that are kept have, `OffersHumanForms`.
    """

    __slots__ = ("code", "files", "http", "human_forms", "memory", "models", "retrieval", "tools")

    human_forms: HumanForms
    retrieval: Retrieval
    tools: ToolSource

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
