"""`InferenceGateway`: model calls of one workspace, from a model's name to priced deltas."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from time import perf_counter
from typing import Protocol

import msgspec

from orrery.inference.cards.schema import ModelCard, ProviderCard
from orrery.inference.connect import connect
from orrery.inference.cut_off import note_spent
from orrery.inference.endpoint import Endpoint
from orrery.inference.pricing import priced, timed
from orrery.inference.protocols.anthropic_messages import AnthropicMessages
from orrery.inference.protocols.completions import TextCompletions
from orrery.inference.protocols.embeddings import (
    EmbeddingProtocol,
    GeminiEmbeddings,
    OllamaEmbeddings,
    OpenAIEmbeddings,
)
from orrery.inference.protocols.gemini import GeminiGenerate
from orrery.inference.protocols.moderations import Moderations
from orrery.inference.protocols.ollama import OllamaChat
from orrery.inference.protocols.openai_chat import OpenAIChat
from orrery.inference.protocols.rerank import Rerank
from orrery.inference.protocols.speech import Speech
from orrery.inference.registry import ProviderRegistry
from orrery.inference.tokens import message_tokens, text_tokens
from orrery.inference.traits import features_of
from orrery.inference.transport import ModelTransport
from orrery.inference.types import (
    Credentials,
    InvokeError,
    InvokeServerUnavailableError,
    LLMCall,
    LLMDelta,
    Message,
    ModelFeatures,
    ModelKind,
    ModelNotFound,
    ModelRef,
    ProviderNotConfigured,
    Ranked,
    ToolCall,
    Usage,
)
from orrery.inference.wire import LLMProtocol, stream_answer

_CHAT: dict[str, LLMProtocol] = {
    "openai": OpenAIChat(),
    "azure": OpenAIChat(),
    "anthropic": AnthropicMessages(),
    "gemini": GeminiGenerate(),
    "ollama": OllamaChat(),
}
_COMPLETION: LLMProtocol = TextCompletions()
_EMBEDDING: dict[str, EmbeddingProtocol] = {
    "openai": OpenAIEmbeddings(),
    "azure": OpenAIEmbeddings(),
    "gemini": GeminiEmbeddings(),
    "ollama": OllamaEmbeddings(),
}
_RERANK = Rerank()
_MODERATIONS = Moderations()
_SPEECH = Speech()


class CredentialSource(Protocol):
    """Where a workspace keeps its credentials, decrypted."""

    async def find(self, provider_id: str, model: str, kind: ModelKind) -> Credentials | None:
        """``provider_id`` is canonical. The model's own credential, else the provider's, else None."""
        ...


class _Target:
    """A model with everything needed to call it."""

    __slots__ = ("card", "credentials", "endpoint", "known")

    def __init__(self, card: ProviderCard, known: ModelCard | None, credentials: Credentials, model: str) -> None:
        self.card, self.known, self.credentials = card, known, credentials
        self.endpoint: Endpoint = connect(card, credentials, model, known)


class InferenceGateway:
    """Implements `ModelGateway`, and reranking. ``clock`` gives seconds, only differences count."""

    def __init__(
        self,
        registry: ProviderRegistry,
        credentials: CredentialSource,
        transport: ModelTransport,
        *,
        clock: Callable[[], float] = perf_counter,
    ) -> None:
        self._registry, self._credentials = registry, credentials
        self._transport, self._clock = transport, clock

    async def stream(self, call: LLMCall) -> AsyncGenerator[LLMDelta]:
        """Deltas, the last with finish reason and priced usage. Close the generator (`aclosing`) to hang up early.

        Tokens are estimated when the vendor counts none. Raises `InvokeError`, with ``usage`` when text had come;
        a call that is cancelled says so in its cancellation (`cut_off`).
        """
        started = self._clock()
        target = await self._target(call.model)
        protocol = llm_protocol(target.card, target.credentials, target.known, call.model)
        first: float | None = None
        texts: list[str] = []
        price = target.known.price if target.known else None
        try:
            async with aclosing(stream_answer(self._transport, protocol, target.endpoint, call)) as deltas:
                async for delta in deltas:
                    if delta.finish_reason is None:
                        if first is None:
                            first = self._clock() - started
                        texts.append(delta.text or delta.reasoning)
                        yield delta
                        continue
                    latency = self._clock() - started
                    if first is None and delta.tool_calls:
                        first = latency
                    usage = priced(delta.usage or _estimated(call, texts, delta.tool_calls), price)
                    yield msgspec.structs.replace(delta, usage=timed(usage, latency=latency, first_token=first))
        except (InvokeError, asyncio.CancelledError) as exc:
            if texts:  # the vendor charges for what it had sent
                spent = priced(_estimated(call, texts, ()), price)
                spent = timed(spent, latency=self._clock() - started, first_token=first)
                if isinstance(exc, InvokeError):
                    exc.usage = spent
                else:
                    note_spent(exc, spent)
            raise

    async def features(self, model: ModelRef) -> ModelFeatures:
        """Raises `ProviderNotConfigured`, `ModelNotFound`."""
        target = await self._target(model)
        return features_of(target.card, target.known, target.credentials)

    async def embed(self, model: ModelRef, texts: Sequence[str]) -> tuple[list[list[float]], Usage]:
        """One vector for each text, in order, asked for in batches of what the vendor takes."""
        started = self._clock()
        target = await self._target(model, "text-embedding")
        protocol = embedding_protocol(target.card)
        vectors: list[list[float]] = []
        tokens = 0
        for start in range(0, len(texts), protocol.batch):
            batch = texts[start : start + protocol.batch]
            body = await self._transport.post(target.endpoint, protocol.request(target.endpoint, model.name, batch))
            found, counted = protocol.vectors(target.endpoint, body)
            if len(found) != len(batch):
                raise InvokeServerUnavailableError(
                    f"The endpoint answered {len(found)} vectors for {len(batch)} texts."
                )
            vectors.extend(found)
            tokens += sum(map(text_tokens, batch)) if counted is None else counted
        return vectors, self._spent(tokens, target, started)

    async def rerank(
        self, model: ModelRef, query: str, documents: Sequence[str], *, top_n: int | None = None
    ) -> tuple[list[Ranked], Usage]:
        """Documents by relevance, best first."""
        started = self._clock()
        target = await self._target(model, "rerank")
        if not documents:
            return [], Usage()
        request = _RERANK.request(target.endpoint, model.name, query, documents, top_n)
        ranked, counted = _RERANK.ranking(target.endpoint, await self._transport.post(target.endpoint, request))
        tokens = counted if counted is not None else text_tokens(query) + sum(map(text_tokens, documents))
        return [r for r in ranked if 0 <= r.index < len(documents)][:top_n], self._spent(tokens, target, started)

    async def moderate(self, model: ModelRef, text: str) -> bool:
        """Whether a moderation model flags the text."""
        target = await self._target(model, "moderation")
        request = _MODERATIONS.request(target.endpoint, model.name, text)
        return _MODERATIONS.flagged(target.endpoint, await self._transport.post(target.endpoint, request))

    async def speak(self, model: ModelRef, text: str, *, voice: str) -> bytes:
        """The text as MP3; without a ``voice`` the vendor's usual one speaks."""
        target = await self._target(model, "tts")
        return await self._transport.post(target.endpoint, _SPEECH.request(target.endpoint, model.name, text, voice))

    def count_tokens(self, model: ModelRef, messages: Sequence[Message]) -> int:
        """An estimate that never asks the network."""
        return message_tokens(messages)

    async def _target(self, model: ModelRef, kind: ModelKind = "llm") -> _Target:
        card = self._registry.find(model.provider)
        known = self._registry.model(card.id, model.name, kind)
        credentials = await self._credentials.find(card.id, model.name, kind)
        if credentials is None:
            raise ProviderNotConfigured(
                f"{card.label.en} has no credential in this workspace. Add one in Integrations → {card.label.en}."
            )
        return _Target(card, known or base_model(self._registry, card, credentials, kind), credentials, model.name)

    def _spent(self, tokens: int, target: _Target, started: float) -> Usage:
        usage = priced(Usage(prompt_tokens=tokens, total_tokens=tokens), target.known.price if target.known else None)
        return timed(usage, latency=self._clock() - started, first_token=None)


