"""Cards as the contract's objects: provider declaration, model schema, credential forms (plugins.md 1.7)."""

from __future__ import annotations

from decimal import Decimal

from orrery.inference.cards.schema import FormField, Label, ModelCard, ParameterRule, Price, ProviderCard
from orrery.inference.json_shapes import JsonObject


def provider_wire(card: ProviderCard) -> JsonObject:
    """The provider's declaration without its models."""
    out: JsonObject = {
        "provider": card.id,
        "label": label_wire(card.label),
        "description": label_wire(card.description or card.label),
        "icon_small": None,
        "icon_large": None,
        "background": None,
        "help": None,
        "supported_model_types": list(card.kinds),
        "configurate_methods": list(card.methods),
        "provider_credential_schema": None,
        "model_credential_schema": None,
    }
    if card.help_url:
        title = Label("Get a key", "获取密钥")
        out["help"] = {"title": label_wire(title), "url": {"en_US": card.help_url, "zh_Hans": card.help_url}}
    if card.provider_form:
        out["provider_credential_schema"] = {"credential_form_schemas": [field_wire(f) for f in card.provider_form]}
    if card.model_form:
        name = Label("Model name", "模型名称")
        placeholder = Label("Enter the model's name", "输入模型名称")
        out["model_credential_schema"] = {
            "model": {"label": label_wire(name), "placeholder": label_wire(placeholder)},
            "credential_form_schemas": [field_wire(f) for f in card.model_form],
        }
    return out


def model_wire(model: ModelCard, *, fetch_from: str = "predefined-model") -> JsonObject:
    """A model's schema, parameters and price included."""
    properties: JsonObject = dict(model.properties)
    if model.context_size is not None:
        properties["context_size"] = model.context_size
    if model.kind == "llm":
        properties["mode"] = model.mode
    return {
        "model": model.name,
        "label": label_wire(Label(model.name)),
        "model_type": model.kind,
        "features": list(model.features),
        "fetch_from": fetch_from,
        "model_properties": properties,
        "deprecated": model.deprecated,
        "parameter_rules": [rule_wire(r) for r in model.rules],
        "pricing": price_wire(model.price),
    }


def custom_model_wire(card: ProviderCard, name: str, *, kind: str, context_size: int | None) -> JsonObject:
    """The schema of a model that a workspace added by name."""
    properties: JsonObject = {"mode": "chat"} if kind == "llm" else {}
    if context_size is not None:
        properties["context_size"] = context_size
    return {
        "model": name,
        "label": label_wire(Label(name)),
        "model_type": kind,
        "features": [],
        "fetch_from": "customizable-model",
        "model_properties": properties,
        "deprecated": False,
        "parameter_rules": [rule_wire(r) for r in card.rules] if kind == "llm" else [],
        "pricing": None,
    }


def rule_wire(rule: ParameterRule) -> JsonObject:
    return {
        "name": rule.name,
        "use_template": rule.template,
        "label": label_wire(rule.label),
        "type": rule.kind,
        "help": label_wire(rule.help) if rule.help else None,
        "required": rule.required,
        "default": rule.default,
        "min": rule.min,
        "max": rule.max,
        "precision": rule.precision,
        "options": list(rule.options),
    }


def field_wire(field: FormField) -> JsonObject:
    return {
        "variable": field.variable,
        "label": label_wire(field.label),
        "type": field.kind,
        "required": field.required,
        "default": field.default,
        "options": [{"label": label_wire(o.label), "value": o.value, "show_on": list[object]()} for o in field.options],
        "placeholder": label_wire(field.placeholder) if field.placeholder else None,
        "max_length": 0,
        "show_on": [{"variable": variable, "value": value} for variable, value in field.show_on],
    }


def price_wire(price: Price | None) -> JsonObject | None:
    if price is None:
        return None
    return {
        "input": _plain(price.input),
        "output": _plain(price.output) if price.output is not None else None,
        "unit": _plain(price.unit),
        "currency": price.currency,
    }


def label_wire(label: Label) -> JsonObject:
    return {"en_US": label.en, "zh_Hans": label.zh or label.en}


def _plain(number: Decimal) -> str:
    return format(number, "f")
