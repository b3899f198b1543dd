"""Vectors of texts: OpenAI's, ollama's and gemini's wires."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol
from urllib.parse import quote

import msgspec

from orrery.inference.endpoint import Endpoint
from orrery.inference.transport import WireRequest, decoded

Vectors = tuple[list[list[float]], int | None]


class EmbeddingProtocol(Protocol):
    """One vendor's wire for embeddings; ``batch`` is the most texts of one request."""

    batch: int

    def request(self, endpoint: Endpoint, model: str, texts: Sequence[str]) -> WireRequest: ...

    def vectors(self, endpoint: Endpoint, body: bytes) -> Vectors:
        """In the order of the texts, with the tokens read (None when the vendor does not say)."""
        ...


class _Tokens(msgspec.Struct):
    prompt_tokens: int | None = None
    total_tokens: int | None = None


class _Row(msgspec.Struct):
    embedding: list[float]
    index: int = 0


class _OpenAIBody(msgspec.Struct):
    data: list[_Row]
    usage: _Tokens | None = None


class OpenAIEmbeddings:
    """``POST /embeddings``; ``dimensions`` comes from the endpoint's extras where a model can be shortened."""

    batch = 64

    def request(self, endpoint: Endpoint, model: str, texts: Sequence[str]) -> WireRequest:
        payload: dict[str, object] = {
            "model": endpoint.model or model,
            "input": list(texts),
            "encoding_format": "float",
        }
        if endpoint.extras.get("dimensions") is not None:
            payload["dimensions"] = endpoint.extras["dimensions"]
        return WireRequest("/embeddings", payload)

    def vectors(self, endpoint: Endpoint, body: bytes) -> Vectors:
        found = decoded(endpoint, body, _OpenAIBody)
        rows = sorted(found.data, key=lambda r: r.index)
        usage = found.usage
        return [r.embedding for r in rows], (usage.total_tokens or usage.prompt_tokens) if usage else None


class _OllamaBody(msgspec.Struct):
    embeddings: list[list[float]]
    prompt_eval_count: int | None = None


class OllamaEmbeddings:
    """``POST /api/embed``."""

    batch = 32

    def request(self, endpoint: Endpoint, model: str, texts: Sequence[str]) -> WireRequest:
        payload: dict[str, object] = {"model": endpoint.model or model, "input": list(texts), "truncate": True}
        if endpoint.extras.get("num_ctx") is not None:
            payload["options"] = {"num_ctx": endpoint.extras["num_ctx"]}
        return WireRequest("/api/embed", payload)

    def vectors(self, endpoint: Endpoint, body: bytes) -> Vectors:
        found = decoded(endpoint, body, _OllamaBody)
        return found.embeddings, found.prompt_eval_count


class _Values(msgspec.Struct):
    values: list[float]


class _GeminiBody(msgspec.Struct):
    embeddings: list[_Values]


class GeminiEmbeddings:
    """``POST /v1beta/models/<model>:batchEmbedContents``; the vendor counts no tokens here."""

    batch = 100

    def request(self, endpoint: Endpoint, model: str, texts: Sequence[str]) -> WireRequest:
        name = "models/" + (endpoint.model or model).removeprefix("models/")
        one = [{"model": name, "content": {"parts": [{"text": t}]}} for t in texts]
        return WireRequest(f"/v1beta/{quote(name, safe='/:')}:batchEmbedContents", {"requests": one})

    def vectors(self, endpoint: Endpoint, body: bytes) -> Vectors:
        found = decoded(endpoint, body, _GeminiBody)
        return [e.values for e in found.embeddings], None
