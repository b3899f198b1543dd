"""Tools as clients and plugins get them (plugins.md 1.5, 1.6, 5.4): the contract's field names, all languages there."""

from __future__ import annotations

from typing import Final

from orrery.tools.entity import I18n, ToolEntity, ToolParameter

_LANGUAGES: Final = ("en_US", "zh_Hans", "ja_JP", "pt_BR")


def entity_as_wire(entity: ToolEntity) -> dict[str, object]:
    """One tool with its parameters."""
    identity = entity.identity
    return {
        "identity": {
            "author": identity.author,
            "name": identity.name,
            "label": i18n_as_wire(identity.label),
            "provider": identity.provider,
            "icon": identity.icon or None,
        },
        "parameters": [parameter_as_wire(parameter) for parameter in entity.parameters],
        "description": {"human": i18n_as_wire(entity.description.human), "llm": entity.description.llm},
        "output_schema": entity.output_schema,
        "has_runtime_parameters": False,
    }


def parameter_as_wire(parameter: ToolParameter) -> dict[str, object]:
    """One parameter, as the editor's ``paramSchemas`` hold it too."""
    return {
        "name": parameter.name,
        "label": i18n_as_wire(parameter.label or {"en_US": parameter.name}),
        "human_description": i18n_as_wire(parameter.human_description),
        "placeholder": None,
        "type": parameter.type,
        "form": parameter.form,
        "llm_description": parameter.llm_description or None,
        "required": parameter.required,
        "default": parameter.default,
        "min": parameter.min,
        "max": parameter.max,
        "precision": None,
        "scope": None,
        "auto_generate": None,
        "template": None,
        "multiple": parameter.multiple,
        "options": [
            {"value": option.value, "label": i18n_as_wire(option.label or {"en_US": option.value}), "icon": None}
            for option in parameter.options
        ],
        "input_schema": parameter.input_schema,
    }


def i18n_as_wire(text: I18n) -> dict[str, str]:
    """All four languages; those that are missing repeat the English text."""
    english = text.get("en_US", "")
    return {language: text.get(language) or english for language in _LANGUAGES}
