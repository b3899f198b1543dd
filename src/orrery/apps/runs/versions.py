"""Parsed versions of apps: what a run executes, read and compiled once per version and process.

Published versions and saved configurations never change, so their id is the whole key; drafts are parsed anew when
their text changed.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import cast

import msgspec

from orrery.apps.catalog.errors import AppUnavailable
from orrery.apps.catalog.tables import AppModelConfig
from orrery.apps.runs.basic_graph import basic_graph
from orrery.apps.workflows import variables
from orrery.apps.workflows.tables import Workflow
from orrery.apps.workflows.variables import Variable
from orrery.security.encryption import Vault
from orrery.workflow.graph import Graph
from orrery.workflow.graph_errors import GraphError
from orrery.workflow.registry import NodeRegistry
from orrery.workflow.single import SingleNode

JsonObject = Mapping[str, object]
_KEPT = 256


class AppVersion(msgspec.Struct, frozen=True, kw_only=True):
    """One executable version. ``form`` is the start form's items, unwrapped; ``features`` as in workflow.md 1.7.

    ``asked`` is what a completion app runs instead when its caller gives a query besides the form.
    """

    workflow_id: str
    version: str
    is_draft: bool
    graph: Graph
    graph_text: str | None
    features: JsonObject
    form: Sequence[JsonObject]
    environment: Sequence[Variable] = ()
    conversation: Sequence[Variable] = ()
    config: JsonObject | None = None
    asked: AppVersion | None = None


class VersionCache:
    """Compiles versions; keeps the most recently used ones."""

    def __init__(self, registry: NodeRegistry, vault: Vault) -> None:
        self._registry = registry
        self._vault = vault
        self._kept: OrderedDict[str, AppVersion] = OrderedDict()

    def known(self, key: str) -> AppVersion | None:
        """A compiled version by its workflow or configuration id."""
        found = self._kept.get(key)
        if found is not None:
            self._kept.move_to_end(key)
        return found

    def workflow(self, row: Workflow) -> AppVersion:
        """Raises `AppUnavailable` with the graph's faults."""
        is_draft = row.version == "draft"
        key = hashlib.sha256(row.graph.encode()).hexdigest() + row.id if is_draft else row.id
        found = self.known(key)
        if found is not None and not is_draft:
            return found
        graph = found.graph if found is not None else self._parse(row.graph)
        version = AppVersion(
            workflow_id=row.id,
            version=row.version,
            is_draft=is_draft,
            graph=graph,
            graph_text=row.graph if is_draft else None,
            features=msgspec.json.decode(row.features, type=dict[str, object]),
            form=start_form(row.graph),
            environment=variables.opened(self._vault, row.tenant_id, row.environment_variables),
            conversation=cast("list[Variable]", row.conversation_variables or []),
        )
        return self._keep(key, version)

    def config(self, row: AppModelConfig, mode: str) -> AppVersion:
        """A basic app's configuration as a version: its graph asks the model once. Raises `AppUnavailable`."""
        found = self.known(row.id)
        if found is not None:
            return found
        return self._keep(row.id, self.unsaved_config(row.id, cast("JsonObject", row.configs), mode, is_draft=False))

    def unsaved_config(self, config_id: str, configs: JsonObject, mode: str, *, is_draft: bool = True) -> AppVersion:
        """A configuration that the debugger tries out. Raises `AppUnavailable`."""
        form = basic_form(configs)
        plain = self._basic(config_id, configs, form, basic_graph(configs, form, mode), is_draft=is_draft)
        if mode != "completion":
            return plain
        asked = self._basic(config_id, configs, form, basic_graph(configs, form, mode, asked=True), is_draft=is_draft)
        return msgspec.structs.replace(plain, asked=asked)

    def _basic(
        self, config_id: str, configs: JsonObject, form: Sequence[JsonObject], built: JsonObject, *, is_draft: bool
    ) -> AppVersion:
        text = msgspec.json.encode(built).decode()
        return AppVersion(
            workflow_id=config_id,
            version="basic",
            is_draft=is_draft,
            graph=self._parse(text),
            graph_text=text,
            features=configs,
            form=form,
            config=configs,
        )

    def stored(self, text: str) -> Graph:
        """The graph that a run row kept. Raises `AppUnavailable`."""
        return self._parse(text)

    def single(self, text: str, node_id: str) -> SingleNode:
        """One node of a stored graph with what is inside it. Raises `NotFound`, `AppUnavailable`."""
        try:
            return SingleNode(msgspec.json.decode(text), node_id, self._registry)
        except GraphError as error:
            raise AppUnavailable(f"The node can't run: {error}") from error

    def _parse(self, text: str) -> Graph:
        try:
            return Graph.parse(msgspec.json.decode(text), registry=self._registry)
        except GraphError as error:
            raise AppUnavailable(f"The workflow can't run: {error}") from error

    def _keep(self, key: str, version: AppVersion) -> AppVersion:
        self._kept[key] = version
        while len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
        return version


def start_form(graph_text: str) -> list[JsonObject]:
    """The variables of the start node (workflow.md 1.6)."""
    graph = msgspec.json.decode(graph_text, type=dict[str, object])
    for node in _list(graph.get("nodes")):
        data = cast("JsonObject", node).get("data") if isinstance(node, dict) else None
        if isinstance(data, dict) and cast("JsonObject", data).get("type") == "start":
            items = _list(cast("JsonObject", data).get("variables"))
            return [cast("JsonObject", item) for item in items if isinstance(item, dict)]
    return []


def _list(value: object) -> list[object]:
    return cast("list[object]", value) if isinstance(value, list) else []


def basic_form(configs: JsonObject) -> list[JsonObject]:
    """``user_input_form`` with each item unwrapped: ``{"text-input": {...}}`` becomes ``{..., "type": "text-input"}``."""
    found: list[JsonObject] = []
    for item in _list(configs.get("user_input_form")):
        if isinstance(item, dict):
            for kind, field in cast("dict[str, object]", item).items():
                if isinstance(field, dict):
                    found.append({**cast("dict[str, object]", field), "type": kind})
    return found
