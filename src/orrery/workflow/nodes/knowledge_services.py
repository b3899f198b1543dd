"""What a knowledge-retrieval node asks of the product, and what it gets back (workflow.md 3.11)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, Protocol, runtime_checkable

import msgspec

from orrery.inference.types import ModelRef, Usage
from orrery.workflow.node import NodeFailure


class MetadataCondition(msgspec.Struct, frozen=True):
    """A condition on a document's metadata; its value is filled in already."""

    name: str
    comparison_operator: str
    value: object = None


class MetadataFilter(msgspec.Struct, frozen=True):
    """Which documents count. ``model`` finds the conditions itself when the mode is ``automatic``."""

    mode: Literal["disabled", "automatic", "manual"] = "disabled"
    model: Mapping[str, object] = {}
    logical_operator: Literal["and", "or"] = "and"
    conditions: tuple[MetadataCondition, ...] = ()


class RetrievalRequest(msgspec.Struct, frozen=True, kw_only=True):
    """One search. ``settings`` is the stored ``multiple_retrieval_config``; ``model`` routes in the mode ``single``."""

    query: str
    attachments: Sequence[Mapping[str, object]]
    dataset_ids: Sequence[str]
    mode: Literal["multiple", "single"]
    settings: Mapping[str, object]
    model: ModelRef | None
    metadata: MetadataFilter


class RetrievalResult(msgspec.Struct, frozen=True):
    """``items`` as workflow.md 3.11 has them, best first; ``usage`` is what models took for it."""

    items: Sequence[Mapping[str, object]]
    usage: Usage | None = None


class RateLimitExceeded(NodeFailure):
    """The workspace searched too often for its plan."""


class Retrieval(Protocol):
    """Searches the knowledge of the run's workspace."""

    async def retrieve(self, request: RetrievalRequest) -> RetrievalResult:
        """Raises `NodeFailure`, `RateLimitExceeded`."""
        ...


@runtime_checkable
class OffersRetrieval(Protocol):
    """Services of a run that may search knowledge."""

    @property
    def retrieval(self) -> Retrieval: ...
