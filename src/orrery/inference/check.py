"""Whether a credential works, and which models it opens: a real and cheap question to the vendor."""

from __future__ import annotations

from contextlib import aclosing

import msgspec

from orrery.inference.cards.schema import ProviderCard
from orrery.inference.connect import connect
from orrery.inference.gateway import base_model, embedding_protocol, llm_protocol
from orrery.inference.json_shapes import is_object, objects_in
from orrery.inference.protocols.moderations import Moderations
from orrery.inference.protocols.rerank import Rerank
from orrery.inference.protocols.speech import Speech
from orrery.inference.registry import ProviderRegistry
from orrery.inference.transport import ModelTransport
from orrery.inference.types import (
    Credentials,
    InvokeBadRequestError,
    InvokeServerUnavailableError,
    LLMCall,
    Message,
    ModelKind,
    ModelRef,
)
from orrery.inference.wire import stream_answer

_EMBEDDING_WORDS = ("embed", "bge-m3", "bge-large", "e5-")


class ListedModel(msgspec.Struct, frozen=True):
    """A model as the vendor lists it; ``kind`` is guessed from the name where the vendor does not say."""

    name: str
    kind: ModelKind = "llm"


class CredentialCheck:
    """Asks vendors about credentials that may not be stored yet."""

    def __init__(self, registry: ProviderRegistry, transport: ModelTransport) -> None:
        self._registry, self._transport = registry, transport

    async def validate(
        self, provider: str, credentials: Credentials, *, model: str | None = None, kind: ModelKind = "llm"
    ) -> None:
        """With a model: the smallest call to it. Without: the vendor's list, or its first known model.

        Raises `InvokeAuthorizationError` and its siblings with a text for the person who filled in the form.
        """
        card = self._registry.find(provider)
        if model is None and card.connection.list_path is not None:
            await self._list_body(card, credentials)
            return
        if model is None:
            first = next((m for m in card.models if m.kind in card.kinds), None)
            if first is None:
                raise InvokeBadRequestError(f"{card.label.en} is checked with a model: name one.")
            model, kind = first.name, first.kind
        await self._smallest_call(card, credentials, model, kind)

    async def list_models(self, provider: str, credentials: Credentials) -> list[ListedModel]:
        """Sorted by name; empty for vendors without a list. Raises `InvokeError`."""
        card = self._registry.find(provider)
        if card.connection.list_path is None:
            return []
        found = await self._list_body(card, credentials)
        if not is_object(found):
            raise InvokeServerUnavailableError(f"{card.label.en} sent a list of models that can't be read.")
        names: set[str] = set()
        for entry in (*objects_in(found.get("data")), *objects_in(found.get("models"))):
            name = entry.get("id") or entry.get("model") or entry.get("name")
            if isinstance(name, str) and name:
                names.add(name.removeprefix("models/"))
        return [ListedModel(n, self._kind(card, n)) for n in sorted(names)]

    async def _list_body(self, card: ProviderCard, credentials: Credentials) -> object:
        endpoint = connect(card, credentials, "")
        if card.connection.protocol == "anthropic":
            headers = {**endpoint.headers, "anthropic-version": "2023-06-01"}
            endpoint = msgspec.structs.replace(endpoint, headers=headers)
        body = await self._transport.get(endpoint, card.connection.list_path or "/models")
        try:
            return msgspec.json.decode(body)
        except msgspec.DecodeError as exc:
            raise InvokeBadRequestError(
                f"The address of {card.label.en} does not answer like a model endpoint. Check it in the form."
            ) from exc

    async def _smallest_call(self, card: ProviderCard, credentials: Credentials, model: str, kind: ModelKind) -> None:
        known = self._registry.model(card.id, model, kind) or base_model(self._registry, card, credentials, kind)
        endpoint = connect(card, credentials, model, known)
        if kind == "text-embedding":
            protocol = embedding_protocol(card)
            body = await self._transport.post(endpoint, protocol.request(endpoint, model, ["ping"]))
            protocol.vectors(endpoint, body)
        elif kind == "rerank":
            rerank = Rerank()
            body = await self._transport.post(endpoint, rerank.request(endpoint, model, "ping", ["ping", "pong"], 1))
            rerank.ranking(endpoint, body)
        elif kind == "tts":
            await self._transport.post(endpoint, Speech().request(endpoint, model, "ping", ""))
        elif kind == "moderation":
            moderations = Moderations()
            body = await self._transport.post(endpoint, moderations.request(endpoint, model, "ping"))
            moderations.flagged(endpoint, body)
        elif kind == "llm":
            ref = ModelRef(card.id, model)
            # 16 is the least that all vendors take; thinking models may stop at it without a word, which is fine.
            call = LLMCall(model=ref, messages=(Message("user", "ping"),), parameters={"max_tokens": 16})
            answer = stream_answer(self._transport, llm_protocol(card, credentials, known, ref), endpoint, call)
            async with aclosing(answer) as deltas:
                async for _ in deltas:
                    return
        else:
            raise InvokeBadRequestError(f"{card.label.en} has no {kind} models here.")

    def _kind(self, card: ProviderCard, name: str) -> ModelKind:
        known: ModelKind | None = next((m.kind for m in card.models if m.name == name), None)
        lower = name.lower()
        if known is not None:
            return known
        if "rerank" in lower:
            return "rerank"
        return "text-embedding" if any(w in lower for w in _EMBEDDING_WORDS) else "llm"
