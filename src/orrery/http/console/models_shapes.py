"""Providers and models as the console shows them: the declaration of the card, and what the workspace set up."""

from __future__ import annotations

from collections.abc import Sequence

from orrery.inference.cards.schema import ProviderCard
from orrery.inference.cards.wire_shapes import custom_model_wire, model_wire, provider_wire, rule_wire
from orrery.inference.json_shapes import JsonObject
from orrery.inference.traits import features_of
from orrery.inference.types import ModelFeatures
from orrery.workspaces.models.offer import OfferedModel, OfferedProvider
from orrery.workspaces.models.tables import ModelCredential, ProviderCredential


def provider_object(workspace_id: str, provider: OfferedProvider) -> JsonObject:
    """A provider in the list. There are no hosted models, so the system's configuration is always off."""
    current = provider.current
    return {
        "tenant_id": workspace_id,
        **provider_wire(provider.card),
        "icon_small_dark": None,
        "preferred_provider_type": "custom",
        "custom_configuration": {
            "status": "active" if provider.is_set_up else "no-configure",
            "current_credential_id": current.id if current else None,
            "current_credential_name": current.credential_name if current else None,
            "available_credentials": credential_names(provider.credentials),
            "custom_models": [
                {
                    "model": key.name,
                    "model_type": key.kind,
                    **_current(rows),
                    "available_model_credentials": credential_names(rows),
                }
                for key, rows in provider.own_models.items()
            ],
            "can_added_models": [],
        },
        "system_configuration": {"enabled": False, "current_quota_type": None, "quota_configurations": []},
    }


def model_object(card: ProviderCard, model: OfferedModel) -> JsonObject:
    """A model with its state; its parameters have a route of their own, and prices stay inside."""
    if model.card is not None:
        shape = model_wire(model.card)
    else:
        features = features_of(card, model.base, model.values)
        shape = custom_model_wire(card, model.key.name, kind=model.key.kind, context_size=features.context_size)
        if model.key.kind == "llm":
            shape["features"] = _feature_words(features)
            shape["model_properties"] = {
                "mode": model.values.get("mode") or "chat",
                **({"context_size": features.context_size} if features.context_size else {}),
            }
    del shape["parameter_rules"], shape["pricing"]
    return {
        **shape,
        "status": model.status,
        "load_balancing_enabled": False,
        "has_invalid_load_balancing_configs": False,
    }


def provider_summary(workspace_id: str, card: ProviderCard) -> JsonObject:
    """The provider beside a model."""
    declared = provider_wire(card)
    names = ("provider", "label", "icon_small", "icon_large", "supported_model_types")
    return {"tenant_id": workspace_id, **{name: declared[name] for name in names}}


def parameter_rules(card: ProviderCard, model: OfferedModel) -> list[JsonObject]:
    """The parameters that the model's form shows."""
    known = model.card or model.base
    if known is not None:
        return [rule_wire(rule) for rule in known.rules]
    return [rule_wire(rule) for rule in card.rules] if model.key.kind == "llm" else []


def credential_names(rows: Sequence[ProviderCredential] | Sequence[ModelCredential]) -> list[JsonObject]:
    """Credentials by name, without their values."""
    return [{"credential_id": row.id, "credential_name": row.credential_name} for row in rows]


def _current(rows: Sequence[ModelCredential]) -> JsonObject:
    active = next((row for row in rows if row.active), None)
    return {
        "current_credential_id": active.id if active else None,
        "current_credential_name": active.credential_name if active else None,
    }


def _feature_words(features: ModelFeatures) -> list[object]:
    words = {
        "multi-tool-call": features.tools,
        "agent-thought": features.reasoning,
        "vision": features.vision,
        "document": features.document,
        "video": features.video,
        "audio": features.audio,
        "structured-output": features.structured_output,
    }
    return [word for word, has in words.items() if has]
