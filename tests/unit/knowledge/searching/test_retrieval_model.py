"""What a client may say about how a dataset is searched, and what stored words come to."""

from __future__ import annotations

from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orrery.errors import InvalidParam
from orrery.knowledge.searching.retrieval_model import (
    MOST,
    RerankingModel,
    RetrievalModel,
    Weights,
    read_retrieval_model,
    stored_retrieval_model,
)
from orrery.knowledge.searching.several import read_merging

WEIGHTS = {
    "weight_type": "customized",
    "vector_setting": {"vector_weight": 0.6, "embedding_provider_name": "p", "embedding_model_name": "m"},
    "keyword_setting": {"keyword_weight": 0.4},
}
WHOLE: dict[str, Any] = {
    "search_method": "hybrid_search",
    "reranking_enable": True,
    "reranking_mode": "reranking_model",
    "reranking_model": {"reranking_provider_name": "cohere", "reranking_model_name": "r"},
    "weights": WEIGHTS,
    "top_k": 5,
    "score_threshold_enabled": True,
    "score_threshold": 0.25,
}


def test_a_whole_model() -> None:
    read = read_retrieval_model(WHOLE)
    assert read == RetrievalModel(
        method="hybrid_search",
        top_k=5,
        threshold=0.25,
        reranking_enabled=True,
        reranking_mode="reranking_model",
        reranking_model=RerankingModel("cohere", "r"),
        weights=Weights(0.6, 0.4),
    )
    assert (read.reranking, read.weighing) == (RerankingModel("cohere", "r"), None)
    weighed = read_retrieval_model({**WHOLE, "reranking_enable": False, "reranking_mode": "weighted_score"})
    assert (weighed.reranking, weighed.weighing) == (None, Weights(0.6, 0.4))
    assert read_retrieval_model({**WHOLE, "score_threshold_enabled": False}).threshold is None


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"search_method": None}, "retrieval_model.search_method: is required"),
        ({"search_method": "telepathy"}, "retrieval_model.search_method: must be one of"),
        ({"top_k": 0}, "retrieval_model.top_k: must be a whole number"),
        ({"top_k": True}, "retrieval_model.top_k: must be a whole number"),
        ({"top_k": MOST + 1}, "retrieval_model.top_k: must be a whole number"),
        ({"reranking_enable": "yes"}, "retrieval_model.reranking_enable: must be true or false"),
        ({"reranking_mode": "magic"}, "retrieval_model.reranking_mode: must be one of"),
        ({"reranking_model": "r"}, "retrieval_model.reranking_model: must be an object"),
        ({"score_threshold": 1.5}, "retrieval_model.score_threshold: must be a number from 0 to 1"),
        ({"score_threshold": float("nan")}, "retrieval_model.score_threshold: must be a number from 0 to 1"),
        ({"weights": []}, "retrieval_model.weights: must be an object"),
        ({"weights": {**WEIGHTS, "weight_type": "heavy"}}, "retrieval_model.weights.weight_type"),
        ({"weights": {**WEIGHTS, "keyword_setting": {}}}, "keyword_setting.keyword_weight: is required"),
        ({"weights": {**WEIGHTS, "vector_setting": {"vector_weight": 2}}}, "vector_setting.vector_weight: must be"),
    ],
)
def test_what_can_not_be_is_named(change: dict[str, object], told: str) -> None:
    with pytest.raises(InvalidParam, match=told) as caught:
        read_retrieval_model({**WHOLE, **change})
    assert caught.value.params == "retrieval_model"


@given(st.recursive(st.none() | st.booleans() | st.floats() | st.text(max_size=3), lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(sorted([*WHOLE, "vector_setting", "vector_weight", "keyword_setting", "keyword_weight"])), inner, max_size=4), max_leaves=8))  # fmt: skip
def test_whatever_is_stored_reads_as_something_that_can_be(stored: object) -> None:
    read = stored_retrieval_model(stored)
    assert 0 <= read.top_k <= MOST
    assert read.threshold is None or 0 <= read.threshold <= 1
    assert read.weights is None or 0 <= read.weights.vector <= 1
    merging = read_merging(cast("dict[str, object]", stored) if isinstance(stored, dict) else {})
    assert merging.threshold is None or 0 < merging.threshold <= 1


def test_a_node_names_its_settings_its_own_way() -> None:
    node = {"top_k": 3, "score_threshold": 0.5, "reranking_model": {"provider": "jina", "model": "r"}}
    merging = read_merging(node)
    assert (merging.top_k, merging.threshold, merging.reranking_enabled) == (3, 0.5, True)
    assert merging.model == RerankingModel("jina", "r")
    assert read_merging({"score_threshold": None, "top_k": 0}).top_k == 0
    assert read_merging({}).top_k == 4
    weighted = read_merging({"reranking_mode": "weighted_score", "weights": WEIGHTS, "reranking_enable": False})
    assert (weighted.is_weighted, weighted.weights, weighted.reranking_enabled) == (True, Weights(0.6, 0.4), False)
