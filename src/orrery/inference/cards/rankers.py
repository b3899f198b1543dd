"""Vendors used for embeddings and reranking beside any chat model."""

from __future__ import annotations

from orrery.inference.cards.parts import address, secret
from orrery.inference.cards.schema import Connection, Label, ModelCard, ProviderCard

RANKERS = (
    ProviderCard(
        id="langgenius/jina/jina",
        label=Label("Jina AI"),
        aliases=("jina",),
        help_url="https://jina.ai/",
        kinds=("text-embedding", "rerank"),
        methods=("predefined-model", "customizable-model"),
        connection=Connection(url="https://api.jina.ai/v1", url_fields=("base_url",), list_path=None),
        provider_form=(secret("api_key"), address("base_url", "https://api.jina.ai/v1")),
        model_form=(secret("api_key"), address("base_url", "https://api.jina.ai/v1")),
        models=(
            ModelCard("jina-embeddings-v3", "text-embedding", context_size=8_192),
            ModelCard("jina-reranker-v2-base-multilingual", "rerank", context_size=1_024),
        ),
    ),
    ProviderCard(
        id="langgenius/cohere/cohere",
        label=Label("Cohere"),
        aliases=("cohere",),
        help_url="https://dashboard.cohere.com/api-keys",
        kinds=("rerank",),
        methods=("predefined-model", "customizable-model"),
        connection=Connection(
            url="https://api.cohere.com", url_fields=("base_url",), list_path="/v1/models", rerank_path="/v2/rerank"
        ),
        provider_form=(secret("api_key"), address("base_url", "https://api.cohere.com")),
        model_form=(secret("api_key"), address("base_url", "https://api.cohere.com")),
        models=(
            ModelCard("rerank-v3.5", "rerank", context_size=4_096),
            ModelCard("rerank-multilingual-v3.0", "rerank", context_size=4_096),
            ModelCard("rerank-english-v3.0", "rerank", context_size=4_096),
        ),
    ),
)