def llm_protocol(card: ProviderCard, credentials: Credentials, known: ModelCard | None, model: ModelRef) -> LLMProtocol:
    """The credential's mode decides over the card's, the card's over the app's."""
    mode = str(credentials.get("mode") or "") or (known.mode if known else model.mode)
    if mode == "completion" and card.connection.protocol in {"openai", "azure"}:
        return _COMPLETION
    return _CHAT[card.connection.protocol]


def embedding_protocol(card: ProviderCard) -> EmbeddingProtocol:
    """Raises `ModelNotFound` for a vendor without embeddings."""
    found = _EMBEDDING.get(card.connection.protocol)
    if found is None:
        raise ModelNotFound(f"{card.label.en} has no embedding models.")
    return found


def base_model(
    registry: ProviderRegistry, card: ProviderCard, credentials: Credentials, kind: ModelKind
) -> ModelCard | None:
    """The known model that a deployment stands for, where its form says so (azure)."""
    name = str(credentials.get("base_model_name") or "")
    return registry.model(card.id, name, kind) if name else None


def _estimated(call: LLMCall, texts: list[str], calls: Sequence[ToolCall]) -> Usage:
    prompt = message_tokens(call.messages, call.tools)
    completion = text_tokens("".join(texts)) + sum(text_tokens(c.name + c.arguments) + 4 for c in calls)
    return Usage(prompt_tokens=prompt, completion_tokens=completion, total_tokens=prompt + completion)
