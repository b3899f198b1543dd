"""An app file as something to run at once, without a database: for the command line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

import msgspec

from orrery.apps.catalog.errors import AppUnavailable
from orrery.apps.dsl.document import AppDocument, graph_of
from orrery.apps.runs.basic_graph import FORM, aliases, basic_graph
from orrery.apps.runs.versions import basic_form, start_form
from orrery.apps.workflows import variables
from orrery.apps.workflows.service import check_graph
from orrery.errors import InvalidParam
from orrery.workflow.graph import Graph
from orrery.workflow.graph_errors import GraphError
from orrery.workflow.inputs import validate_inputs
from orrery.workflow.pool import Pool
from orrery.workflow.registry import NodeRegistry
from orrery.workflow.segments import ValueType

JsonObject = Mapping[str, object]


class OfflineApp(msgspec.Struct, frozen=True, kw_only=True):
    """A parsed app file. ``is_chat`` apps answer a query."""

    name: str
    mode: str
    graph: Graph
    form: Sequence[JsonObject]
    environment: Sequence[variables.Variable]
    conversation: Sequence[variables.Variable]

    @property
    def is_chat(self) -> bool:
        return self.mode in {"chat", "advanced-chat"}

    def pool(self, inputs: JsonObject, system: JsonObject) -> Pool:
        """The variables of a run. Raises `InvalidParam` for inputs that don't fit the form."""
        try:
            checked = validate_inputs(self.form, inputs)
        except ValueError as error:
            raise InvalidParam(str(error)) from error
        pool = Pool(inputs=checked, system=system)
        if self.mode in {"chat", "completion"}:
            pool.put_all(FORM, {alias: checked.get(name) for name, alias in aliases(self.form).items()})
        for scope, items in (("env", self.environment), ("conversation", self.conversation)):
            for item in items:
                pool.declare(scope, str(item["name"]), cast("ValueType", item["value_type"]), item["value"])
        return pool


def offline_app(document: AppDocument, registry: NodeRegistry) -> OfflineApp:
    """Raises `AppUnavailable` for a graph that can't run, `DslError` and `InvalidParam` for one that is none."""
    workflow = document.workflow
    if workflow is not None:
        drawn = graph_of(workflow)
        check_graph(drawn)
        graph_text = msgspec.json.encode(drawn).decode()
        form: Sequence[JsonObject] = start_form(graph_text)
    else:
        configs = document.model_config or {}
        form = basic_form(configs)
        graph_text = msgspec.json.encode(basic_graph(configs, form, document.mode)).decode()
    try:
        graph = Graph.parse(msgspec.json.decode(graph_text), registry=registry)
    except GraphError as error:
        raise AppUnavailable(f"The workflow can't run: {error}") from error
    return OfflineApp(
        name=str(document.app.get("name") or "app"),
        mode=document.mode,
        graph=graph,
        form=form,
        environment=_items(workflow, "environment_variables", "env", variables.ENVIRONMENT_TYPES),
        conversation=_items(workflow, "conversation_variables", "conversation", variables.CONVERSATION_TYPES),
    )


def _items(workflow: JsonObject | None, name: str, scope: str, kinds: frozenset[str]) -> list[variables.Variable]:
    return variables.normalise((workflow or {}).get(name), scope, kinds)
