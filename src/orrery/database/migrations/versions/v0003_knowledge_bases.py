"""Knowledge bases"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from orrery.database import columns

revision = "0003"
down_revision = "0002"
serves_from = "0002"
"""The oldest revision whose code works on this schema too. Only what adds may keep the one before."""


def upgrade() -> None:
    op.create_table(
        "embeddings",
        sa.Column("id", columns.Id, nullable=False),
        sa.Column("tenant_id", columns.Id, nullable=False),
        sa.Column("provider_name", sa.String(length=191), nullable=False),
        sa.Column("model_name", sa.String(length=191), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("embedding", sa.LargeBinary(length=1048576), nullable=False),
        sa.Column("created_at", columns.Utc(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_embeddings")),
        sa.UniqueConstraint("tenant_id", "hash", "provider_name", "model_name", name="uq_embeddings_text"),
    )
    with op.batch_alter_table("embeddings", schema=None) as batch_op:
        batch_op.create_index("ix_embeddings_created", ["created_at"], unique=False)

    op.create_table(
        "knowledge_indexes",
        sa.Column("dataset_id", columns.Id, nullable=False),
        sa.Column("generation", sa.BigInteger(), nullable=False),
        sa.Column("removed_at", sa.BigInteger(), nullable=False),
        sa.Column("dimension", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("dataset_id", name=op.f("pk_knowledge_indexes")),
    )
    op.create_table(
        "knowledge_terms",
        sa.Column("dataset_id", columns.Id, nullable=False),
        sa.Column("node_id", columns.Id, nullable=False),
        sa.Column("document_id", columns.Id, nullable=False),
        sa.Column("segment_id", columns.Id, nullable=False),
        sa.Column("generation", sa.BigInteger(), nullable=False),
        sa.Column("terms", columns.LongText(), nullable=False),
        sa.PrimaryKeyConstraint("dataset_id", "node_id", name=op.f("pk_knowledge_terms")),
    )
    with op.batch_alter_table("knowledge_terms", schema=None) as batch_op:
        batch_op.create_index("ix_knowledge_terms_dataset", ["dataset_id", "generation"], unique=False)
        batch_op.create_index("ix_knowledge_terms_document", ["document_id"], unique=False)

    op.create_table(
        "knowledge_vectors",
        sa.Column("dataset_id", columns.Id, nullable=False),
        sa.Column("node_id", columns.Id, nullable=False),
        sa.Column("document_id", columns.Id, nullable=False),
        sa.Column("segment_id", columns.Id, nullable=False),
        sa.Column("generation", sa.BigInteger(), nullable=False),
        sa.Column("vector", sa.LargeBinary(length=1048576), nullable=False),
        sa.PrimaryKeyConstraint("dataset_id", "node_id", name=op.f("pk_knowledge_vectors")),
    )
    with op.batch_alter_table("knowledge_vectors", schema=None) as batch_op:
        batch_op.create_index("ix_knowledge_vectors_dataset", ["dataset_id", "generation"], unique=False)
        batch_op.create_index("ix_knowledge_vectors_document", ["document_id"], unique=False)

    op.create_table(
        "datasets",
        sa.Column("id", columns.Id, nullable=False),
        sa.Column("tenant_id", columns.Id, nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("description", columns.LongText(), nullable=True),
        sa.Column("provider", sa.String(length=255), nullable=False),
        sa.Column("permission", sa.String(length=255), nullable=False),
        sa.Column("data_source_type", sa.String(length=255), nullable=True),
        sa.Column("indexing_technique", sa.String(length=255), nullable=True),
        sa.Column("index_struct", columns.LongText(), nullable=True),
        sa.Column("embedding_model", sa.String(length=255), nullable=True),
        sa.Column("embedding_model_provider", sa.String(length=255), nullable=True),
        sa.Column("keyword_number", sa.Integer(), nullable=True),
        sa.Column("collection_binding_id", columns.Id, nullable=True),
        sa.Column("retrieval_model", columns.JsonText(), nullable=True),
        sa.Column("summary_index_setting", columns.JsonText(), nullable=True),
        sa.Column("built_in_field_enabled", sa.Boolean(), nullable=False),
        sa.Column("icon_info", columns.JsonText(), nullable=True),
        sa.Column("runtime_mode", sa.String(length=255), nullable=False),
        sa.Column("pipeline_id", columns.Id, nullable=True),
        sa.Column("chunk_structure", sa.String(length=255), nullable=True),
        sa.Column("enable_api", sa.Boolean(), nullable=False),
        sa.Column("is_multimodal", sa.Boolean(), nullable=False),
        sa.Column("created_by", columns.Id, nullable=False),
        sa.Column("created_at", columns.Utc(), nullable=False),
        sa.Column("updated_by", columns.Id, nullable=True),
        sa.Column("updated_at", columns.Utc(), nullable=False),
        sa.Column("deleted_at", columns.Utc(), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_datasets_tenant_id_tenants"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_datasets")),
    )
    with op.batch_alter_table("datasets", schema=None) as batch_op:
        batch_op.create_index("ix_datasets_tenant_created", ["tenant_id", "created_at"], unique=False)

    op.create_table(
        "app_dataset_joins",
        sa.Column("id", columns.Id, nullable=False),
        sa.Column("app_id", columns.Id, nullable=False),
        sa.Column("dataset_id", columns.Id, nullable=False),
        sa.Column("created_at", columns.Utc(), nullable=False),
        sa.ForeignKeyConstraint(
            ["app_id"], ["apps.id"], name=op.f("fk_app_dataset_joins_app_id_apps"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["dataset_id"], ["datasets.id"], name=op.f("fk_app_dataset_joins_dataset_id_datasets"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_app_dataset_joins")),
        sa.UniqueConstraint("app_id", "dataset_id", name="uq_app_dataset_joins_pair"),
    )
    with op.batch_alter_table("app_dataset_joins", schema=None) as batch_op:
        batch_op.create_index("ix_app_dataset_joins_dataset", ["dataset_id"], unique=False)

    op.create_table(
        "dataset_metadatas",
        sa.Column("id", columns.Id, nullable=False),
        sa.Column("tenant_id", columns.Id, nullable=False),
        sa.Column("dataset_id", columns.Id, nullable=False),
        sa.Column("type", sa.String(length=255), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("created_by", columns.Id, nullable=False),
        sa.Column("created_at", columns.Utc(), nullable=False),
        sa.Column("updated_by", columns.Id, nullable=True),
        sa.Column("updated_at", columns.Utc(), nullable=False),
        sa.ForeignKeyConstraint(
            ["dataset_id"], ["datasets.id"], name=op.f("fk_dataset_metadatas_dataset_id_datasets"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_dataset_metadatas_tenant_id_tenants"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dataset_metadatas")),
    )
    with op.batch_alter_table("dataset_metadatas", schema=None) as batch_op:
        batch_op.create_index("ix_dataset_metadatas_dataset", ["dataset_id"], unique=False)

    op.create_table(
        "dataset_permissions",
        sa.Column("id", columns.Id, nullable=False),
        sa.Column("tenant_id", columns.Id, nullable=False),
        sa.Column("dataset_id", columns.Id, nullable=False),
        sa.Column("account_id", columns.Id, nullable=False),
        sa.Column("has_permission", sa.Boolean(), nullable=False),
        sa.Column("created_at", columns.Utc(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_dataset_permissions_account_id_accounts"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["dataset_id"], ["datasets.id"], name=op.f("fk_dataset_permissions_dataset_id_datasets"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_dataset_permissions_tenant_id_tenants"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dataset_permissions")),
        sa.UniqueConstraint("dataset_id", "account_id", name="uq_dataset_permissions_pair"),
    )
    with op.batch_alter_table("dataset_permissions", schema=None) as batch_op:
        batch_op.create_index("ix_dataset_permissions_account", ["account_id", "tenant_id"], unique=False)

    op.create_table(
        "dataset_process_rules",
        sa.Column("id", columns.Id, nullable=False),
        sa.Column("dataset_id", columns.Id, nullable=False),
        sa.Column("mode", sa.String(length=255), nullable=False),
        sa.Column("rules", columns.JsonText(), nullable=True),
        sa.Column("created_by", columns.Id, nullable=False),
        sa.Column("created_at", columns.Utc(), nullable=False),
        sa.ForeignKeyConstraint(
            ["dataset_id"],
            ["datasets.id"],
            name=op.f("fk_dataset_process_rules_dataset_id_datasets"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dataset_process_rules")),
    )
    with op.batch_alter_table("dataset_process_rules", schema=None) as batch_op:
        batch_op.create_index("ix_dataset_process_rules_dataset", ["dataset_id", "created_at"], unique=False)

    op.create_table(
        "dataset_queries",
        sa.Column("id", columns.Id, nullable=False),
        sa.Column("dataset_id", columns.Id, nullable=False),
        sa.Column("content", columns.LongText(), nullable=False),
        sa.Column("source", sa.String(length=255), nullable=False),
        sa.Column("source_app_id", columns.Id, nullable=True),
        sa.Column("created_by_role", sa.String(length=255), nullable=False),
        sa.Column("created_by", columns.Id, nullable=False),
        sa.Column("created_at", columns.Utc(), nullable=False),
        sa.ForeignKeyConstraint(
            ["dataset_id"], ["datasets.id"], name=op.f("fk_dataset_queries_dataset_id_datasets"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dataset_queries")),
    )
    with op.batch_alter_table("dataset_queries", schema=None) as batch_op:
        batch_op.create_index("ix_dataset_queries_dataset", ["dataset_id", "created_at"], unique=False)

    op.create_table(
        "documents",
        sa.Column("id", columns.Id, nullable=False),
        sa.Column("tenant_id", columns.Id, nullable=False),
        sa.Column("dataset_id", columns.Id, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("batch", sa.String(length=255), nullable=False),
        sa.Column("data_source_type", sa.String(length=255), nullable=False),
        sa.Column("data_source_info", columns.JsonText(), nullable=True),
        sa.Column("dataset_process_rule_id", columns.Id, nullable=True),
        sa.Column("created_from", sa.String(length=255), nullable=False),
        sa.Column("created_by", columns.Id, nullable=False),
        sa.Column("created_api_request_id", columns.Id, nullable=True),
        sa.Column("created_at", columns.Utc(), nullable=False),
        sa.Column("updated_at", columns.Utc(), nullable=False),
        sa.Column("processing_started_at", columns.Utc(), nullable=True),
        sa.Column("parsing_completed_at", columns.Utc(), nullable=True),
        sa.Column("cleaning_completed_at", columns.Utc(), nullable=True),
        sa.Column("splitting_completed_at", columns.Utc(), nullable=True),
        sa.Column("completed_at", columns.Utc(), nullable=True),
        sa.Column("file_id", columns.Id, nullable=True),
        sa.Column("word_count", sa.Integer(), nullable=True),
        sa.Column("tokens", sa.Integer(), nullable=True),
        sa.Column("indexing_latency", sa.Double(), nullable=True),
        sa.Column("error", columns.LongText(), nullable=True),
        sa.Column("stopped_at", columns.Utc(), nullable=True),
        sa.Column("indexing_job_id", columns.Id, nullable=True),
        sa.Column("is_paused", sa.Boolean(), nullable=False),
        sa.Column("paused_by", columns.Id, nullable=True),
        sa.Column("paused_at", columns.Utc(), nullable=True),
        sa.Column("indexing_status", sa.String(length=32), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("disabled_at", columns.Utc(), nullable=True),
        sa.Column("disabled_by", columns.Id, nullable=True),
        sa.Column("archived", sa.Boolean(), nullable=False),
        sa.Column("archived_reason", sa.String(length=255), nullable=True),
        sa.Column("archived_by", columns.Id, nullable=True),
        sa.Column("archived_at", columns.Utc(), nullable=True),
        sa.Column("doc_type", sa.String(length=40), nullable=True),
        sa.Column("doc_metadata", columns.JsonText(), nullable=True),
        sa.Column("doc_form", sa.String(length=255), nullable=False),
        sa.Column("doc_language", sa.String(length=255), nullable=True),
        sa.Column("need_summary", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["dataset_id"], ["datasets.id"], name=op.f("fk_documents_dataset_id_datasets"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_documents_tenant_id_tenants"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_documents")),
    )
    with op.batch_alter_table("documents", schema=None) as batch_op:
        batch_op.create_index("ix_documents_dataset_batch", ["dataset_id", "batch"], unique=False)
        batch_op.create_index("ix_documents_dataset_created", ["dataset_id", "created_at"], unique=False)
        batch_op.create_index("ix_documents_status", ["indexing_status", "updated_at"], unique=False)
        batch_op.create_index("ix_documents_tenant", ["tenant_id"], unique=False)

    op.create_table(
        "dataset_auto_disable_logs",
        sa.Column("id", columns.Id, nullable=False),
        sa.Column("tenant_id", columns.Id, nullable=False),
        sa.Column("dataset_id", columns.Id, nullable=False),
        sa.Column("document_id", columns.Id, nullable=False),
        sa.Column("notified", sa.Boolean(), nullable=False),
        sa.Column("created_at", columns.Utc(), nullable=False),
        sa.ForeignKeyConstraint(
            ["dataset_id"],
            ["datasets.id"],
            name=op.f("fk_dataset_auto_disable_logs_dataset_id_datasets"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["document_id"],
            ["documents.id"],
            name=op.f("fk_dataset_auto_disable_logs_document_id_documents"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"],
            ["tenants.id"],
            name=op.f("fk_dataset_auto_disable_logs_tenant_id_tenants"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dataset_auto_disable_logs")),
    )
    with op.batch_alter_table("dataset_auto_disable_logs", schema=None) as batch_op:
        batch_op.create_index("ix_dataset_auto_disable_logs_dataset", ["dataset_id"], unique=False)
        batch_op.create_index("ix_dataset_auto_disable_logs_tenant", ["tenant_id", "notified"], unique=False)

    op.create_table(
        "dataset_metadata_bindings",
        sa.Column("id", columns.Id, nullable=False),
        sa.Column("tenant_id", columns.Id, nullable=False),
        sa.Column("dataset_id", columns.Id, nullable=False),
        sa.Column("metadata_id", columns.Id, nullable=False),
        sa.Column("document_id", columns.Id, nullable=False),
        sa.Column("created_by", columns.Id, nullable=False),
        sa.Column("created_at", columns.Utc(), nullable=False),
        sa.ForeignKeyConstraint(
            ["dataset_id"],
            ["datasets.id"],
            name=op.f("fk_dataset_metadata_bindings_dataset_id_datasets"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["document_id"],
            ["documents.id"],
            name=op.f("fk_dataset_metadata_bindings_document_id_documents"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["metadata_id"],
            ["dataset_metadatas.id"],
            name=op.f("fk_dataset_metadata_bindings_metadata_id_dataset_metadatas"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"],
            ["tenants.id"],
            name=op.f("fk_dataset_metadata_bindings_tenant_id_tenants"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dataset_metadata_bindings")),
        sa.UniqueConstraint("document_id", "metadata_id", name="uq_dataset_metadata_bindings_pair"),
    )
    with op.batch_alter_table("dataset_metadata_bindings", schema=None) as batch_op:
        batch_op.create_index("ix_dataset_metadata_bindings_dataset", ["dataset_id"], unique=False)
        batch_op.create_index("ix_dataset_metadata_bindings_metadata", ["metadata_id"], unique=False)

    op.create_table(
        "document_segments",
        sa.Column("id", columns.Id, nullable=False),
        sa.Column("tenant_id", columns.Id, nullable=False),
        sa.Column("dataset_id", columns.Id, nullable=False),
        sa.Column("document_id", columns.Id, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("content", columns.LongText(), nullable=False),
        sa.Column("answer", columns.LongText(), nullable=True),
        sa.Column("word_count", sa.Integer(), nullable=False),
        sa.Column("tokens", sa.Integer(), nullable=False),
        sa.Column("keywords", columns.JsonText(), nullable=True),
        sa.Column("index_node_id", columns.Id, nullable=True),
        sa.Column("index_node_hash", sa.String(length=255), nullable=True),
        sa.Column("hit_count", sa.Integer(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("disabled_at", columns.Utc(), nullable=True),
        sa.Column("disabled_by", columns.Id, nullable=True),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("created_by", columns.Id, nullable=False),
        sa.Column("created_at", columns.Utc(), nullable=False),
        sa.Column("updated_by", columns.Id, nullable=True),
        sa.Column("updated_at", columns.Utc(), nullable=False),
        sa.Column("indexing_at", columns.Utc(), nullable=True),
        sa.Column("completed_at", columns.Utc(), nullable=True),
        sa.Column("error", columns.LongText(), nullable=True),
        sa.Column("stopped_at", columns.Utc(), nullable=True),
        sa.ForeignKeyConstraint(
            ["document_id"],
            ["documents.id"],
            name=op.f("fk_document_segments_document_id_documents"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_document_segments_tenant_id_tenants"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_document_segments")),
    )
    with op.batch_alter_table("document_segments", schema=None) as batch_op:
        batch_op.create_index("ix_document_segments_dataset", ["dataset_id"], unique=False)
        batch_op.create_index("ix_document_segments_document", ["document_id", "position"], unique=False)
        batch_op.create_index("ix_document_segments_node", ["index_node_id"], unique=False)

    op.create_table(
        "child_chunks",
        sa.Column("id", columns.Id, nullable=False),
        sa.Column("tenant_id", columns.Id, nullable=False),
        sa.Column("dataset_id", columns.Id, nullable=False),
        sa.Column("document_id", columns.Id, nullable=False),
        sa.Column("segment_id", columns.Id, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("content", columns.LongText(), nullable=False),
        sa.Column("word_count", sa.Integer(), nullable=False),
        sa.Column("index_node_id", columns.Id, nullable=True),
        sa.Column("index_node_hash", sa.String(length=255), nullable=True),
        sa.Column("type", sa.String(length=32), nullable=False),
        sa.Column("created_by", columns.Id, nullable=False),
        sa.Column("created_at", columns.Utc(), nullable=False),
        sa.Column("updated_by", columns.Id, nullable=True),
        sa.Column("updated_at", columns.Utc(), nullable=False),
        sa.Column("indexing_at", columns.Utc(), nullable=True),
        sa.Column("completed_at", columns.Utc(), nullable=True),
        sa.Column("error", columns.LongText(), nullable=True),
        sa.ForeignKeyConstraint(
            ["segment_id"],
            ["document_segments.id"],
            name=op.f("fk_child_chunks_segment_id_document_segments"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_child_chunks_tenant_id_tenants"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_child_chunks")),
    )
    with op.batch_alter_table("child_chunks", schema=None) as batch_op:
        batch_op.create_index("ix_child_chunks_dataset", ["dataset_id"], unique=False)
        batch_op.create_index("ix_child_chunks_document", ["document_id"], unique=False)
        batch_op.create_index("ix_child_chunks_node", ["index_node_id"], unique=False)
        batch_op.create_index("ix_child_chunks_segment", ["segment_id", "position"], unique=False)

    with op.batch_alter_table("jobs", schema=None) as batch_op:
        batch_op.add_column(sa.Column("tenant_id", columns.Id, nullable=True))
        batch_op.create_index("ix_jobs_lane", ["status", "tenant_id", "queue", "due_at"], unique=False)
        batch_op.create_index("ix_jobs_turn", ["status", "queue", "due_at"], unique=False)


def downgrade() -> None:
    # A table takes its indexes with it.
    op.drop_index("ix_jobs_turn", table_name="jobs")
    op.drop_index("ix_jobs_lane", table_name="jobs")
    op.drop_column("jobs", "tenant_id")
    op.drop_table("child_chunks")
    op.drop_table("document_segments")
    op.drop_table("dataset_metadata_bindings")
    op.drop_table("dataset_auto_disable_logs")
    op.drop_table("documents")
    op.drop_table("dataset_queries")
    op.drop_table("dataset_process_rules")
    op.drop_table("dataset_permissions")
    op.drop_table("dataset_metadatas")
    op.drop_table("app_dataset_joins")
    op.drop_table("datasets")
    op.drop_table("knowledge_vectors")
    op.drop_table("knowledge_terms")
    op.drop_table("knowledge_indexes")
    op.drop_table("embeddings")
