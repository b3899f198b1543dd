"""How a dataset is searched: the ``retrieval_model`` that datasets keep and requests override (knowledge.md 4.1)."""

from __future__ import annotations

import math
from typing import Literal, TypeAlias, cast

import msgspec

from orrery.errors import InvalidParam

SearchMethod: TypeAlias = Literal["semantic_search", "full_text_search", "hybrid_search", "keyword_search"]
RerankingMode: TypeAlias = Literal["reranking_model", "weighted_score"]

_METHODS = ("semantic_search", "full_text_search", "hybrid_search", "keyword_search")
_MODES = ("reranking_model", "weighted_score")
_WEIGHT_TYPES = ("semantic_first", "keyword_first", "customized")
_REQUIRED = ("search_method", "reranking_enable", "top_k", "score_threshold_enabled")
MOST = 1000
"""The most passages that one search gives."""


class Weights(msgspec.Struct, frozen=True):
    """How much each leg of a hybrid search counts, 0 to 1."""

    vector: float = 0.7
    keyword: float = 0.3


class RerankingModel(msgspec.Struct, frozen=True):
    """A model of the workspace, by its names."""

    provider: str
    name: str


class RetrievalModel(msgspec.Struct, frozen=True, kw_only=True):
    """What a search needs to know. ``reranking_model`` is None unless one is named; ``threshold`` unless it is on."""

    method: SearchMethod = "semantic_search"
    top_k: int = 4
    threshold: float | None = None
    reranking_enabled: bool = False
    reranking_mode: RerankingMode | None = None
    reranking_model: RerankingModel | None = None
    weights: Weights | None = None

    @property
    def weighing(self) -> Weights | None:
        """The weights, where they decide the order: clients that choose them leave ``reranking_enable`` off."""
        return self.weights if self.reranking_mode == "weighted_score" else None

    @property
    def reranking(self) -> RerankingModel | None:
        """The reranking model, where one decides the order."""
        if not self.reranking_enabled or self.reranking_mode == "weighted_score":
            return None
        return self.reranking_model


def read_retrieval_model(stored: object, where: str = "retrieval_model") -> RetrievalModel:
    """What a client sent, checked. Raises `InvalidParam` with the field's place."""
    given = _object(stored, where)
    for name in _REQUIRED:
        if given.get(name) is None:
            raise InvalidParam(f"{where}.{name}: is required.", params=where)
    if given["search_method"] not in _METHODS:
        raise InvalidParam(f"{where}.search_method: must be one of {', '.join(_METHODS)}.", params=where)
    for name in ("reranking_enable", "score_threshold_enabled"):
        if not isinstance(given[name], bool):
            raise InvalidParam(f"{where}.{name}: must be true or false.", params=where)
    mode = given.get("reranking_mode")
    if mode is not None and mode not in _MODES:
        raise InvalidParam(f"{where}.reranking_mode: must be one of {', '.join(_MODES)}.", params=where)
    top_k = given["top_k"]
    if isinstance(top_k, bool) or not isinstance(top_k, int) or not 0 < top_k <= MOST:
        raise InvalidParam(f"{where}.top_k: must be a whole number from 1 to {MOST}.", params=where)
    _share(given.get("score_threshold"), f"{where}.score_threshold", where)
    weights = given.get("weights")
    if weights is not None:
        _check_weights(_object(weights, f"{where}.weights"), f"{where}.weights", where)
    if given.get("reranking_model") is not None:
        _object(given["reranking_model"], f"{where}.reranking_model")
    return stored_retrieval_model(given)


def _check_weights(given: dict[str, object], place: str, where: str) -> None:
    kind = given.get("weight_type")
    if kind is not None and kind not in _WEIGHT_TYPES:
        raise InvalidParam(f"{place}.weight_type: must be one of {', '.join(_WEIGHT_TYPES)}.", params=where)
    for setting, name in (("vector_setting", "vector_weight"), ("keyword_setting", "keyword_weight")):
        inner = _object(given.get(setting), f"{place}.{setting}")
        if inner.get(name) is None:
            raise InvalidParam(f"{place}.{setting}.{name}: is required.", params=where)
        _share(inner[name], f"{place}.{setting}.{name}", where)


def _share(value: object, place: str, where: str) -> None:
    if value is None:
        return
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise InvalidParam(f"{place}: must be a number from 0 to 1.", params=where)


def _object(value: object, place: str) -> dict[str, object]:
    if not isinstance(value, dict):
        raise InvalidParam(f"{place}: must be an object.", params=place.partition(".")[0])
    return cast("dict[str, object]", value)


def stored_retrieval_model(stored: object, *, top_k: int = 4) -> RetrievalModel:
    """What a dataset keeps or an app names; anything that can't be reads as what the contract has instead."""
    given = _mapping(stored)
    method = given.get("search_method")
    mode = given.get("reranking_mode")
    wanted = given.get("top_k")
    is_count = isinstance(wanted, int) and not isinstance(wanted, bool)
    return RetrievalModel(
        method=method if method in _METHODS else "semantic_search",
        top_k=min(max(cast("int", wanted), 0), MOST) if is_count else top_k,
        threshold=_number(given.get("score_threshold")) if given.get("score_threshold_enabled") else None,
        reranking_enabled=bool(given.get("reranking_enable")),
        reranking_mode=mode if mode in _MODES else None,
        reranking_model=named_model(given.get("reranking_model")),
        weights=read_weights(given.get("weights")),
    )


def named_model(stored: object) -> RerankingModel | None:
    """A reranking model in either spelling: that of datasets and that of a graph's node. None unless both names stand."""
    given = _mapping(stored)
    provider = given.get("reranking_provider_name") or given.get("provider")
    name = given.get("reranking_model_name") or given.get("model")
    if not isinstance(provider, str) or not isinstance(name, str) or not provider or not name:
        return None
    return RerankingModel(provider, name)


def read_weights(stored: object) -> Weights | None:
    """The weights of a hybrid search; None without any."""
    given = _mapping(stored)
    vector = _number(_mapping(given.get("vector_setting")).get("vector_weight"))
    keyword = _number(_mapping(given.get("keyword_setting")).get("keyword_weight"))
    if vector is None and keyword is None:
        return None
    return Weights(vector=vector or 0.0, keyword=keyword or 0.0)


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return min(max(float(value), 0.0), 1.0)


def _mapping(value: object) -> dict[str, object]:
    return cast("dict[str, object]", value) if isinstance(value, dict) else {}
