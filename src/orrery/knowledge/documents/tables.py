"""Rows of documents, their segments, and the child chunks of segments (knowledge.md 1.2 to 1.4)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Double, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from orrery.database.columns import Id, JsonText, LongText, Utc
from orrery.database.ids import new_id
from orrery.database.orm import Table, utc_now


class Document(Table):
    """A document of a dataset. ``word_count`` are characters, ``indexing_latency`` seconds.

    ``indexing_job_id`` names the job whose turn it is to index the document: any other one changes nothing.
    """

    __tablename__ = "documents"
    __table_args__ = (
        Index("ix_documents_dataset_created", "dataset_id", "created_at"),
        Index("ix_documents_dataset_batch", "dataset_id", "batch"),
        Index("ix_documents_tenant", "tenant_id"),
        Index("ix_documents_status", "indexing_status", "updated_at"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    tenant_id: Mapped[str] = mapped_column(Id, ForeignKey("tenants.id", ondelete="CASCADE"))
    dataset_id: Mapped[str] = mapped_column(Id, ForeignKey("datasets.id", ondelete="CASCADE"))
    position: Mapped[int] = mapped_column()
    name: Mapped[str] = mapped_column(String(255))
    batch: Mapped[str] = mapped_column(String(255))
    data_source_type: Mapped[str] = mapped_column(String(255))
    data_source_info: Mapped[object] = mapped_column(JsonText, nullable=True)
    dataset_process_rule_id: Mapped[str | None] = mapped_column(Id)
    created_from: Mapped[str] = mapped_column(String(255))
    created_by: Mapped[str] = mapped_column(Id)
    created_api_request_id: Mapped[str | None] = mapped_column(Id)
    created_at: Mapped[datetime] = mapped_column(Utc, default=utc_now)
    updated_at: Mapped[datetime] = mapped_column(Utc, default=utc_now, onupdate=utc_now)

    processing_started_at: Mapped[datetime | None] = mapped_column(Utc)
    parsing_completed_at: Mapped[datetime | None] = mapped_column(Utc)
    cleaning_completed_at: Mapped[datetime | None] = mapped_column(Utc)
    splitting_completed_at: Mapped[datetime | None] = mapped_column(Utc)
    completed_at: Mapped[datetime | None] = mapped_column(Utc)
    file_id: Mapped[str | None] = mapped_column(Id)
    word_count: Mapped[int | None] = mapped_column()
    tokens: Mapped[int | None] = mapped_column()
    indexing_latency: Mapped[float | None] = mapped_column(Double)
    error: Mapped[str | None] = mapped_column(LongText)
    stopped_at: Mapped[datetime | None] = mapped_column(Utc)
    indexing_job_id: Mapped[str | None] = mapped_column(Id)

    is_paused: Mapped[bool] = mapped_column(default=False)
    paused_by: Mapped[str | None] = mapped_column(Id)
    paused_at: Mapped[datetime | None] = mapped_column(Utc)

    indexing_status: Mapped[str] = mapped_column(String(32), default="waiting")
    enabled: Mapped[bool] = mapped_column(default=True)
    disabled_at: Mapped[datetime | None] = mapped_column(Utc)
    disabled_by: Mapped[str | None] = mapped_column(Id)
    archived: Mapped[bool] = mapped_column(default=False)
    archived_reason: Mapped[str | None] = mapped_column(String(255))
    archived_by: Mapped[str | None] = mapped_column(Id)
    archived_at: Mapped[datetime | None] = mapped_column(Utc)

    doc_type: Mapped[str | None] = mapped_column(String(40))
    doc_metadata: Mapped[object] = mapped_column(JsonText, nullable=True)
    doc_form: Mapped[str] = mapped_column(String(255), default="text_model")
    doc_language: Mapped[str | None] = mapped_column(String(255))
    need_summary: Mapped[bool] = mapped_column(default=False)


class DocumentSegment(Table):
    """A passage; in parent-child mode the parent. ``index_node_id`` is its key in the index, ``status`` as in 1.3."""

    __tablename__ = "document_segments"
    __table_args__ = (
        Index("ix_document_segments_document", "document_id", "position"),
        Index("ix_document_segments_dataset", "dataset_id"),
        Index("ix_document_segments_node", "index_node_id"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    tenant_id: Mapped[str] = mapped_column(Id, ForeignKey("tenants.id", ondelete="CASCADE"))
    dataset_id: Mapped[str] = mapped_column(Id)
    document_id: Mapped[str] = mapped_column(Id, ForeignKey("documents.id", ondelete="CASCADE"))
    position: Mapped[int] = mapped_column()
    content: Mapped[str] = mapped_column(LongText)
    answer: Mapped[str | None] = mapped_column(LongText)
    word_count: Mapped[int] = mapped_column()
    tokens: Mapped[int] = mapped_column(default=0)
    keywords: Mapped[object] = mapped_column(JsonText, nullable=True)
    index_node_id: Mapped[str | None] = mapped_column(Id)
    index_node_hash: Mapped[str | None] = mapped_column(String(255))
    hit_count: Mapped[int] = mapped_column(default=0)
    enabled: Mapped[bool] = mapped_column(default=True)
    disabled_at: Mapped[datetime | None] = mapped_column(Utc)
    disabled_by: Mapped[str | None] = mapped_column(Id)
    status: Mapped[str] = mapped_column(String(32), default="waiting")
    created_by: Mapped[str] = mapped_column(Id)
    created_at: Mapped[datetime] = mapped_column(Utc, default=utc_now)
    updated_by: Mapped[str | None] = mapped_column(Id)
    updated_at: Mapped[datetime] = mapped_column(Utc, default=utc_now, onupdate=utc_now)
    indexing_at: Mapped[datetime | None] = mapped_column(Utc)
    completed_at: Mapped[datetime | None] = mapped_column(Utc)
    error: Mapped[str | None] = mapped_column(LongText)
    stopped_at: Mapped[datetime | None] = mapped_column(Utc)


class ChildChunk(Table):
    """A part of a segment that is searched for it. ``type``: automatic or customized."""

    __tablename__ = "child_chunks"
    __table_args__ = (
        Index("ix_child_chunks_segment", "segment_id", "position"),
        Index("ix_child_chunks_document", "document_id"),
        Index("ix_child_chunks_dataset", "dataset_id"),
        Index("ix_child_chunks_node", "index_node_id"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    tenant_id: Mapped[str] = mapped_column(Id, ForeignKey("tenants.id", ondelete="CASCADE"))
    dataset_id: Mapped[str] = mapped_column(Id)
    document_id: Mapped[str] = mapped_column(Id)
    segment_id: Mapped[str] = mapped_column(Id, ForeignKey("document_segments.id", ondelete="CASCADE"))
    position: Mapped[int] = mapped_column()
    content: Mapped[str] = mapped_column(LongText)
    word_count: Mapped[int] = mapped_column()
    index_node_id: Mapped[str | None] = mapped_column(Id)
    index_node_hash: Mapped[str | None] = mapped_column(String(255))
    type: Mapped[str] = mapped_column(String(32), default="automatic")
    created_by: Mapped[str] = mapped_column(Id)
    created_at: Mapped[datetime] = mapped_column(Utc, default=utc_now)
    updated_by: Mapped[str | None] = mapped_column(Id)
    updated_at: Mapped[datetime] = mapped_column(Utc, default=utc_now, onupdate=utc_now)
    indexing_at: Mapped[datetime | None] = mapped_column(Utc)
    completed_at: Mapped[datetime | None] = mapped_column(Utc)
    error: Mapped[str | None] = mapped_column(LongText)
