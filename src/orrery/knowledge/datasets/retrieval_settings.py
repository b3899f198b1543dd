"""The ``retrieval_model`` of a dataset as it is kept and shown: every field, in the contract's order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, cast

from orrery.knowledge.searching.retrieval_model import read_retrieval_model

JsonObject = dict[str, object]

SHOWN_TOP_K: Final = 2
"""What a dataset without settings shows; a search of it takes 4 (knowledge.md 1.1)."""


def checked_settings(given: object) -> JsonObject:
    """What a client sent, as it is kept; conditions on metadata belong to single requests. Raises `InvalidParam`."""
    read_retrieval_model(given)
    return shown_settings(given)


def shown_settings(stored: object) -> JsonObject:
    """What a dataset keeps, or the default, with null for what is not set."""
    given = _object(stored)
    reranker = _object(given.get("reranking_model"))
    return {
        "search_method": given.get("search_method", "semantic_search"),
        "reranking_enable": given.get("reranking_enable", False),
        "reranking_mode": given.get("reranking_mode"),
        "reranking_model": {
            "reranking_provider_name": _text(reranker.get("reranking_provider_name")),
            "reranking_model_name": _text(reranker.get("reranking_model_name")),
        },
        "weights": _weights(_object(given.get("weights"))),
        "top_k": given.get("top_k", SHOWN_TOP_K),
        "score_threshold_enabled": given.get("score_threshold_enabled", False),
        "score_threshold": given.get("score_threshold"),
    }


def reranker_of(settings: JsonObject) -> tuple[str, str] | None:
    """Provider and name of the model that reorders what is found; None where none does."""
    named = _object(settings["reranking_model"])
    pair = (_text(named["reranking_provider_name"]), _text(named["reranking_model_name"]))
    is_used = settings["reranking_enable"] is True and settings["reranking_mode"] != "weighted_score"
    return pair if is_used and all(pair) else None


def _weights(given: JsonObject) -> JsonObject | None:
    if not given:
        return None
    vector, keyword = _object(given.get("vector_setting")), _object(given.get("keyword_setting"))
    return {
        "weight_type": _text(given.get("weight_type")) or "customized",
        "keyword_setting": {"keyword_weight": keyword.get("keyword_weight")},
        "vector_setting": {
            "vector_weight": vector.get("vector_weight"),
            "embedding_model_name": _text(vector.get("embedding_model_name")),
            "embedding_provider_name": _text(vector.get("embedding_provider_name")),
        },
    }


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _object(value: object) -> JsonObject:
    return dict(cast("Mapping[str, object]", value)) if isinstance(value, Mapping) else {}
