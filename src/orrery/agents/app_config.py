"""What a basic app's ``agent_mode`` says, in its new and its old form (workflow.md 1.7)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, cast

import msgspec

from orrery.agents.request import ReactPrompts

DEFAULT_ITERATIONS: Final = 10


class SavedTool(msgspec.Struct, frozen=True, kw_only=True):
    """A tool as the app keeps it; ``parameters`` are what a person chose for its form."""

    provider_type: str
    provider_id: str
    tool_name: str
    provider_name: str = ""
    parameters: Mapping[str, object] = {}
    credential_id: str | None = None


class AgentMode(msgspec.Struct, frozen=True, kw_only=True):
    """``dataset_ids``: data sets that old apps list among their tools; retrieval is the caller's business."""

    strategy: str = ""
    max_iterations: int = DEFAULT_ITERATIONS
    tools: tuple[SavedTool, ...] = ()
    dataset_ids: tuple[str, ...] = ()
    prompts: ReactPrompts = ReactPrompts()


def read_agent_mode(stored: object) -> AgentMode:
    """Anything that isn't there, or has the wrong shape, reads as its default."""
    config = _object(stored)
    tools: list[SavedTool] = []
    datasets: list[str] = []
    listed = config.get("tools")
    for item in cast("Sequence[object]", listed) if isinstance(listed, list) else ():
        entry = _object(item)
        if "tool_name" in entry:
            if entry.get("enabled", False):
                tools.append(_tool(entry))
        else:
            datasets += _old_datasets(entry)
    prompt = _object(config.get("prompt"))
    limit = config.get("max_iteration")
    return AgentMode(
        strategy=str(config.get("strategy") or ""),
        max_iterations=limit if isinstance(limit, int) and not isinstance(limit, bool) else DEFAULT_ITERATIONS,
        tools=tuple(tools),
        dataset_ids=tuple(datasets),
        prompts=ReactPrompts(str(prompt.get("first_prompt") or ""), str(prompt.get("next_iteration") or "")),
    )


def _tool(entry: Mapping[str, object]) -> SavedTool:
    credential = entry.get("credential_id")
    return SavedTool(
        provider_type=str(entry.get("provider_type") or "builtin"),
        provider_id=str(entry.get("provider_id") or entry.get("provider_name") or ""),
        tool_name=str(entry.get("tool_name") or ""),
        provider_name=str(entry.get("provider_name") or ""),
        parameters=_object(entry.get("tool_parameters")),
        credential_id=credential if isinstance(credential, str) and credential else None,
    )


def _old_datasets(entry: Mapping[str, object]) -> list[str]:
    dataset = _object(entry.get("dataset"))
    return [str(dataset["id"])] if dataset.get("enabled") and dataset.get("id") else []


def _object(value: object) -> Mapping[str, object]:
    return cast("Mapping[str, object]", value) if isinstance(value, Mapping) else {}
