"""Which variables a stored node reads, in which of its fields, and what the node calls each of them.

Single runs ask their caller for values by these names; checks name the field of a wrong reference. Read from the
stored data, so that nodes whose data has other faults are covered too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final, TypeAlias

import msgspec

from orrery.workflow.fields import as_list, as_mapping, as_mappings, as_selector, as_text
from orrery.workflow.template import references_in

Data: TypeAlias = Mapping[str, object]


class NodeInput(msgspec.Struct, frozen=True, kw_only=True):
    """One variable that a node reads.

    ``key`` is the node's own name for it (``#node.name#`` for references in texts), ``field`` its place in the data.
    ``optional``: the node does without it. ``inner``: read inside a container's rounds, not by the container before.
    ``selector`` is empty when nothing was chosen.
    """

    key: str
    field: str
    selector: tuple[str, ...]
    optional: bool = False
    inner: bool = False


Found: TypeAlias = Iterator[NodeInput]


def node_inputs(node_type: str, data: Data) -> list[NodeInput]:
    """All inputs of a stored node in the order of its fields; none for types that are not known here."""
    reader = _READERS.get(node_type)
    return [] if reader is None else list(reader(data))


def named(selector: tuple[str, ...]) -> str:
    """A reference as an input's name: ``#node.name#``."""
    return f"#{'.'.join(selector)}#"


def texts(field: str, value: object, *, optional: bool = False) -> Found:
    """The references of one text."""
    if isinstance(value, str):
        for selector in references_in(value):
            yield NodeInput(key=named(selector), field=field, selector=selector, optional=optional)


def _chosen(field: str, value: object, *, key: str = "", optional: bool = False) -> Found:
    selector = as_selector(value)
    yield NodeInput(key=key or named(selector), field=field, selector=selector, optional=optional)


def _if_chosen(field: str, value: object, *, key: str = "", optional: bool = False) -> Found:
    if as_selector(value):
        yield from _chosen(field, value, key=key, optional=optional)


def _variables(data: Data, list_name: str, *, optional: bool = False) -> Found:
    for place, item in enumerate(as_mappings(data.get(list_name))):
        field = f"{list_name}[{place}].value_selector"
        yield from _chosen(field, item.get("value_selector"), key=as_text(item.get("variable")), optional=optional)


def conditions(field: str, stored: object) -> Found:
    """What a list of conditions compares, and with what."""
    for place, item in enumerate(as_mappings(stored)):
        yield from _chosen(f"{field}[{place}].variable_selector", item.get("variable_selector"))
        yield from texts(f"{field}[{place}].value", item.get("value"))


def _answer(data: Data) -> Found:
    yield from texts("answer", data.get("answer"), optional=True)


def _end(data: Data) -> Found:
    yield from _variables(data, "outputs", optional=True)


def _if_else(data: Data) -> Found:
    cases = as_mappings(data.get("cases"))
    if not cases:
        yield from conditions("conditions", data.get("conditions"))
    for place, case in enumerate(cases):
        yield from conditions(f"cases[{place}].conditions", case.get("conditions"))


def _arguments(data: Data) -> Found:
    yield from _variables(data, "variables", optional=True)


def _aggregator(data: Data) -> Found:
    advanced = as_mapping(data.get("advanced_settings"))
    if not advanced.get("group_enabled"):
        for place, item in enumerate(as_list(data.get("variables"))):
            yield from _chosen(f"variables[{place}]", item, optional=True)
        return
    for number, group in enumerate(as_mappings(advanced.get("groups"))):
        for place, item in enumerate(as_list(group.get("variables"))):
            yield from _chosen(f"advanced_settings.groups[{number}].variables[{place}]", item, optional=True)


def _assigner(data: Data) -> Found:
    if str(data.get("version") or "1") == "1":
        yield from _chosen("assigned_variable_selector", data.get("assigned_variable_selector"))
        if data.get("write_mode") != "clear":
            yield from _chosen("input_variable_selector", data.get("input_variable_selector"))
        return
    for place, item in enumerate(as_mappings(data.get("items"))):
        yield from _chosen(f"items[{place}].variable_selector", item.get("variable_selector"))
        needs_value = item.get("operation") not in ("clear", "remove-first", "remove-last")
        if needs_value and as_text(item.get("input_type"), "variable") == "variable":
            yield from _chosen(f"items[{place}].value", item.get("value"))


def _iteration(data: Data) -> Found:
    yield from _chosen("iterator_selector", data.get("iterator_selector"), key="input_selector")
    result = as_selector(data.get("output_selector"))
    yield NodeInput(key=named(result), field="output_selector", selector=result, inner=True)


def _loop(data: Data) -> Found:
    for place, item in enumerate(as_mappings(data.get("loop_variables"))):
        if item.get("value_type") == "variable":
            yield from _chosen(f"loop_variables[{place}].value", item.get("value"), key=as_text(item.get("label")))
    for found in conditions("break_conditions", data.get("break_conditions")):
        yield msgspec.structs.replace(found, inner=True)


def _list_operator(data: Data) -> Found:
    yield from _chosen("variable", data.get("variable"), key="variable")
    filters, extract = as_mapping(data.get("filter_by")), as_mapping(data.get("extract_by"))
    if filters.get("enabled"):
        for place, item in enumerate(as_mappings(filters.get("conditions"))):
            yield from texts(f"filter_by.conditions[{place}].value", item.get("value"))
    if extract.get("enabled"):
        yield from texts("extract_by.serial", extract.get("serial"))


