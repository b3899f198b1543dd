"""Which way of working a name stands for (workflow.md 1.7, 3.17)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, TypeAlias

from orrery.agents.function_calling import FunctionCalling
from orrery.agents.react import React
from orrery.inference.types import ModelFeatures

StrategyKind: TypeAlias = type[FunctionCalling] | type[React]

PROVIDERS: Final = frozenset({"langgenius/agent/agent", "langgenius/agent", "agent"})
"""Ids of the provider whose strategies are part of the program."""

_BY_NAME: Final[Mapping[str, StrategyKind]] = {"function_calling": FunctionCalling, "react": React}


def find_strategy(provider: str, name: str) -> StrategyKind | None:
    """A strategy as agent nodes name it (``function_calling``, ``ReAct``); None when it isn't built in."""
    return _BY_NAME.get(name.lower()) if provider in PROVIDERS else None


def strategy_for_app(saved: str, features: ModelFeatures) -> StrategyKind:
    """The strategy of a basic app: models that can call tools do so, whatever was saved."""
    if features.tools or saved in {"", "function_call"}:
        return FunctionCalling
    return React
