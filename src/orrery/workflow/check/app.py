"""The examination of a whole app file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, Protocol

from orrery.workflow.check.conditions import check_conditions
from orrery.workflow.check.finding import Finding, Report
from orrery.workflow.check.forms import check_forms
from orrery.workflow.check.inspection import Inspection, ModelKnowledge, ToolKnowledge
from orrery.workflow.check.limits import EditorLimits, check_agent_limits, check_limits
from orrery.workflow.check.models import check_model, check_models
from orrery.workflow.check.moderation import check_moderation
from orrery.workflow.check.references import check_references
from orrery.workflow.check.requests import check_requests
from orrery.workflow.check.snippets import check_snippets
from orrery.workflow.check.templates import check_templates
from orrery.workflow.check.tools import check_agent_mode, check_tools
from orrery.workflow.check.triggers import check_triggers
from orrery.workflow.check.values import check_values
from orrery.workflow.check.variables import check_variables
from orrery.workflow.check.wiring import check_containers, check_graph, check_nodes, check_ways
from orrery.workflow.fields import as_mapping, as_text
from orrery.workflow.registry import NodeRegistry

_PARTS: Final[tuple[Callable[[Inspection], None], ...]] = (
    check_graph,
    check_nodes,
    check_ways,
    check_containers,
    check_references,
    check_conditions,
    check_values,
    check_snippets,
    check_templates,
    check_models,
    check_tools,
    check_requests,
    check_forms,
    check_variables,
    check_triggers,
)


class AppFile(Protocol):
    """The parts of an app file that are examined: a graph app has a ``workflow``, the others a ``model_config``."""

    @property
    def mode(self) -> str: ...
    @property
    def workflow(self) -> Mapping[str, object] | None: ...
    @property
    def model_config(self) -> Mapping[str, object] | None: ...


def check_app(
    document: AppFile,
    *,
    registry: NodeRegistry | None = None,
    models: ModelKnowledge | None = None,
    tools: ToolKnowledge | None = None,
    limits: EditorLimits | None = None,
) -> list[Finding]:
    """Everything that is wrong with an app, errors first; nothing is called and nothing of it is executed.

    ``registry`` tells which kinds of nodes this installation has; without ``models`` only missing choices of models
    are told, without ``tools`` nothing of tools, and without ``limits`` nothing of
    what editors would not draw. Never raises for what a file holds.
    """
    if document.workflow is None:
        report = Report()
        model = as_mapping(as_mapping(document.model_config).get("model"))
        check_model(report, models, model, node=None, field="model_config.model")
        check_agent_mode(report, tools, as_mapping(document.model_config).get("agent_mode"))
        check_moderation(report, as_mapping(document.model_config), "model_config")
        if limits is not None:
            check_agent_limits(report, limits, as_mapping(document.model_config).get("agent_mode"))
        return report.findings
    graph = as_mapping(document.workflow.get("graph"))
    inspection = Inspection(as_text(document.mode), document.workflow, graph, registry or NodeRegistry(), models, tools)
    for part in _PARTS:
        part(inspection)
    if document.mode != "workflow":  # whose turns alone are moderated
        check_moderation(inspection.report, as_mapping(document.workflow.get("features")), "workflow.features")
    if limits is not None:
        check_limits(inspection, limits)
    return sorted(inspection.report.findings, key=lambda finding: finding.level)
