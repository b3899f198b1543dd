"""Examines an app file with what this machine knows: its node kinds, its providers, keys in the environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from orrery.apps.dsl.document import parse
from orrery.errors import InvalidParam
from orrery.inference.registry import ProviderRegistry
from orrery.settings.load import Settings
from orrery.wiring.nodes import node_registry
from orrery.workflow.check import Finding, check_app


class EnvironmentModels:
    """Implements `ModelKnowledge` from the built-in providers and environment variables named like their fields."""

    def __init__(self, registry: ProviderRegistry, environ: Mapping[str, str]) -> None:
        self._registry, self._environ = registry, environ

    def knows(self, provider: str) -> bool:
        return self._registry.knows(provider)

    def is_ready(self, provider: str, name: str) -> bool:
        """Whether every field that the provider or the model always requires is in the environment."""
        if self._environ.get("ORRERY_MODEL_ENDPOINT"):
            return True
        card = self._registry.find(provider)
        fields = [
            f for f in (*card.provider_form, *card.model_form) if f.required and f.default is None and not f.show_on
        ]
        return all(self._environ.get(f.variable.upper()) for f in fields)


def check_file(file: Path) -> list[Finding]:
    """Raises `OrreryError` for files that are no app at all."""
    try:
        text = file.read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidParam(f"{file} is not UTF-8 text") from error
    models = EnvironmentModels(ProviderRegistry(), os.environ)
    return check_app(parse(text), registry=node_registry(Settings()), models=models)
