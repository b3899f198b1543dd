"""The text of a form, before and after somebody filled it in (workflow.md 3.19, 6.5)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final, cast

import msgspec

from orrery.workflow.fields import as_mapping, as_text
from orrery.workflow.nodes.human_input_data import FormInput
from orrery.workflow.pool import Pool
from orrery.workflow.segments import files_in, is_file, text_of

_FIELD: Final = re.compile(r"\{\{#\$output\.([A-Za-z_][A-Za-z0-9_]{0,29})#\}\}")

_MAIL_TEXTS: Final = ("subject", "body")
_FILE_RULES: Final = ("allowed_file_types", "allowed_file_extensions", "allowed_file_upload_methods")


def fields_in(content: str) -> list[str]:
    """Names of the fields that stand in a text, in order, with repetitions."""
    return _FIELD.findall(content)


def filled(content: str, values: Mapping[str, object]) -> str:
    """The text with every field replaced by what was given for it; files are counted, not named."""
    return _FIELD.sub(lambda match: _shown(values.get(match[1])), content)


def _shown(value: object) -> str:
    if is_file(value):
        return "[file]"
    files = files_in(value)
    return f"[{len(files)} files]" if files else text_of(value)


def resolved_defaults(inputs: Sequence[FormInput], pool: Pool) -> dict[str, str]:
    """Texts of those defaults that are variables, by field; a variable that holds nothing gives none."""
    found: dict[str, str] = {}
    for field in inputs:
        default = field.default
        if default is None or default.type != "variable" or not default.selector:
            continue
        value = pool.get(default.selector)
        if value is not None:
            found[field.output_variable_name] = text_of(value)
    return found


def shown_inputs(inputs: Sequence[Mapping[str, object]], pool: Pool) -> list[Mapping[str, object]]:
    """The stored fields, whole; a select whose options come from a variable gets them as ``option_source.value``."""
    shown: list[Mapping[str, object]] = []
    for stored in map(_whole_input, inputs):
        source = stored.get("option_source")
        if isinstance(source, Mapping):
            fields = cast("Mapping[str, object]", source)
            if fields.get("type") == "variable":
                options = pool.get([str(part) for part in cast("Sequence[object]", fields.get("selector") or ())])
                values = cast("Sequence[object]", options) if isinstance(options, list) else ()
                stored = {**stored, "option_source": {**fields, "value": [text_of(value) for value in values]}}
        shown.append(stored)
    return shown


def _whole_input(stored: Mapping[str, object]) -> Mapping[str, object]:
    """A field with what older editors left out, so that whoever draws it need not ask."""
    whole = dict(stored)
    for name in ("default", "option_source"):
        source = whole.get(name)
        if isinstance(source, Mapping):
            nothing: object = "" if name == "default" else []
            whole[name] = {"type": "constant", "selector": [], "value": nothing, **cast("Mapping[str, object]", source)}
    if whole.get("type") in {"file", "file-list"}:
        whole = {**{name: list[object]() for name in _FILE_RULES}, **whole}
    return whole


def worded_methods(methods: Sequence[Mapping[str, object]], pool: Pool) -> list[Mapping[str, object]]:
    """Delivery methods with the references in their mails resolved; the place of the form's address stays."""
    worded: list[Mapping[str, object]] = []
    for method in methods:
        config = as_mapping(method.get("config"))
        texts = {name: pool.render(as_text(config[name])) for name in _MAIL_TEXTS if name in config}
        worded.append({**method, "config": {**config, **texts}} if texts else method)
    return worded


def mail_texts(methods: Sequence[Mapping[str, object]]) -> list[str]:
    """Subjects and bodies of mails, as stored."""
    configs = [as_mapping(method.get("config")) for method in methods if method.get("type") == "email"]
    return [as_text(config.get(name)) for config in configs for name in _MAIL_TEXTS]


def stored_list(data: Mapping[str, object], name: str) -> list[Mapping[str, object]]:
    """A list of objects as the node's data holds it."""
    return msgspec.convert(data.get(name) or [], list[Mapping[str, object]])
