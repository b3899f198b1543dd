"""What the index is given for segments and child chunks that somebody wrote by hand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import msgspec

from orrery.inference.tokens import text_tokens
from orrery.inference.types import InvokeError, ModelRef
from orrery.knowledge.datasets.tables import Dataset
from orrery.knowledge.searching.errors import ProviderNotInitialized, told
from orrery.retrieval.embedding import Embedder
from orrery.retrieval.search_text import keyword_terms, keywords
from orrery.retrieval.stores.protocol import Entry

HIGH_QUALITY, ECONOMY = "high_quality", "economy"
HIERARCHICAL = "hierarchical_model"
_KEYWORDS = 10


class EmbedderOf(Protocol):
    """Makes the embedder of a workspace."""

    def __call__(self, workspace_id: str, /) -> Embedder: ...


class Piece(msgspec.Struct, frozen=True, kw_only=True):
    """A text to find: a segment's, or a child chunk's. ``keywords`` only count in economy datasets."""

    node_id: str
    document_id: str
    segment_id: str
    text: str
    keywords: tuple[str, ...] = ()


def embedding_model(dataset: Dataset) -> ModelRef:
    """The model that makes the dataset's vectors. Raises `ProviderNotInitialized` where none is named."""
    if not dataset.embedding_model or not dataset.embedding_model_provider:
        raise ProviderNotInitialized
    return ModelRef(dataset.embedding_model_provider, dataset.embedding_model, "text-embedding")


def keywords_of(dataset: Dataset, content: str, given: Sequence[str] | None) -> list[str]:
    """A segment's keywords: those that somebody chose, else in economy datasets those of its text."""
    if given is not None:
        # An entry's terms stand one a line.
        return list(dict.fromkeys(tidy for word in given if (tidy := " ".join(word.split()))))
    if dataset.indexing_technique == ECONOMY:
        return keywords(content, dataset.keyword_number or _KEYWORDS)
    return []


def tokens_of(dataset: Dataset, content: str) -> int:
    """Estimated tokens; economy datasets have none."""
    return 0 if dataset.indexing_technique == ECONOMY else text_tokens(content)


class Entries:
    """Makes entries: with vectors where the dataset has them, with keywords where it has none."""

    def __init__(self, embedder: EmbedderOf) -> None:
        self._embedder = embedder

    async def of(self, dataset: Dataset, pieces: Sequence[Piece]) -> list[Entry]:
        """In the order of the pieces. Raises `ProviderNotInitialized`, `ModelNotSupported`, `ModelRequestFailed`."""
        if not pieces:
            return []
        if dataset.indexing_technique == ECONOMY:
            return [_entry(piece, None, tuple(keyword_terms(piece.keywords))) for piece in pieces]
        model = embedding_model(dataset)
        try:
            embedded = await self._embedder(dataset.tenant_id).documents(model, [piece.text for piece in pieces])
        except InvokeError as error:
            raise told(error) from error
        return [_entry(piece, vector) for piece, vector in zip(pieces, embedded.vectors, strict=True)]


def _entry(piece: Piece, vector: bytes | None, terms: tuple[str, ...] | None = None) -> Entry:
    return Entry(
        node_id=piece.node_id,
        document_id=piece.document_id,
        segment_id=piece.segment_id,
        text=piece.text,
        vector=vector,
        terms=terms,
    )
