"""Rows of the index: what is searched, by ``node_id`` (= ``index_node_id`` of a segment or child chunk).

A change takes the next ``generation`` of its dataset and stamps the rows that it writes: a copy in memory reads only
what is newer than itself. The counter's row is locked until the change commits, so generations commit in order.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from orrery.database.columns import Id, LongText, Utc
from orrery.database.ids import new_id
from orrery.database.orm import Table, utc_now

_VECTOR_BYTES = 1 << 20


class KnowledgeIndex(Table):
    """The index of one dataset. ``removed_at``: the generation that last took a row away.

    ``dimension``: numbers in each vector, None while there is none.
    """

    __tablename__ = "knowledge_indexes"

    dataset_id: Mapped[str] = mapped_column(Id, primary_key=True)
    generation: Mapped[int] = mapped_column(BigInteger, default=0)
    removed_at: Mapped[int] = mapped_column(BigInteger, default=0)
    dimension: Mapped[int | None] = mapped_column()


class KnowledgeVector(Table):
    """A vector of length 1: little-endian float32."""

    __tablename__ = "knowledge_vectors"
    __table_args__ = (
        Index("ix_knowledge_vectors_dataset", "dataset_id", "generation"),
        Index("ix_knowledge_vectors_document", "document_id"),
    )

    dataset_id: Mapped[str] = mapped_column(Id, primary_key=True)
    node_id: Mapped[str] = mapped_column(Id, primary_key=True)
    document_id: Mapped[str] = mapped_column(Id)
    segment_id: Mapped[str] = mapped_column(Id)
    generation: Mapped[int] = mapped_column(BigInteger)
    vector: Mapped[bytes] = mapped_column(LargeBinary(_VECTOR_BYTES))


class KnowledgeTerms(Table):
    """The terms of a passage as they come in it, one a line: `retrieval.search_text.terms`, or its keywords."""

    __tablename__ = "knowledge_terms"
    __table_args__ = (
        Index("ix_knowledge_terms_dataset", "dataset_id", "generation"),
        Index("ix_knowledge_terms_document", "document_id"),
    )

    dataset_id: Mapped[str] = mapped_column(Id, primary_key=True)
    node_id: Mapped[str] = mapped_column(Id, primary_key=True)
    document_id: Mapped[str] = mapped_column(Id)
    segment_id: Mapped[str] = mapped_column(Id)
    generation: Mapped[int] = mapped_column(BigInteger)
    terms: Mapped[str] = mapped_column(LongText)


class StoredEmbedding(Table):
    """The vector that a model gave for a text, so that it is asked once. ``hash``: `retrieval.hashing.text_hash`.

    Of one workspace: two workspaces may mean different endpoints by the same names.
    """

    __tablename__ = "embeddings"
    __table_args__ = (
        UniqueConstraint("tenant_id", "hash", "provider_name", "model_name", name="uq_embeddings_text"),
        Index("ix_embeddings_created", "created_at"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    tenant_id: Mapped[str] = mapped_column(Id)
    provider_name: Mapped[str] = mapped_column(String(191))
    model_name: Mapped[str] = mapped_column(String(191))
    hash: Mapped[str] = mapped_column(String(64))
    embedding: Mapped[bytes] = mapped_column(LargeBinary(_VECTOR_BYTES))
    created_at: Mapped[datetime] = mapped_column(Utc, default=utc_now)
