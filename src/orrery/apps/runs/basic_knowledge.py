"""The knowledge of an app without a graph of its own, as the data of a knowledge-retrieval node (workflow.md 1.7)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

from orrery.agents.app_config import read_agent_mode

JsonObject = Mapping[str, object]

_TOP_K = 4
_ROUTERS = frozenset({"router", "react_router"})
"""Old apps whose datasets were tools of a strategy that chooses one."""


def knowledge_ids(configs: JsonObject) -> list[str]:
    """The datasets that the app searches, as ``dataset_configs`` and, in old apps, ``agent_mode`` name them."""
    listed = _list(_object(_object(configs.get("dataset_configs")).get("datasets")).get("datasets"))
    found = [_object(_object(item).get("dataset")) for item in listed]
    ids = [str(item["id"]) for item in found if item.get("id") and item.get("enabled") is not False]
    return list(dict.fromkeys([*ids, *read_agent_mode(configs.get("agent_mode")).dataset_ids]))


def knowledge_node(configs: JsonObject, query: Sequence[str]) -> dict[str, object] | None:
    """The node's data, or None for an app without knowledge. ``query`` selects what is searched for."""
    ids = knowledge_ids(configs)
    if not ids:
        return None
    dataset = _object(configs.get("dataset_configs"))
    rerank = _object(dataset.get("reranking_model"))
    is_single = dataset.get("retrieval_model") == "single" or (
        not dataset.get("retrieval_model") and _object(configs.get("agent_mode")).get("strategy") in _ROUTERS
    )
    top_k, reranking = dataset.get("top_k"), dataset.get("reranking_enable", dataset.get("reranking_enabled", True))
    return {
        "type": "knowledge-retrieval",
        "title": "Knowledge",
        "query_variable_selector": list(query),
        "dataset_ids": ids,
        "retrieval_mode": "single" if is_single else "multiple",
        "single_retrieval_config": {"model": _model(configs)} if is_single else None,
        "multiple_retrieval_config": {
            "top_k": _TOP_K if top_k is None else top_k,
            "score_threshold": dataset.get("score_threshold") if dataset.get("score_threshold_enabled") else None,
            "reranking_enable": bool(reranking),
            "reranking_mode": dataset.get("reranking_mode") or "reranking_model",
            "reranking_model": {
                "provider": rerank.get("reranking_provider_name") or "",
                "model": rerank.get("reranking_model_name") or "",
            },
            "weights": dataset.get("weights"),
        },
        **_metadata(dataset),
    }


def _metadata(dataset: JsonObject) -> dict[str, object]:
    mode, model = dataset.get("metadata_filtering_mode"), dataset.get("metadata_model_config")
    conditions = dataset.get("metadata_filtering_conditions")
    return {
        "metadata_filtering_mode": mode if mode in {"automatic", "manual"} else "disabled",
        "metadata_model_config": model if isinstance(model, dict) else None,
        "metadata_filtering_conditions": conditions if isinstance(conditions, dict) else None,
    }


def _model(configs: JsonObject) -> dict[str, object]:
    model = _object(configs.get("model"))
    return {
        "provider": str(model.get("provider") or ""),
        "name": str(model.get("name") or ""),
        "mode": "completion" if model.get("mode") == "completion" else "chat",
        "completion_params": {},
    }


def _object(value: object) -> JsonObject:
    return cast("JsonObject", value) if isinstance(value, dict) else {}


def _list(value: object) -> list[object]:
    return cast("list[object]", value) if isinstance(value, list) else []
