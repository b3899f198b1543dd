"""From an app to its file: what leaves the workspace, and what does not (workflow.md 1.2, 1.3)."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import cast

import msgspec
import yaml

from orrery.apps.catalog.tables import App, AppModelConfig
from orrery.apps.dsl.datasets import encrypt_dataset_id
from orrery.apps.dsl.dependencies import dependencies_of_config, dependencies_of_graph
from orrery.apps.dsl.document import CURRENT_VERSION, list_in
from orrery.apps.workflows.tables import Workflow
from orrery.apps.workflows.variables import Variable, opened, without_secrets
from orrery.security.encryption import Vault

JsonObject = dict[str, object]
_SCHEDULE_DEFAULTS: Mapping[str, object] = {
    "mode": "visual",
    "frequency": "daily",
    "cron_expression": "",
    "visual_config": {"time": "12:00 AM", "on_minute": 0, "weekdays": ["sun"], "monthly_days": [1]},
    "timezone": "UTC",
}


class ExportChoices(msgspec.Struct, frozen=True, kw_only=True):
    """What a file may hold of its workspace: secrets in clear, and dataset ids that others could read."""

    include_secret: bool
    encrypt_dataset_ids: bool = True


def export_graph_app(app: App, workflow: Workflow, vault: Vault, choices: ExportChoices) -> str:
    """The file of a workflow or chatflow version. Raises `SecretUnreadable`."""
    graph = cast("JsonObject", msgspec.json.decode(workflow.graph))
    for node in list_in(graph, "nodes"):
        data = cast("JsonObject", node).get("data") if isinstance(node, dict) else None
        if isinstance(data, dict):
            _strip_node(cast("JsonObject", data), app.tenant_id, choices)
    stored = cast("list[Variable]", workflow.environment_variables or [])
    include_secret = choices.include_secret
    environment = opened(vault, app.tenant_id, stored) if include_secret else without_secrets(stored)
    block: JsonObject = {
        "graph": graph,
        "features": msgspec.json.decode(workflow.features),
        "environment_variables": environment,
        "conversation_variables": cast("list[Variable]", workflow.conversation_variables or []),
        "rag_pipeline_variables": workflow.rag_pipeline_variables or [],
    }
    return _dump({**_head(app), "workflow": block, "dependencies": dependencies_of_graph(graph)})


def export_basic_app(app: App, config: AppModelConfig | None, *, include_secret: bool) -> str:
    """The file of a chat, agent-chat or completion app."""
    configs = deepcopy(cast("JsonObject", config.configs)) if config is not None else {}
    if not include_secret:
        agent = configs.get("agent_mode")
        if isinstance(agent, dict):
            _strip_tools(cast("JsonObject", agent).get("tools"))
    return _dump({**_head(app), "model_config": configs, "dependencies": dependencies_of_config(configs)})


def _head(app: App) -> JsonObject:
    image = app.icon_type == "image"
    return {
        "version": CURRENT_VERSION,
        "kind": "app",
        "app": {
            "name": app.name,
            "mode": app.mode,
            "icon": "🤖" if image else app.icon,
            "icon_type": "emoji" if image else app.icon_type,
            "icon_background": "#FFEAD5" if image else app.icon_background,
            "description": app.description,
            "use_icon_as_answer_icon": app.use_icon_as_answer_icon,
        },
    }


def _strip_node(data: JsonObject, workspace_id: str, choices: ExportChoices) -> None:
    kind = data.get("type")
    if kind == "knowledge-retrieval":
        if choices.encrypt_dataset_ids:
            ids = list_in(data, "dataset_ids")
            data["dataset_ids"] = [encrypt_dataset_id(workspace_id, str(i)) for i in ids]
    elif kind == "trigger-schedule":
        data.update(_SCHEDULE_DEFAULTS)
    elif kind == "trigger-webhook":
        data["webhook_url"] = data["webhook_debug_url"] = ""
    elif kind == "trigger-plugin":
        data["subscription_id"] = ""
    if choices.include_secret:
        return
    if kind == "tool":
        data.pop("credential_id", None)
    elif kind == "agent":
        parameters = data.get("agent_parameters")
        tools = cast("JsonObject", parameters).get("tools") if isinstance(parameters, dict) else None
        if isinstance(tools, dict):
            _strip_tools(cast("JsonObject", tools).get("value"))


def _strip_tools(tools: object) -> None:
    if isinstance(tools, list):
        for tool in cast("list[object]", tools):
            if isinstance(tool, dict):
                cast("JsonObject", tool).pop("credential_id", None)


def _dump(document: Mapping[str, object]) -> str:
    return yaml.dump(document, Dumper=_Dumper, allow_unicode=True, sort_keys=True, default_flow_style=False, width=4096)


class _Dumper(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):  # type: ignore[misc]  # the C emitter where there is one
    """Safe YAML without anchors: the same value twice is written twice, as reviewers expect."""

    def ignore_aliases(self, data: object) -> bool:
        return True
