"""Rows of datasets and of what belongs to one: rules, queries, metadata fields, permissions, apps that use it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from orrery.database.columns import Id, JsonText, LongText, Utc
from orrery.database.ids import new_id
from orrery.database.orm import Table, utc_now


class Dataset(Table):
    """A knowledge base (knowledge.md 1.1). ``indexing_technique`` is None until the first document decides it.

    ``deleted_at`` marks a dataset that nobody can reach any more and whose rows a job removes.
    """

    __tablename__ = "datasets"
    __table_args__ = (Index("ix_datasets_tenant_created", "tenant_id", "created_at"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    tenant_id: Mapped[str] = mapped_column(Id, ForeignKey("tenants.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(255))
    description: Mapped[str | None] = mapped_column(LongText)
    provider: Mapped[str] = mapped_column(String(255), default="vendor")
    permission: Mapped[str] = mapped_column(String(255), default="only_me")
    data_source_type: Mapped[str | None] = mapped_column(String(255))
    indexing_technique: Mapped[str | None] = mapped_column(String(255))
    index_struct: Mapped[str | None] = mapped_column(LongText)
    embedding_model: Mapped[str | None] = mapped_column(String(255))
    embedding_model_provider: Mapped[str | None] = mapped_column(String(255))
    keyword_number: Mapped[int | None] = mapped_column(default=10)
    collection_binding_id: Mapped[str | None] = mapped_column(Id)
    retrieval_model: Mapped[object] = mapped_column(JsonText, nullable=True)
    summary_index_setting: Mapped[object] = mapped_column(JsonText, nullable=True)
    built_in_field_enabled: Mapped[bool] = mapped_column(default=False)
    icon_info: Mapped[object] = mapped_column(JsonText, nullable=True)
    runtime_mode: Mapped[str] = mapped_column(String(255), default="general")
    pipeline_id: Mapped[str | None] = mapped_column(Id)
    chunk_structure: Mapped[str | None] = mapped_column(String(255))
    enable_api: Mapped[bool] = mapped_column(default=True)
    is_multimodal: Mapped[bool] = mapped_column(default=False)
    created_by: Mapped[str] = mapped_column(Id)
    created_at: Mapped[datetime] = mapped_column(Utc, default=utc_now)
    updated_by: Mapped[str | None] = mapped_column(Id)
    updated_at: Mapped[datetime] = mapped_column(Utc, default=utc_now, onupdate=utc_now)
    deleted_at: Mapped[datetime | None] = mapped_column(Utc)


class ProcessRuleRow(Table):
    """How documents are cleaned and split (2.2). Never changed: each new set of rules is a new row, the latest wins."""

    __tablename__ = "dataset_process_rules"
    __table_args__ = (Index("ix_dataset_process_rules_dataset", "dataset_id", "created_at"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    dataset_id: Mapped[str] = mapped_column(Id, ForeignKey("datasets.id", ondelete="CASCADE"))
    mode: Mapped[str] = mapped_column(String(255), default="automatic")
    rules: Mapped[object] = mapped_column(JsonText, nullable=True)
    created_by: Mapped[str] = mapped_column(Id)
    created_at: Mapped[datetime] = mapped_column(Utc, default=utc_now)


class DatasetQuery(Table):
    """A question that was asked of a dataset. ``source``: hit_testing or app; ``content``: the list of 1.5."""

    __tablename__ = "dataset_queries"
    __table_args__ = (Index("ix_dataset_queries_dataset", "dataset_id", "created_at"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    dataset_id: Mapped[str] = mapped_column(Id, ForeignKey("datasets.id", ondelete="CASCADE"))
    content: Mapped[str] = mapped_column(LongText)
    source: Mapped[str] = mapped_column(String(255))
    source_app_id: Mapped[str | None] = mapped_column(Id)
    created_by_role: Mapped[str] = mapped_column(String(255))
    created_by: Mapped[str] = mapped_column(Id)
    created_at: Mapped[datetime] = mapped_column(Utc, default=utc_now)


class DatasetMetadata(Table):
    """A metadata field of a dataset. ``type``: string, number or time."""

    __tablename__ = "dataset_metadatas"
    __table_args__ = (Index("ix_dataset_metadatas_dataset", "dataset_id"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    tenant_id: Mapped[str] = mapped_column(Id, ForeignKey("tenants.id", ondelete="CASCADE"))
    dataset_id: Mapped[str] = mapped_column(Id, ForeignKey("datasets.id", ondelete="CASCADE"))
    type: Mapped[str] = mapped_column(String(255))
    name: Mapped[str] = mapped_column(String(255))
    created_by: Mapped[str] = mapped_column(Id)
    created_at: Mapped[datetime] = mapped_column(Utc, default=utc_now)
    updated_by: Mapped[str | None] = mapped_column(Id)
    updated_at: Mapped[datetime] = mapped_column(Utc, default=utc_now, onupdate=utc_now)


class DatasetMetadataBinding(Table):
    """That a document has a value of a field; the value stands in the document's ``doc_metadata``."""

    __tablename__ = "dataset_metadata_bindings"
    __table_args__ = (
        UniqueConstraint("document_id", "metadata_id", name="uq_dataset_metadata_bindings_pair"),
        Index("ix_dataset_metadata_bindings_dataset", "dataset_id"),
        Index("ix_dataset_metadata_bindings_metadata", "metadata_id"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    tenant_id: Mapped[str] = mapped_column(Id, ForeignKey("tenants.id", ondelete="CASCADE"))
    dataset_id: Mapped[str] = mapped_column(Id, ForeignKey("datasets.id", ondelete="CASCADE"))
    metadata_id: Mapped[str] = mapped_column(Id, ForeignKey("dataset_metadatas.id", ondelete="CASCADE"))
    document_id: Mapped[str] = mapped_column(Id, ForeignKey("documents.id", ondelete="CASCADE"))
    created_by: Mapped[str] = mapped_column(Id)
    created_at: Mapped[datetime] = mapped_column(Utc, default=utc_now)


class DatasetPermission(Table):
    """That a member may see a dataset whose ``permission`` is partial_members."""

    __tablename__ = "dataset_permissions"
    __table_args__ = (
        UniqueConstraint("dataset_id", "account_id", name="uq_dataset_permissions_pair"),
        Index("ix_dataset_permissions_account", "account_id", "tenant_id"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    tenant_id: Mapped[str] = mapped_column(Id, ForeignKey("tenants.id", ondelete="CASCADE"))
    dataset_id: Mapped[str] = mapped_column(Id, ForeignKey("datasets.id", ondelete="CASCADE"))
    account_id: Mapped[str] = mapped_column(Id, ForeignKey("accounts.id", ondelete="CASCADE"))
    has_permission: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime] = mapped_column(Utc, default=utc_now)


class AppDatasetJoin(Table):
    """That an app searches a dataset: kept as the app's configuration or published workflow names it."""

    __tablename__ = "app_dataset_joins"
    __table_args__ = (
        UniqueConstraint("app_id", "dataset_id", name="uq_app_dataset_joins_pair"),
        Index("ix_app_dataset_joins_dataset", "dataset_id"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    app_id: Mapped[str] = mapped_column(Id, ForeignKey("apps.id", ondelete="CASCADE"))
    dataset_id: Mapped[str] = mapped_column(Id, ForeignKey("datasets.id", ondelete="CASCADE"))
    created_at: Mapped[datetime] = mapped_column(Utc, default=utc_now)
