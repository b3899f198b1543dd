"""Which outputs the nodes of each kind have, and of which types (workflow.md 3)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from orrery.workflow.check.shapes import ANY, BOOLEAN, FILES, NUMBER, OBJECT, TEXT, Shape, of_schema, shape
from orrery.workflow.fields import as_mapping, as_mappings, as_text

Data: TypeAlias = Mapping[str, object]
Shapes: TypeAlias = Mapping[str, Shape]

FORM_TYPES: Final[Shapes] = {
    "text-input": TEXT,
    "paragraph": TEXT,
    "select": TEXT,
    "external_data_tool": TEXT,
    "number": NUMBER,
    "checkbox": BOOLEAN,
    "file": shape("file"),
    "file-list": FILES,
    "json_object": OBJECT,
}
_INPUT_TYPES: Final[Shapes] = {"file": shape("file"), "file-list": FILES}
_MODEL: Final = {"usage": OBJECT}
_SYSTEM: Final[Shapes] = {
    "sys.user_id": TEXT,
    "sys.app_id": TEXT,
    "sys.workflow_id": TEXT,
    "sys.workflow_run_id": TEXT,
    "sys.timestamp": NUMBER,
    "sys.files": FILES,
}
"""What triggers give besides, each under its whole name (workflow.md 3.20)."""


def outputs_of(node_type: str, data: Data) -> Shapes | None:
    """Outputs by name; None for kinds whose outputs nobody knows before they run."""
    reader = _READERS.get(node_type)
    if reader is None:
        return None
    found = reader(data)
    if found is None or data.get("error_strategy") not in ("fail-branch", "default-value"):
        return found
    defaults = {as_text(item.get("key")): ANY for item in as_mappings(data.get("default_value"))}
    return {**defaults, **found, "error_message": TEXT, "error_type": TEXT}


def inner_outputs(node_type: str, data: Data, items: Shape) -> Shapes:
    """What a container gives to the nodes inside it; ``items`` is the shape of what an iteration goes through."""
    if node_type == "iteration":
        return {"item": items.element(), "index": NUMBER}
    return _labels(data)


def _labels(data: Data) -> dict[str, Shape]:
    return {
        as_text(item.get("label")): shape(as_text(item.get("var_type"), "string"))
        for item in as_mappings(data.get("loop_variables"))
    }


def _start(data: Data) -> Shapes:
    found: dict[str, Shape] = {}
    for field in as_mappings(data.get("variables")):
        kind = as_text(field.get("type"))
        known = FORM_TYPES.get(kind, ANY)
        if kind == "json_object":
            known = of_schema({"type": "object", **as_mapping(field.get("json_schema"))})
        found[as_text(field.get("variable"))] = known
    return found


def _webhook(data: Data) -> Shapes:
    found = {as_text(item.get("name")).replace("-", "_"): TEXT for item in as_mappings(data.get("headers"))}
    for part in ("params", "body"):
        found |= {
            as_text(item.get("name")): shape(as_text(item.get("type"), "string"))
            for item in as_mappings(data.get(part))
        }
    if data.get("content_type") == "application/octet-stream":
        found |= {as_text(item.get("name")): shape("file") for item in as_mappings(data.get("body"))}
    return {**_SYSTEM, **found, "_webhook_raw": OBJECT}


def _event(data: Data) -> Shapes | None:
    fields = of_schema(as_mapping(data.get("output_schema"))).fields
    return None if fields is None else {**_SYSTEM, **fields}


def _code(data: Data) -> Shapes:
    return {name: _declared(as_mapping(spec)) for name, spec in as_mapping(data.get("outputs")).items()}


def _declared(spec: Data) -> Shape:
    children = as_mapping(spec.get("children"))
    if spec.get("type") == "object" and children:
        return Shape("object", {name: _declared(as_mapping(child)) for name, child in children.items()})
    return shape(as_text(spec.get("type"), "string"))


def _aggregator(data: Data) -> Shapes:
    advanced = as_mapping(data.get("advanced_settings"))
    if not advanced.get("group_enabled"):
        return {"output": shape(data.get("output_type"))}
    return {
        as_text(group.get("group_name")): Shape("object", {"output": shape(group.get("output_type"))})
        for group in as_mappings(advanced.get("groups"))
    }


def _iteration(data: Data) -> Shapes:
    declared = shape(data.get("output_type"))
    return {"output": declared if declared.type.startswith("array[") else Shape("array[any]")}


def _list_operator(data: Data) -> Shapes:
    items = shape(data.get("var_type"))
    element = items.element()
    return {"result": items, "first_record": element, "last_record": element}


def _llm(data: Data) -> Shapes:
    found = {"text": TEXT, "reasoning_content": TEXT, "finish_reason": TEXT, "files": FILES, **_MODEL}
    if data.get("structured_output_enabled"):
        found["structured_output"] = of_schema(as_mapping(as_mapping(data.get("structured_output")).get("schema")))
    return found


def _extractor(data: Data) -> Shapes:
    found = {as_text(item.get("name")): shape(item.get("type")) for item in as_mappings(data.get("parameters"))}
    return {**found, "__is_success": NUMBER, "__reason": TEXT, "__usage": OBJECT}


def _human_input(data: Data) -> Shapes:
    fields = {
        as_text(item.get("output_variable_name")): _INPUT_TYPES.get(as_text(item.get("type")), TEXT)
        for item in as_mappings(data.get("inputs"))
    }
    return {**fields, "__action_id": TEXT, "__action_value": TEXT, "__rendered_content": TEXT}


def _document(data: Data) -> Shapes:
    listed = data.get("is_array_file")
    return {"text": ANY if listed is None else shape("array[string]" if listed else "string")}


_READERS: Final[Mapping[str, Callable[[Data], Shapes | None]]] = {
    "start": _start,
    "trigger-webhook": _webhook,
    "trigger-schedule": lambda _: _SYSTEM,
    "trigger-plugin": _event,
    "end": lambda data: {as_text(item.get("variable")): ANY for item in as_mappings(data.get("outputs"))},
    "answer": lambda _: {"answer": TEXT, "files": FILES},
    "if-else": lambda _: {"result": BOOLEAN, "selected_case_id": TEXT},
    "code": _code,
    "template-transform": lambda _: {"output": TEXT},
    "variable-aggregator": _aggregator,
    "variable-assigner": _aggregator,
    "assigner": lambda _: {},
    "iteration": _iteration,
    "loop": lambda data: {**_labels(data), "loop_round": NUMBER},
    "iteration-start": lambda _: {},
    "loop-start": lambda _: {},
    "loop-end": lambda _: {},
    "list-operator": _list_operator,
    "llm": _llm,
    "knowledge-retrieval": lambda _: {"result": Shape("array[object]")},
    "question-classifier": lambda _: {"class_name": TEXT, "class_id": TEXT, **_MODEL},
    "parameter-extractor": _extractor,
    "http-request": lambda _: {"status_code": NUMBER, "body": TEXT, "headers": OBJECT, "files": FILES},
    "document-extractor": _document,
    "human-input": _human_input,
}