def _llm(data: Data) -> Found:
    prompt_template = data.get("prompt_template")
    listed = as_mappings(prompt_template)
    single = not listed
    for place, prompt in enumerate(listed or [as_mapping(prompt_template)]):
        if prompt.get("edition_type") != "jinja2":
            yield from texts("prompt_template.text" if single else f"prompt_template[{place}].text", prompt.get("text"))
    for found in _variables(as_mapping(data.get("prompt_config")), "jinja2_variables", optional=True):
        yield msgspec.structs.replace(found, field=f"prompt_config.{found.field}")
    context = as_mapping(data.get("context"))
    if context.get("enabled"):
        yield from _if_chosen("context.variable_selector", context.get("variable_selector"), key="#context#")
    yield from _memory(data)
    yield from _vision(data)


def _memory(data: Data) -> Found:
    memory = data.get("memory")
    if not isinstance(memory, Mapping):
        return
    template = as_mapping(data.get("memory")).get("query_prompt_template")
    if template:
        yield from texts("memory.query_prompt_template", template)
    else:
        yield NodeInput(key="#sys.query#", field="memory", selector=("sys", "query"), optional=True)


def _vision(data: Data) -> Found:
    vision = as_mapping(data.get("vision"))
    if vision.get("enabled"):
        selector = as_mapping(vision.get("configs")).get("variable_selector") or ["sys", "files"]
        yield from _chosen("vision.configs.variable_selector", selector, key="#files#", optional=True)


def _knowledge_retrieval(data: Data) -> Found:
    yield from _if_chosen("query_variable_selector", data.get("query_variable_selector"), key="query")
    yield from _if_chosen("query_attachment_selector", data.get("query_attachment_selector"), key="queryAttachment")
    if data.get("metadata_filtering_mode") == "manual":
        stored = as_mapping(data.get("metadata_filtering_conditions")).get("conditions")
        for place, item in enumerate(as_mappings(stored)):
            yield from texts(f"metadata_filtering_conditions.conditions[{place}].value", item.get("value"))


def _classifier(data: Data) -> Found:
    yield from _chosen("query_variable_selector", data.get("query_variable_selector"), key="query")
    for place, item in enumerate(as_mappings(data.get("classes"))):
        yield from texts(f"classes[{place}].name", item.get("name"))
    yield from texts("instruction", data.get("instruction"))
    yield from _vision(data)


def _extractor(data: Data) -> Found:
    yield from _chosen("query", data.get("query"), key="query")
    yield from texts("instruction", data.get("instruction"))
    yield from _vision(data)


def _http(data: Data) -> Found:
    for field in ("url", "headers", "params"):
        yield from texts(field, data.get(field))
    authorization = as_mapping(data.get("authorization"))
    if authorization.get("type") == "api-key":
        key = as_mapping(authorization.get("config")).get("api_key")
        yield from texts("authorization.config.api_key", key)
    body = as_mapping(data.get("body"))
    if body.get("type") in (None, "none"):
        return
    yield from texts("body.data", body.get("data"))
    for place, item in enumerate(as_mappings(body.get("data"))):
        yield from texts(f"body.data[{place}].key", item.get("key"))
        if item.get("type") == "file":
            yield from _chosen(f"body.data[{place}].file", item.get("file"))
        else:
            yield from texts(f"body.data[{place}].value", item.get("value"))


def _document_extractor(data: Data) -> Found:
    yield from _chosen("variable_selector", data.get("variable_selector"), key="files")


def parameters(field: str, stored: object) -> Found:
    """Parameters of tools, agents and data sources: ``{name: {type: mixed|variable|constant, value}}``."""
    for name, item in as_mapping(stored).items():
        parameter = as_mapping(item)
        if parameter.get("type") == "variable":
            yield from _if_chosen(f"{field}.{name}.value", parameter.get("value"), optional=True)
        elif parameter.get("type") == "mixed":
            yield from texts(f"{field}.{name}.value", parameter.get("value"))


def _tool(data: Data) -> Found:
    yield from parameters("tool_parameters", data.get("tool_parameters"))
    yield from parameters("tool_configurations", data.get("tool_configurations"))


def _agent(data: Data) -> Found:
    yield from parameters("agent_parameters", data.get("agent_parameters"))
    yield from _memory(data)


def _datasource(data: Data) -> Found:
    yield from parameters("datasource_parameters", data.get("datasource_parameters"))


def _human_input(data: Data) -> Found:
    yield from texts("form_content", data.get("form_content"))
    for place, item in enumerate(as_mappings(data.get("inputs"))):
        for name in ("default", "option_source"):
            source = as_mapping(item.get(name))
            if source.get("type") == "variable":
                yield from _chosen(f"inputs[{place}].{name}.selector", source.get("selector"), optional=True)


def _knowledge_index(data: Data) -> Found:
    yield from _chosen("index_chunk_variable_selector", data.get("index_chunk_variable_selector"))


_READERS: Final[Mapping[str, Callable[[Data], Found]]] = {
    "answer": _answer,
    "end": _end,
    "if-else": _if_else,
    "code": _arguments,
    "template-transform": _arguments,
    "variable-aggregator": _aggregator,
    "variable-assigner": _aggregator,
    "assigner": _assigner,
    "iteration": _iteration,
    "loop": _loop,
    "list-operator": _list_operator,
    "llm": _llm,
    "knowledge-retrieval": _knowledge_retrieval,
    "knowledge-index": _knowledge_index,
    "question-classifier": _classifier,
    "parameter-extractor": _extractor,
    "http-request": _http,
    "document-extractor": _document_extractor,
    "tool": _tool,
    "agent": _agent,
    "datasource": _datasource,
    "human-input": _human_input,
}
