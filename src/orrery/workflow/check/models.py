"""Models that a run would ask: chosen at all, known here, with credentials."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from orrery.workflow.check.finding import Named, Report
from orrery.workflow.check.inspection import Inspection, ModelKnowledge
from orrery.workflow.check.stored import StoredNode
from orrery.workflow.fields import as_list, as_mapping, as_mappings, as_text


def check_models(inspection: Inspection) -> None:
    """Every model of every node, and what its node asks of it."""
    for node in inspection.graph.nodes.values():
        for field, model in _models_of(node):
            check_model(inspection.report, inspection.models, model, node=node, field=field)
    for node in inspection.graph.of_type("llm"):
        _check_prompt(inspection, node)
    for node in inspection.graph.of_type("question-classifier"):
        for place, item in enumerate(as_mappings(node.data.get("classes"))):
            if not as_text(item.get("name")).strip():
                inspection.report.warning(
                    "This class has no name to choose it by", "Describe it.", node=node, field=f"classes[{place}].name"
                )
    for node in inspection.graph.of_type("parameter-extractor"):
        if not as_list(node.data.get("parameters")):
            inspection.report.error(
                "There is no parameter to extract", "Add a parameter.", node=node, field="parameters"
            )


def _models_of(node: StoredNode) -> Iterator[tuple[str, Mapping[str, object]]]:
    data = node.data
    if node.type in {"llm", "question-classifier", "parameter-extractor"}:
        yield "model", as_mapping(data.get("model"))
    elif node.type == "knowledge-retrieval":
        if data.get("retrieval_mode") == "single":
            yield (
                "single_retrieval_config.model",
                as_mapping(as_mapping(data.get("single_retrieval_config")).get("model")),
            )
        if data.get("metadata_filtering_mode") == "automatic":
            yield "metadata_model_config", as_mapping(data.get("metadata_model_config"))


def check_model(
    report: Report,
    knowledge: ModelKnowledge | None,
    model: Mapping[str, object],
    *,
    node: Named | None,
    field: str,
) -> None:
    """One ``{provider, name}``."""
    provider, name = as_text(model.get("provider")), as_text(model.get("name"))
    if not provider or not name:
        report.error("No model is chosen", "Choose a model.", node=node, field=field)
    elif knowledge is not None and not knowledge.knows(provider):
        report.error(
            f"The provider {provider} is not installed",
            "Install it under Integrations, or choose a model of another provider.",
            node=node,
            field=f"{field}.provider",
        )
    elif knowledge is not None and not knowledge.is_ready(provider, name):
        report.warning(
            f"There are no credentials for {name} of {provider}",
            "Add them under Integrations; on the command line, set the provider's environment variables.",
            node=node,
            field=field,
        )


def _check_prompt(inspection: Inspection, node: StoredNode) -> None:
    data = node.data
    stored = data.get("prompt_template")
    prompts = as_mappings(stored) or [as_mapping(stored)]
    texts = [as_text(p.get("jinja2_text" if p.get("edition_type") == "jinja2" else "text")) for p in prompts]
    if not any(text.strip() for text in texts) and not isinstance(data.get("memory"), Mapping):
        inspection.report.error("The prompt is empty", "Write a prompt.", node=node, field="prompt_template")
    context = as_mapping(data.get("context"))
    if context.get("enabled") and not as_list(context.get("variable_selector")):
        inspection.report.warning(
            "The context is on, but no variable is chosen for it",
            "Choose a variable, or turn the context off.",
            node=node,
            field="context.variable_selector",
        )
    if data.get("structured_output_enabled") and not as_mapping(
        as_mapping(data.get("structured_output")).get("schema")
    ):
        inspection.report.error(
            "Structured output is on, but has no schema",
            "Write a schema, or turn it off.",
            node=node,
            field="structured_output.schema",
        )
