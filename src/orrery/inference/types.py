"""Vendor-neutral words of inference: messages, tools, calls, deltas, usage, errors.

Everything above speaks these; each protocol adapter translates them to one vendor's wire. Nothing here does I/O.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from decimal import Decimal
from typing import Literal, Protocol, TypeAlias

import msgspec

Role: TypeAlias = Literal["system", "user", "assistant", "tool"]
ModelKind: TypeAlias = Literal["llm", "text-embedding", "rerank", "speech2text", "tts", "moderation"]
FinishReason: TypeAlias = str
Credentials: TypeAlias = Mapping[str, object]


class TextPart(msgspec.Struct, frozen=True, tag="text"):
    text: str


class MediaPart(msgspec.Struct, frozen=True, tag="media"):
    """An image, document, audio or video: either ``url``, or base64 ``data``."""

    kind: Literal["image", "document", "audio", "video"]
    mime_type: str
    url: str | None = None
    data: str | None = None
    filename: str | None = None
    detail: Literal["low", "high"] = "high"


ContentPart: TypeAlias = TextPart | MediaPart


class ToolCall(msgspec.Struct, frozen=True):
    """A model's request to call a tool; ``arguments`` is the JSON text as the model wrote it.

    ``signature`` is an opaque mark that some vendors want back with the call (gemini's thought signature).
    """

    id: str
    name: str
    arguments: str
    signature: str = ""


class Message(msgspec.Struct, frozen=True):
    """One turn. ``tool_call_id`` and ``name`` belong to role ``tool``; ``tool_calls`` to ``assistant``."""

    role: Role
    content: str | tuple[ContentPart, ...]
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str | None = None
    name: str | None = None
    reasoning: str = ""
    reasoning_signature: str = ""
    """Opaque mark that belongs to ``reasoning`` (anthropic); thinking is sent back only with it."""

    def text(self) -> str:
        """All text of the message, without media."""
        if isinstance(self.content, str):
            return self.content
        return "".join(p.text for p in self.content if isinstance(p, TextPart))


class ToolSpec(msgspec.Struct, frozen=True):
    """A tool that a model may call; ``parameters`` is a JSON Schema object."""

    name: str
    description: str
    parameters: Mapping[str, object]


class ModelRef(msgspec.Struct, frozen=True):
    """A model as apps name it: ``provider`` in any historical form, ``name`` the vendor's id."""

    provider: str
    name: str
    kind: ModelKind = "llm"
    mode: Literal["chat", "completion"] = "chat"


class Usage(msgspec.Struct, frozen=True):
    """Tokens and price of one call (workflow.md 3.10, ``usage``); times in seconds."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    total_tokens: int = 0
    prompt_unit_price: Decimal = Decimal("0.0")
    prompt_price_unit: Decimal = Decimal("0.0")
    prompt_price: Decimal = Decimal("0.0")
    completion_unit_price: Decimal = Decimal("0.0")
    completion_price_unit: Decimal = Decimal("0.0")
    completion_price: Decimal = Decimal("0.0")
    total_price: Decimal = Decimal("0.0")
    currency: str = "USD"
    latency: float = 0.0
    time_to_first_token: float | None = None
    time_to_generate: float | None = None

    def __add__(self, other: Usage) -> Usage:
        """Sums counts, prices and latency; unit prices and times are the later call's."""
        if not other.total_tokens and not other.latency:
            return self
        return Usage(
            prompt_tokens=self.prompt_tokens + other.prompt_tokens,
            completion_tokens=self.completion_tokens + other.completion_tokens,
            total_tokens=self.total_tokens + other.total_tokens,
            prompt_unit_price=other.prompt_unit_price,
            prompt_price_unit=other.prompt_price_unit,
            prompt_price=self.prompt_price + other.prompt_price,
            completion_unit_price=other.completion_unit_price,
            completion_price_unit=other.completion_price_unit,
            completion_price=self.completion_price + other.completion_price,
            total_price=self.total_price + other.total_price,
            currency=other.currency,
            latency=self.latency + other.latency,
            time_to_first_token=other.time_to_first_token,
            time_to_generate=other.time_to_generate,
        )

    def as_wire(self) -> dict[str, object]:
        """The contract's object: counts as numbers, prices as strings."""
        return {
            "prompt_tokens": self.prompt_tokens,
            "prompt_unit_price": str(self.prompt_unit_price),
            "prompt_price_unit": str(self.prompt_price_unit),
            "prompt_price": str(self.prompt_price),
            "completion_tokens": self.completion_tokens,
            "completion_unit_price": str(self.completion_unit_price),
            "completion_price_unit": str(self.completion_price_unit),
            "completion_price": str(self.completion_price),
            "total_tokens": self.total_tokens,
            "total_price": str(self.total_price),
            "currency": self.currency,
            "latency": self.latency,
            "time_to_first_token": self.time_to_first_token,
            "time_to_generate": self.time_to_generate,
        }


class LLMCall(msgspec.Struct, frozen=True):
    """One request for text. ``parameters`` are the app's completion_params (temperature, max_tokens, ...)."""

    model: ModelRef
    messages: tuple[Message, ...]
    parameters: Mapping[str, object] = {}
    stop: tuple[str, ...] = ()
    tools: tuple[ToolSpec, ...] = ()
    json_schema: Mapping[str, object] | None = None
    user: str | None = None


class LLMDelta(msgspec.Struct, frozen=True):
    """One piece of a streamed answer. ``tool_calls`` come whole, with the last delta that completes them.

    The last delta of every stream carries ``finish_reason`` and ``usage``.
    """

    text: str = ""
    reasoning: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    images: tuple[MediaPart, ...] = ()
    finish_reason: FinishReason | None = None
    usage: Usage | None = None
    reasoning_signature: str = ""


class Ranked(msgspec.Struct, frozen=True):
    """One document of a rerank answer: its place in the request and its score."""

    index: int
    score: float


class ModelFeatures(msgspec.Struct, frozen=True):
    """What a model can do and hold; ``context_size`` in tokens, None when unknown."""

    context_size: int | None = None
    max_output: int | None = None
    tools: bool = True
    vision: bool = False
    document: bool = False
    audio: bool = False
    video: bool = False
    structured_output: bool = False
    reasoning: bool = False


class InvokeError(Exception):
    """A model call that failed; subclasses say who must act. The class name is the node's ``error_type``.

    ``usage`` is an estimate of what was spent when the answer had begun before it failed, else None.
    """

    retryable = False
    usage: Usage | None = None


class InvokeAuthorizationError(InvokeError):
    """The vendor refused the key."""


class InvokeBadRequestError(InvokeError):
    """The vendor refused the request."""


class InvokeRateLimitError(InvokeError):
    """The vendor asks to slow down; ``retry_after`` in seconds where it said so."""

    retryable = True

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        self.retry_after = retry_after
        super().__init__(message)


class InvokeConnectionError(InvokeError):
    """The endpoint could not be reached, hung, or cut the answer."""

    retryable = True


class InvokeServerUnavailableError(InvokeError):
    """The vendor answered 5xx."""

    retryable = True


class ProviderNotConfigured(InvokeError):
    """No credential for this provider in the workspace."""


class ModelNotFound(InvokeError):
    """The provider has no such model."""


class ModelGateway(Protocol):
    """Model calls of one workspace: credentials, provider and price are already decided behind it."""

    def stream(self, call: LLMCall) -> AsyncIterator[LLMDelta]:
        """Raises `InvokeError` while iterating."""
        ...

    async def features(self, model: ModelRef) -> ModelFeatures:
        """Raises `ProviderNotConfigured`, `ModelNotFound`."""
        ...

    async def embed(self, model: ModelRef, texts: Sequence[str]) -> tuple[list[list[float]], Usage]: ...

    def count_tokens(self, model: ModelRef, messages: Sequence[Message]) -> int:
        """An estimate that never asks the network."""
        ...
