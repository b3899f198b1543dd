"""What a published workflow looks like as a tool: parameters of its start form, outputs of its ends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, Literal, cast

import msgspec

from orrery.apps.runs.versions import start_form
from orrery.apps.tools.tables import WorkflowToolProvider
from orrery.apps.workflows.tables import Workflow
from orrery.errors import BadRequest
from orrery.tools.entity import (
    ParameterType,
    ToolDescription,
    ToolEntity,
    ToolIdentity,
    ToolOption,
    ToolParameter,
    english,
)

JsonObject = Mapping[str, object]

_TYPES: Final[Mapping[str, ParameterType]] = {
    "text-input": "string",
    "paragraph": "string",
    "select": "select",
    "number": "number",
    "checkbox": "boolean",
    "file": "file",
    "file-list": "files",
    "json_object": "object",
}
_SCHEMA_TYPES: Final[Mapping[str, str]] = {
    "string": "string",
    "number": "number",
    "integer": "number",
    "boolean": "boolean",
    "object": "object",
    "file": "object",
}


class ParameterChoice(msgspec.Struct, frozen=True):
    """Who fills a variable of the form in, and what models are told of it."""

    name: str
    description: str = ""
    form: Literal["llm", "form"] = "llm"


class WorkflowToolUnsynced(BadRequest):
    """The parameters are those of another version of the form."""

    code = "invalid_param"
    default_message = "parameter configuration mismatch, please republish the tool to update"


class WorkflowToolWaits(BadRequest):
    """A workflow that waits for people can't answer a tool's caller."""

    code = "workflow_tool_human_input_not_supported"
    default_message = "Workflow with Human Input nodes cannot be published as a workflow tool."


def choices_of(row: WorkflowToolProvider) -> list[ParameterChoice]:
    """The row's parameters."""
    return msgspec.convert(row.parameters or [], list[ParameterChoice])


def check_version(version: Workflow, choices: Sequence[ParameterChoice]) -> None:
    """Whether a version can be a tool with these parameters. Raises `WorkflowToolUnsynced`, `WorkflowToolWaits`."""
    if any(data.get("type") == "human-input" for data in _nodes(version)):
        raise WorkflowToolWaits
    named = {str(item.get("variable")) for item in start_form(version.graph)}
    if {choice.name for choice in choices} != named or len(choices) != len(named):
        raise WorkflowToolUnsynced


def entity_of(row: WorkflowToolProvider, version: Workflow) -> ToolEntity:
    """The tool; variables that the row says nothing of are filled in by models."""
    chosen = {choice.name: choice for choice in choices_of(row)}
    return ToolEntity(
        identity=ToolIdentity(name=row.name, provider=row.id, label=english(row.label)),
        description=ToolDescription(human=english(row.description), llm=row.description),
        parameters=tuple(_parameter(item, chosen.get(str(item.get("variable")))) for item in start_form(version.graph)),
        output_schema=_output_schema(version),
    )


def _parameter(item: JsonObject, choice: ParameterChoice | None) -> ToolParameter:
    name = str(item.get("variable"))
    told = choice.description if choice is not None else str(item.get("label") or "")
    options = item.get("options")
    return ToolParameter(
        name=name,
        type=_TYPES.get(str(item.get("type")), "string"),
        form=choice.form if choice is not None else "llm",
        label=english(str(item.get("label") or name)),
        human_description=english(told),
        llm_description=told,
        required=bool(item.get("required")),
        default=item.get("default") if item.get("default") != "" else None,
        options=tuple(
            ToolOption(str(option), english(str(option)))
            for option in (cast("list[object]", options) if isinstance(options, list) else [])
        ),
    )


def _output_schema(version: Workflow) -> JsonObject:
    properties: dict[str, JsonObject] = {}
    for data in _nodes(version):
        outputs = data.get("outputs") if data.get("type") == "end" else None
        for output in cast("list[object]", outputs) if isinstance(outputs, list) else []:
            if isinstance(output, dict):
                held = cast("JsonObject", output)
                kind = str(held.get("value_type") or "string")
                array = kind.startswith("array")
                properties[str(held.get("variable"))] = {
                    "type": "array" if array else _SCHEMA_TYPES.get(kind, "string"),
                    "description": "",
                }
    return {"type": "object", "properties": properties}


def _nodes(version: Workflow) -> list[JsonObject]:
    graph = msgspec.json.decode(version.graph, type=dict[str, object])
    nodes = graph.get("nodes")
    found = (
        [cast("JsonObject", node).get("data") for node in cast("list[object]", nodes) if isinstance(node, dict)]
        if (isinstance(nodes, list))
        else []
    )
    return [cast("JsonObject", data) for data in found if isinstance(data, dict)]
