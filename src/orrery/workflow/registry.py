"""Node kinds by type and version. A kind's module is imported when a graph first contains it, not before."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Final, TypeAlias, cast

from orrery.workflow.node import Node

NodeTable: TypeAlias = Mapping[str, Mapping[str, str | type[Node]]]

_NODES: Final = "orrery.workflow.nodes."
_AGGREGATOR: Final = {"1": _NODES + "variable_aggregator:VariableAggregatorNode"}

BUILT_IN: Final[NodeTable] = {
    "start": {"1": _NODES + "start:StartNode"},
    "end": {"1": _NODES + "end:EndNode"},
    "answer": {"1": _NODES + "answer:AnswerNode"},
    "if-else": {"1": _NODES + "if_else:IfElseNode"},
    "variable-aggregator": _AGGREGATOR,
    "variable-assigner": _AGGREGATOR,
    "assigner": {
        "1": _NODES + "assigner_first:FirstAssignerNode",
        "2": _NODES + "assigner:AssignerNode",
    },
    "template-transform": {"1": _NODES + "template_transform:TemplateTransformNode"},
    "code": {"1": _NODES + "code:CodeNode"},
    "list-operator": {"1": _NODES + "list_operator:ListOperatorNode"},
    "document-extractor": {"1": _NODES + "document_extractor:DocumentExtractorNode"},
    "llm": {"1": _NODES + "llm:LlmNode"},
    "question-classifier": {"1": _NODES + "question_classifier:QuestionClassifierNode"},
    "parameter-extractor": {"1": _NODES + "parameter_extractor:ParameterExtractorNode"},
    "http-request": {"1": _NODES + "http_request:HttpRequestNode"},
    "tool": {"1": _NODES + "tool:ToolNode"},
    "agent": {"1": _NODES + "agent:AgentNode"},
    "iteration": {"1": _NODES + "iteration:IterationNode"},
    "loop": {"1": _NODES + "loop:LoopNode"},
    "iteration-start": {"1": _NODES + "container_start:IterationStartNode"},
    "loop-start": {"1": _NODES + "container_start:LoopStartNode"},
    "loop-end": {"1": _NODES + "container_start:LoopEndNode"},
    "human-input": {"1": _NODES + "human_input:HumanInputNode"},
    "trigger-webhook": {"1": _NODES + "trigger_webhook:TriggerWebhookNode"},
    "trigger-schedule": {"1": _NODES + "trigger_schedule:TriggerScheduleNode"},
    "trigger-plugin": {"1": _NODES + "trigger_plugin:TriggerPluginNode"},
    "knowledge-retrieval": {"1": _NODES + "knowledge_retrieval:KnowledgeRetrievalNode"},
    "knowledge-index": {"1": _NODES + "knowledge_index:KnowledgeIndexNode"},
    "datasource": {"1": _NODES + "datasource:DatasourceNode"},
}


class NodeRegistry:
    """Finds the class of a node type. Later rooms add their kinds with `extended`."""

    def __init__(self, table: NodeTable = BUILT_IN) -> None:
        """``table``: type → version → class, or its place as ``module:Class``."""
        self._table = table
        self._found: dict[tuple[str, str], type[Node]] = {}

    def extended(self, table: NodeTable) -> NodeRegistry:
        """A registry that also knows (or replaces) these kinds."""
        return NodeRegistry({**self._table, **table})

    def __contains__(self, node_type: str) -> bool:
        return node_type in self._table

    def find(self, node_type: str, version: str) -> type[Node] | None:
        """The class for a type; an unknown version means the highest known. None for unknown types."""
        versions = self._table.get(node_type)
        if not versions:
            return None
        if version not in versions:
            version = max(versions, key=_version_order)
        found = self._found.get((node_type, version))
        if found is None:
            found = self._found[node_type, version] = _load(versions[version])
        return found


def _version_order(version: str) -> tuple[int, str]:
    return (int(version), "") if version.isdigit() else (-1, version)


def _load(place: str | type[Node]) -> type[Node]:
    if not isinstance(place, str):
        return place
    module, _, name = place.partition(":")
    return cast("type[Node]", getattr(import_module(module), name))
