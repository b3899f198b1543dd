"""The first schema"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from orrery.database import columns

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "accounts",
        sa.Column("id", columns.Id, nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("email", sa.String(length=255), nullable=False),
        sa.Column("password", sa.String(length=255), nullable=True),
        sa.Column("password_salt", sa.String(length=255), nullable=True),
        sa.Column("avatar", sa.String(length=255), nullable=True),
        sa.Column("interface_language", sa.String(length=255), nullable=False),
        sa.Column("interface_theme", sa.String(length=255), nullable=False),
        sa.Column("timezone", sa.String(length=255), nullable=False),
        sa.Column("last_login_at", columns.Utc(), nullable=True),
        sa.Column("last_login_ip", sa.String(length=64), nullable=True),
        sa.Column("last_active_at", columns.Utc(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("initialized_at", columns.Utc(), nullable=True),
        sa.Column("created_at", columns.Utc(), nullable=False),
        sa.Column("updated_at", columns.Utc(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accounts")),
        sa.UniqueConstraint("email", name=op.f("uq_accounts_email")),
    )
    op.create_table(
        "dify_setups",
        sa.Column("version", sa.String(length=255), nullable=False),
        sa.Column("setup_at", columns.Utc(), nullable=False),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_dify_setups")),
    )
    op.create_table(
        "jobs",
        sa.Column("id", columns.Id, nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("queue", sa.String(length=64), nullable=False),
        sa.Column("payload", columns.JsonText(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", columns.Utc(), nullable=False),
        sa.Column("lease_owner", sa.String(length=64), nullable=True),
        sa.Column("lease_expires_at", columns.Utc(), nullable=True),
        sa.Column("error", columns.LongText(), nullable=True),
        sa.Column("created_at", columns.Utc(), nullable=False),
        sa.Column("finished_at", columns.Utc(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_jobs")),
    )
    with op.batch_alter_table("jobs", schema=None) as batch_op:
        batch_op.create_index("ix_jobs_due", ["status", "due_at"], unique=False)

    op.create_table(
        "tenants",
        sa.Column("id", columns.Id, nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("encrypt_public_key", columns.LongText(), nullable=True),
        sa.Column("plan", sa.String(length=255), nullable=False),
        sa.Column("status", sa.String(length=255), nullable=False),
        sa.Column("custom_config", columns.JsonText(), nullable=True),
        sa.Column("created_at", columns.Utc(), nullable=False),
        sa.Column("updated_at", columns.Utc(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tenants")),
    )
    op.create_table(
        "workflow_run_events",
        sa.Column("run_id", columns.Id, nullable=False),
        sa.Column("first_seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("frames", columns.LongText(), nullable=False),
        sa.Column("created_at", columns.Utc(), nullable=False),
        sa.PrimaryKeyConstraint("run_id", "first_seq", name=op.f("pk_workflow_run_events")),
    )
    with op.batch_alter_table("workflow_run_events", schema=None) as batch_op:
        batch_op.create_index("ix_workflow_run_events_created", ["created_at"], unique=False)

    op.create_table(
        "account_sessions",
        sa.Column("id", columns.Id, nullable=False),
        sa.Column("account_id", columns.Id, nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("previous_hash", sa.String(length=64), nullable=True),
        sa.Column("rotated_at", columns.Utc(), nullable=True),
        sa.Column("expires_at", columns.Utc(), nullable=False),
        sa.Column("ip", sa.String(length=64), nullable=True),
        sa.Column("user_agent", sa.String(length=255), nullable=True),
        sa.Column("created_at", columns.Utc(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_account_sessions_account_id_accounts"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account_sessions")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_account_sessions_token_hash")),
    )
    with op.batch_alter_table("account_sessions", schema=None) as batch_op:
        batch_op.create_index("ix_account_sessions_account_id", ["account_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_account_sessions_previous_hash"), ["previous_hash"], unique=False)

    op.create_table(
        "apps",
        sa.Column("id", columns.Id, nullable=False),
        sa.Column("tenant_id", columns.Id, nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("description", columns.LongText(), nullable=False),
        sa.Column("mode", sa.String(length=32), nullable=False),
        sa.Column("icon_type", sa.String(length=16), nullable=True),
        sa.Column("icon", sa.String(length=255), nullable=True),
        sa.Column("icon_background", sa.String(length=255), nullable=True),
        sa.Column("app_model_config_id", columns.Id, nullable=True),
        sa.Column("workflow_id", columns.Id, nullable=True),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("enable_site", sa.Boolean(), nullable=False),
        sa.Column("enable_api", sa.Boolean(), nullable=False),
        sa.Column("use_icon_as_answer_icon", sa.Boolean(), nullable=False),
        sa.Column("max_active_requests", sa.Integer(), nullable=True),
        sa.Column("tracing", columns.JsonText(), nullable=True),
        sa.Column("created_by", columns.Id, nullable=True),
        sa.Column("created_at", columns.Utc(), nullable=False),
        sa.Column("updated_by", columns.Id, nullable=True),
        sa.Column("updated_at", columns.Utc(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_apps_tenant_id_tenants"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_apps")),
    )
    with op.batch_alter_table("apps", schema=None) as batch_op:
        batch_op.create_index("ix_apps_tenant_created", ["tenant_id", "created_at"], unique=False)

    op.create_table(
        "end_users",
        sa.Column("id", columns.Id, nullable=False),
        sa.Column("tenant_id", columns.Id, nullable=False),
        sa.Column("app_id", columns.Id, nullable=True),
        sa.Column("type", sa.String(length=32), nullable=False),
        sa.Column("external_user_id", sa.String(length=255), nullable=True),
        sa.Column("name", sa.String(length=255), nullable=True),
        sa.Column("is_anonymous", sa.Boolean(), nullable=False),
        sa.Column("session_id", sa.String(length=255), nullable=False),
        sa.Column("created_at", columns.Utc(), nullable=False),
        sa.Column("updated_at", columns.Utc(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_end_users_tenant_id_tenants"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_end_users")),
    )
    with op.batch_alter_table("end_users", schema=None) as batch_op:
        batch_op.create_index("ix_end_users_session", ["tenant_id", "app_id", "session_id"], unique=False)

    op.create_table(
        "member_invitations",
        sa.Column("id", columns.Id, nullable=False),
        sa.Column("tenant_id", columns.Id, nullable=False),
        sa.Column("account_id", columns.Id, nullable=False),
        sa.Column("email", sa.String(length=255), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("expires_at", columns.Utc(), nullable=False),
        sa.Column("created_at", columns.Utc(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_member_invitations_account_id_accounts"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_member_invitations_tenant_id_tenants"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_member_invitations")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_member_invitations_token_hash")),
    )
    with op.batch_alter_table("member_invitations", schema=None) as batch_op:
        batch_op.create_index("ix_member_invitations_account_id", ["account_id"], unique=False)

    op.create_table(
        "operation_logs",
        sa.Column("id", columns.Id, nullable=False),
        sa.Column("tenant_id", columns.Id, nullable=False),
        sa.Column("account_id", columns.Id, nullable=True),
        sa.Column("action", sa.String(length=64), nullable=False),
        sa.Column("target", sa.String(length=255), nullable=True),
        sa.Column("content", columns.JsonText(), nullable=True),
        sa.Column("ip", sa.String(length=64), nullable=True),
        sa.Column("created_at", columns.Utc(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_operation_logs_tenant_id_tenants"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_operation_logs")),
    )
    with op.batch_alter_table("operation_logs", schema=None) as batch_op:
        batch_op.create_index("ix_operation_logs_tenant_created", ["tenant_id", "created_at"], unique=False)

    op.create_table(
        "provider_credentials",
        sa.Column("id", columns.Id, nullable=False),
        sa.Column("tenant_id", columns.Id, nullable=False),
        sa.Column("provider_name", sa.String(length=191), nullable=False),
        sa.Column("credential_name", sa.String(length=191), nullable=False),
        sa.Column("encrypted_config", columns.LongText(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", columns.Utc(), nullable=False),
        sa.Column("updated_at", columns.Utc(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_provider_credentials_tenant_id_tenants"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_provider_credentials")),
        sa.UniqueConstraint("tenant_id", "provider_name", "credential_name", name="uq_provider_credentials_name"),
    )
    op.create_table(
        "provider_model_credentials",
        sa.Column("id", columns.Id, nullable=False),
        sa.Column("tenant_id", columns.Id, nullable=False),
        sa.Column("provider_name", sa.String(length=160), nullable=False),
        sa.Column("model_name", sa.String(length=160), nullable=False),
        sa.Column("model_type", sa.String(length=32), nullable=False),
        sa.Column("credential_name", sa.String(length=100), nullable=False),
        sa.Column("encrypted_config", columns.LongText(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", columns.Utc(), nullable=False),
        sa.Column("updated_at", columns.Utc(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"],
            ["tenants.id"],
            name=op.f("fk_provider_model_credentials_tenant_id_tenants"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_provider_model_credentials")),
        sa.UniqueConstraint(
            "tenant_id", "provider_name", "model_name", "model_type", "credential_name", name="uq_provider_model_name"
        ),
    )
    op.create_table(
        "provider_model_settings",
        sa.Column("id", columns.Id, nullable=False),
        sa.Column("tenant_id", columns.Id, nullable=False),
        sa.Column("provider_name", sa.String(length=160), nullable=False),
        sa.Column("model_name", sa.String(length=160), nullable=False),
        sa.Column("model_type", sa.String(length=32), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("updated_at", columns.Utc(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_provider_model_settings_tenant_id_tenants"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_provider_model_settings")),
        sa.UniqueConstraint(
            "tenant_id", "provider_name", "model_name", "model_type", name="uq_provider_model_settings"
        ),
    )
    op.create_table(
        "tags",
        sa.Column("id", columns.Id, nullable=False),
        sa.Column("tenant_id", columns.Id, nullable=False),
        sa.Column("type", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("created_by", columns.Id, nullable=True),
        sa.Column("created_at", columns.Utc(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_tags_tenant_id_tenants"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tags")),
        sa.UniqueConstraint("tenant_id", "type", "name", name="uq_tags_name"),
    )
    op.create_table(
        "tenant_account_joins",
        sa.Column("id", columns.Id, nullable=False),
        sa.Column("tenant_id", columns.Id, nullable=False),
        sa.Column("account_id", columns.Id, nullable=False),
        sa.Column("current", sa.Boolean(), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("invited_by", columns.Id, nullable=True),
        sa.Column("created_at", columns.Utc(), nullable=False),
        sa.Column("updated_at", columns.Utc(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["accounts.id"],
            name=op.f("fk_tenant_account_joins_account_id_accounts"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_tenant_account_joins_tenant_id_tenants"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tenant_account_joins")),
        sa.UniqueConstraint("tenant_id", "account_id", name="uq_tenant_account_joins_pair"),
    )
    with op.batch_alter_table("tenant_account_joins", schema=None) as batch_op:
        batch_op.create_index("ix_tenant_account_joins_account_id", ["account_id"], unique=False)

    op.create_table(
        "tenant_default_models",
        sa.Column("id", columns.Id, nullable=False),
        sa.Column("tenant_id", columns.Id, nullable=False),
        sa.Column("provider_name", sa.String(length=255), nullable=False),
        sa.Column("model_name", sa.String(length=255), nullable=False),
        sa.Column("model_type", sa.String(length=40), nullable=False),
        sa.Column("updated_at", columns.Utc(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_tenant_default_models_tenant_id_tenants"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tenant_default_models")),
        sa.UniqueConstraint("tenant_id", "model_type", name="uq_tenant_default_models_kind"),
    )
    op.create_table(
        "tool_files",
        sa.Column("id", columns.Id, nullable=False),
        sa.Column("tenant_id", columns.Id, nullable=False),
        sa.Column("user_id", columns.Id, nullable=False),
        sa.Column("conversation_id", columns.Id, nullable=True),
        sa.Column("file_key", sa.String(length=255), nullable=False),
        sa.Column("mimetype", sa.String(length=255), nullable=False),
        sa.Column("original_url", columns.LongText(), nullable=True),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("created_at", columns.Utc(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_tool_files_tenant_id_tenants"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tool_files")),
    )
    with op.batch_alter_table("tool_files", schema=None) as batch_op:
        batch_op.create_index("ix_tool_files_tenant", ["tenant_id"], unique=False)

    op.create_table(
        "upload_files",
        sa.Column("id", columns.Id, nullable=False),
        sa.Column("tenant_id", columns.Id, nullable=False),
        sa.Column("storage_type", sa.String(length=32), nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("extension", sa.String(length=255), nullable=False),
        sa.Column("mime_type", sa.String(length=255), nullable=True),
        sa.Column("created_by_role", sa.String(length=16), nullable=False),
        sa.Column("created_by", columns.Id, nullable=False),
        sa.Column("used", sa.Boolean(), nullable=False),
        sa.Column("used_by", columns.Id, nullable=True),
        sa.Column("used_at", columns.Utc(), nullable=True),
        sa.Column("hash", sa.String(length=64), nullable=True),
        sa.Column("source_url", columns.LongText(), nullable=False),
        sa.Column("created_at", columns.Utc(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_upload_files_tenant_id_tenants"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_upload_files")),
    )
    with op.batch_alter_table("upload_files", schema=None) as batch_op:
        batch_op.create_index("ix_upload_files_tenant", ["tenant_id"], unique=False)

    op.create_table(
        "api_tokens",
        sa.Column("id", columns.Id, nullable=False),
        sa.Column("tenant_id", columns.Id, nullable=False),
        sa.Column("app_id", columns.Id, nullable=True),
        sa.Column("type", sa.String(length=16), nullable=False),
        sa.Column("token", sa.String(length=255), nullable=False),
        sa.Column("last_used_at", columns.Utc(), nullable=True),
        sa.Column("created_at", columns.Utc(), nullable=False),
        sa.ForeignKeyConstraint(["app_id"], ["apps.id"], name=op.f("fk_api_tokens_app_id_apps"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_api_tokens_tenant_id_tenants"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_tokens")),
        sa.UniqueConstraint("token", name=op.f("uq_api_tokens_token")),
    )
    with op.batch_alter_table("api_tokens", schema=None) as batch_op:
        batch_op.create_index("ix_api_tokens_app_id", ["app_id", "type"], unique=False)
        batch_op.create_index("ix_api_tokens_tenant", ["tenant_id", "type"], unique=False)

    op.create_table(
        "app_model_configs",
        sa.Column("id", columns.Id, nullable=False),
        sa.Column("app_id", columns.Id, nullable=False),
        sa.Column("configs", columns.JsonText(), nullable=False),
        sa.Column("created_by", columns.Id, nullable=True),
        sa.Column("created_at", columns.Utc(), nullable=False),
        sa.ForeignKeyConstraint(
            ["app_id"], ["apps.id"], name=op.f("fk_app_model_configs_app_id_apps"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_app_model_configs")),
    )
    with op.batch_alter_table("app_model_configs", schema=None) as batch_op:
        batch_op.create_index("ix_app_model_configs_app_id", ["app_id"], unique=False)

    op.create_table(
        "conversations",
        sa.Column("id", columns.Id, nullable=False),
        sa.Column("app_id", columns.Id, nullable=False),
        sa.Column("app_model_config_id", columns.Id, nullable=True),
        sa.Column("mode", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("summary", columns.LongText(), nullable=True),
        sa.Column("inputs", columns.JsonText(), nullable=False),
        sa.Column("introduction", columns.LongText(), nullable=True),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("invoke_from", sa.String(length=32), nullable=False),
        sa.Column("from_source", sa.String(length=16), nullable=False),
        sa.Column("from_end_user_id", columns.Id, nullable=True),
        sa.Column("from_account_id", columns.Id, nullable=True),
        sa.Column("read_at", columns.Utc(), nullable=True),
        sa.Column("read_account_id", columns.Id, nullable=True),
        sa.Column("dialogue_count", sa.Integer(), nullable=False),
        sa.Column("is_deleted", sa.Boolean(), nullable=False),
        sa.Column("created_at", columns.Utc(), nullable=False),
        sa.Column("updated_at", columns.Utc(), nullable=False),
        sa.ForeignKeyConstraint(["app_id"], ["apps.id"], name=op.f("fk_conversations_app_id_apps"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conversations")),
    )
    with op.batch_alter_table("conversations", schema=None) as batch_op:
        batch_op.create_index("ix_conversations_app_created", ["app_id", "created_at"], unique=False)
        batch_op.create_index("ix_conversations_app_user", ["app_id", "from_end_user_id", "updated_at"], unique=False)

    op.create_table(
        "idempotency_keys",
        sa.Column("id", columns.Id, nullable=False),
        sa.Column("app_id", columns.Id, nullable=False),
        sa.Column("caller", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=128), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("run_id", columns.Id, nullable=False),
        sa.Column("created_at", columns.Utc(), nullable=False),
        sa.ForeignKeyConstraint(
            ["app_id"], ["apps.id"], name=op.f("fk_idempotency_keys_app_id_apps"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_idempotency_keys")),
        sa.UniqueConstraint("app_id", "caller", "key", name="uq_idempotency_keys"),
    )
    with op.batch_alter_table("idempotency_keys", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_idempotency_keys_created_at"), ["created_at"], unique=False)

    op.create_table(
        "sites",
        sa.Column("id", columns.Id, nullable=False),
        sa.Column("app_id", columns.Id, nullable=False),
        sa.Column("code", sa.String(length=32), nullable=False),
        sa.Column("title", sa.String(length=255), nullable=False),
        sa.Column("icon_type", sa.String(length=16), nullable=True),
        sa.Column("icon", sa.String(length=255), nullable=True),
        sa.Column("icon_background", sa.String(length=255), nullable=True),
        sa.Column("description", columns.LongText(), nullable=True),
        sa.Column("default_language", sa.String(length=255), nullable=False),
        sa.Column("chat_color_theme", sa.String(length=255), nullable=True),
        sa.Column("chat_color_theme_inverted", sa.Boolean(), nullable=False),
        sa.Column("copyright", sa.String(length=255), nullable=True),
        sa.Column("privacy_policy", sa.String(length=255), nullable=True),
        sa.Column("custom_disclaimer", columns.LongText(), nullable=False),
        sa.Column("customize_domain", sa.String(length=255), nullable=True),
        sa.Column("customize_token_strategy", sa.String(length=16), nullable=False),
        sa.Column("prompt_public", sa.Boolean(), nullable=False),
        sa.Column("show_workflow_steps", sa.Boolean(), nullable=False),
        sa.Column("use_icon_as_answer_icon", sa.Boolean(), nullable=False),
        sa.Column("input_placeholder", sa.String(length=255), nullable=True),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("created_by", columns.Id, nullable=True),
        sa.Column("created_at", columns.Utc(), nullable=False),
        sa.Column("updated_by", columns.Id, nullable=True),
        sa.Column("updated_at", columns.Utc(), nullable=False),
        sa.ForeignKeyConstraint(["app_id"], ["apps.id"], name=op.f("fk_sites_app_id_apps"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sites")),
        sa.UniqueConstraint("app_id", name=op.f("uq_sites_app_id")),
        sa.UniqueConstraint("code", name=op.f("uq_sites_code")),
    )
    op.create_table(
        "tag_bindings",
        sa.Column("id", columns.Id, nullable=False),
        sa.Column("tenant_id", columns.Id, nullable=False),
        sa.Column("tag_id", columns.Id, nullable=False),
        sa.Column("target_id", columns.Id, nullable=False),
        sa.Column("created_at", columns.Utc(), nullable=False),
        sa.ForeignKeyConstraint(["tag_id"], ["tags.id"], name=op.f("fk_tag_bindings_tag_id_tags"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_tag_bindings_tenant_id_tenants"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tag_bindings")),
        sa.UniqueConstraint("tag_id", "target_id", name="uq_tag_bindings_pair"),
    )
    with op.batch_alter_table("tag_bindings", schema=None) as batch_op:
        batch_op.create_index("ix_tag_bindings_target_id", ["target_id"], unique=False)

    op.create_table(
        "workflow_app_logs",
        sa.Column("id", columns.Id, nullable=False),
        sa.Column("tenant_id", columns.Id, nullable=False),
        sa.Column("app_id", columns.Id, nullable=False),
        sa.Column("workflow_id", columns.Id, nullable=False),
        sa.Column("workflow_run_id", columns.Id, nullable=False),
        sa.Column("created_from", sa.String(length=32), nullable=False),
        sa.Column("created_by_role", sa.String(length=16), nullable=False),
        sa.Column("created_by", columns.Id, nullable=False),
        sa.Column("created_at", columns.Utc(), nullable=False),
        sa.ForeignKeyConstraint(
            ["app_id"], ["apps.id"], name=op.f("fk_workflow_app_logs_app_id_apps"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_workflow_app_logs")),
        sa.UniqueConstraint("workflow_run_id", name=op.f("uq_workflow_app_logs_workflow_run_id")),
    )
    with op.batch_alter_table("workflow_app_logs", schema=None) as batch_op:
        batch_op.create_index("ix_workflow_app_logs_app", ["app_id", "created_at"], unique=False)

    op.create_table(
        "workflow_node_executions",
        sa.Column("id", columns.Id, nullable=False),
        sa.Column("tenant_id", columns.Id, nullable=False),
        sa.Column("app_id", columns.Id, nullable=False),
        sa.Column("workflow_id", columns.Id, nullable=False),
        sa.Column("triggered_from", sa.String(length=32), nullable=False),
        sa.Column("workflow_run_id", columns.Id, nullable=True),
        sa.Column("index", sa.Integer(), nullable=False),
        sa.Column("predecessor_node_id", sa.String(length=255), nullable=True),
        sa.Column("node_execution_id", sa.String(length=255), nullable=True),
        sa.Column("node_id", sa.String(length=255), nullable=False),
        sa.Column("node_type", sa.String(length=64), nullable=False),
        sa.Column("title", sa.String(length=255), nullable=False),
        sa.Column("inputs", columns.LongText(), nullable=True),
        sa.Column("process_data", columns.LongText(), nullable=True),
        sa.Column("outputs", columns.LongText(), nullable=True),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("error", columns.LongText(), nullable=True),
        sa.Column("elapsed_time", sa.Double(), nullable=False),
        sa.Column("execution_metadata", columns.LongText(), nullable=True),
        sa.Column("checkpoint", columns.LongText(), nullable=True),
        sa.Column("created_by_role", sa.String(length=16), nullable=False),
        sa.Column("created_by", columns.Id, nullable=False),
        sa.Column("created_at", columns.Utc(), nullable=False),
        sa.Column("finished_at", columns.Utc(), nullable=True),
        sa.ForeignKeyConstraint(
            ["app_id"], ["apps.id"], name=op.f("fk_workflow_node_executions_app_id_apps"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_workflow_node_executions")),
    )
    with op.batch_alter_table("workflow_node_executions", schema=None) as batch_op:
        batch_op.create_index("ix_workflow_node_executions_node", ["app_id", "node_id", "created_at"], unique=False)
        batch_op.create_index("ix_workflow_node_executions_run", ["workflow_run_id", "index"], unique=False)

    op.create_table(
        "workflow_runs",
        sa.Column("id", columns.Id, nullable=False),
        sa.Column("tenant_id", columns.Id, nullable=False),
        sa.Column("app_id", columns.Id, nullable=False),
        sa.Column("workflow_id", columns.Id, nullable=False),
        sa.Column("type", sa.String(length=16), nullable=False),
        sa.Column("triggered_from", sa.String(length=32), nullable=False),
        sa.Column("version", sa.String(length=64), nullable=False),
        sa.Column("graph", columns.LongText(), nullable=True),
        sa.Column("inputs", columns.LongText(), nullable=True),
        sa.Column("status", sa.String(length=24), nullable=False),
        sa.Column("outputs", columns.LongText(), nullable=True),
        sa.Column("error", columns.LongText(), nullable=True),
        sa.Column("elapsed_time", sa.Double(), nullable=False),
        sa.Column("total_tokens", sa.Integer(), nullable=False),
        sa.Column("total_steps", sa.Integer(), nullable=False),
        sa.Column("exceptions_count", sa.Integer(), nullable=False),
        sa.Column("created_by_role", sa.String(length=16), nullable=False),
        sa.Column("created_by", columns.Id, nullable=False),
        sa.Column("created_at", columns.Utc(), nullable=False),
        sa.Column("finished_at", columns.Utc(), nullable=True),
        sa.Column("task_id", columns.Id, nullable=False),
        sa.Column("request", columns.JsonText(), nullable=True),
        sa.Column("lease_owner", sa.String(length=64), nullable=True),
        sa.Column("lease_token", sa.Integer(), nullable=False),
        sa.Column("lease_expires_at", columns.Utc(), nullable=True),
        sa.Column("stop_requested", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["app_id"], ["apps.id"], name=op.f("fk_workflow_runs_app_id_apps"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_workflow_runs")),
    )
    with op.batch_alter_table("workflow_runs", schema=None) as batch_op:
        batch_op.create_index("ix_workflow_runs_app", ["app_id", "triggered_from", "created_at"], unique=False)
        batch_op.create_index("ix_workflow_runs_lease", ["status", "lease_expires_at"], unique=False)

    op.create_table(
        "workflows",
        sa.Column("id", columns.Id, nullable=False),
        sa.Column("tenant_id", columns.Id, nullable=False),
        sa.Column("app_id", columns.Id, nullable=False),
        sa.Column("type", sa.String(length=32), nullable=False),
        sa.Column("version", sa.String(length=64), nullable=False),
        sa.Column("graph", columns.LongText(), nullable=False),
        sa.Column("features", columns.LongText(), nullable=False),
        sa.Column("environment_variables", columns.JsonText(), nullable=False),
        sa.Column("conversation_variables", columns.JsonText(), nullable=False),
        sa.Column("rag_pipeline_variables", columns.JsonText(), nullable=False),
        sa.Column("marked_name", sa.String(length=255), nullable=False),
        sa.Column("marked_comment", sa.String(length=255), nullable=False),
        sa.Column("created_by", columns.Id, nullable=False),
        sa.Column("created_at", columns.Utc(), nullable=False),
        sa.Column("updated_by", columns.Id, nullable=True),
        sa.Column("updated_at", columns.Utc(), nullable=False),
        sa.ForeignKeyConstraint(["app_id"], ["apps.id"], name=op.f("fk_workflows_app_id_apps"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_workflows_tenant_id_tenants"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_workflows")),
    )
    with op.batch_alter_table("workflows", schema=None) as batch_op:
        batch_op.create_index("ix_workflows_app_version", ["tenant_id", "app_id", "version"], unique=False)

    op.create_table(
        "messages",
        sa.Column("id", columns.Id, nullable=False),
        sa.Column("app_id", columns.Id, nullable=False),
        sa.Column("conversation_id", columns.Id, nullable=False),
        sa.Column("parent_message_id", columns.Id, nullable=True),
        sa.Column("model_provider", sa.String(length=255), nullable=True),
        sa.Column("model_id", sa.String(length=255), nullable=True),
        sa.Column("inputs", columns.JsonText(), nullable=False),
        sa.Column("query", columns.LongText(), nullable=False),
        sa.Column("message", columns.JsonText(), nullable=True),
        sa.Column("answer", columns.LongText(), nullable=False),
        sa.Column("message_tokens", sa.Integer(), nullable=False),
        sa.Column("answer_tokens", sa.Integer(), nullable=False),
        sa.Column("total_price", columns.Money(), nullable=False),
        sa.Column("currency", sa.String(length=16), nullable=False),
        sa.Column("provider_response_latency", sa.Double(), nullable=False),
        sa.Column("message_metadata", columns.JsonText(), nullable=True),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("error", columns.LongText(), nullable=True),
        sa.Column("invoke_from", sa.String(length=32), nullable=False),
        sa.Column("from_source", sa.String(length=16), nullable=False),
        sa.Column("from_end_user_id", columns.Id, nullable=True),
        sa.Column("from_account_id", columns.Id, nullable=True),
        sa.Column("workflow_run_id", columns.Id, nullable=True),
        sa.Column("run_id", columns.Id, nullable=True),
        sa.Column("created_at", columns.Utc(), nullable=False),
        sa.Column("updated_at", columns.Utc(), nullable=False),
        sa.ForeignKeyConstraint(["app_id"], ["apps.id"], name=op.f("fk_messages_app_id_apps"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversations.id"],
            name=op.f("fk_messages_conversation_id_conversations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_messages")),
    )
    with op.batch_alter_table("messages", schema=None) as batch_op:
        batch_op.create_index("ix_messages_app_created", ["app_id", "created_at"], unique=False)
        batch_op.create_index("ix_messages_conversation", ["conversation_id", "created_at"], unique=False)
        batch_op.create_index("ix_messages_run", ["run_id"], unique=False)

    op.create_table(
        "pinned_conversations",
        sa.Column("id", columns.Id, nullable=False),
        sa.Column("app_id", columns.Id, nullable=False),
        sa.Column("conversation_id", columns.Id, nullable=False),
        sa.Column("created_by_role", sa.String(length=16), nullable=False),
        sa.Column("created_by", columns.Id, nullable=False),
        sa.Column("created_at", columns.Utc(), nullable=False),
        sa.ForeignKeyConstraint(
            ["app_id"], ["apps.id"], name=op.f("fk_pinned_conversations_app_id_apps"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversations.id"],
            name=op.f("fk_pinned_conversations_conversation_id_conversations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pinned_conversations")),
        sa.UniqueConstraint(
            "app_id", "conversation_id", "created_by_role", "created_by", name="uq_pinned_conversations"
        ),
    )
    op.create_table(
        "workflow_conversation_variables",
        sa.Column("id", columns.Id, nullable=False),
        sa.Column("conversation_id", columns.Id, nullable=False),
        sa.Column("app_id", columns.Id, nullable=False),
        sa.Column("data", columns.JsonText(), nullable=False),
        sa.Column("created_at", columns.Utc(), nullable=False),
        sa.Column("updated_at", columns.Utc(), nullable=False),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversations.id"],
            name=op.f("fk_workflow_conversation_variables_conversation_id_conversations"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", "conversation_id", name=op.f("pk_workflow_conversation_variables")),
    )
    with op.batch_alter_table("workflow_conversation_variables", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_workflow_conversation_variables_app_id"), ["app_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_workflow_conversation_variables_conversation_id"), ["conversation_id"], unique=False
        )

    op.create_table(
        "message_feedbacks",
        sa.Column("id", columns.Id, nullable=False),
        sa.Column("app_id", columns.Id, nullable=False),
        sa.Column("conversation_id", columns.Id, nullable=False),
        sa.Column("message_id", columns.Id, nullable=False),
        sa.Column("rating", sa.String(length=16), nullable=False),
        sa.Column("content", columns.LongText(), nullable=True),
        sa.Column("from_source", sa.String(length=16), nullable=False),
        sa.Column("from_end_user_id", columns.Id, nullable=True),
        sa.Column("from_account_id", columns.Id, nullable=True),
        sa.Column("created_at", columns.Utc(), nullable=False),
        sa.Column("updated_at", columns.Utc(), nullable=False),
        sa.ForeignKeyConstraint(
            ["app_id"], ["apps.id"], name=op.f("fk_message_feedbacks_app_id_apps"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["message_id"], ["messages.id"], name=op.f("fk_message_feedbacks_message_id_messages"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message_feedbacks")),
    )
    with op.batch_alter_table("message_feedbacks", schema=None) as batch_op:
        batch_op.create_index("ix_message_feedbacks_app", ["app_id", "created_at"], unique=False)
        batch_op.create_index("ix_message_feedbacks_message", ["message_id", "from_source"], unique=False)

    op.create_table(
        "message_files",
        sa.Column("id", columns.Id, nullable=False),
        sa.Column("message_id", columns.Id, nullable=False),
        sa.Column("type", sa.String(length=16), nullable=False),
        sa.Column("transfer_method", sa.String(length=16), nullable=False),
        sa.Column("url", columns.LongText(), nullable=True),
        sa.Column("belongs_to", sa.String(length=16), nullable=False),
        sa.Column("upload_file_id", columns.Id, nullable=True),
        sa.Column("created_by_role", sa.String(length=16), nullable=False),
        sa.Column("created_by", columns.Id, nullable=False),
        sa.Column("created_at", columns.Utc(), nullable=False),
        sa.ForeignKeyConstraint(
            ["message_id"], ["messages.id"], name=op.f("fk_message_files_message_id_messages"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message_files")),
    )
    with op.batch_alter_table("message_files", schema=None) as batch_op:
        batch_op.create_index("ix_message_files_message", ["message_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_message_files_upload_file_id"), ["upload_file_id"], unique=False)

    op.create_table(
        "saved_messages",
        sa.Column("id", columns.Id, nullable=False),
        sa.Column("app_id", columns.Id, nullable=False),
        sa.Column("message_id", columns.Id, nullable=False),
        sa.Column("created_by_role", sa.String(length=16), nullable=False),
        sa.Column("created_by", columns.Id, nullable=False),
        sa.Column("created_at", columns.Utc(), nullable=False),
        sa.ForeignKeyConstraint(
            ["app_id"], ["apps.id"], name=op.f("fk_saved_messages_app_id_apps"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["message_id"], ["messages.id"], name=op.f("fk_saved_messages_message_id_messages"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_messages")),
        sa.UniqueConstraint("app_id", "message_id", "created_by_role", "created_by", name="uq_saved_messages"),
    )


def downgrade() -> None:
    # A table takes its indexes with it.
    op.drop_table("saved_messages")
    op.drop_table("message_files")
    op.drop_table("message_feedbacks")
    op.drop_table("workflow_conversation_variables")
    op.drop_table("pinned_conversations")
    op.drop_table("messages")
    op.drop_table("workflows")
    op.drop_table("workflow_runs")
    op.drop_table("workflow_node_executions")
    op.drop_table("workflow_app_logs")
    op.drop_table("tag_bindings")
    op.drop_table("sites")
    op.drop_table("idempotency_keys")
    op.drop_table("conversations")
    op.drop_table("app_model_configs")
    op.drop_table("api_tokens")
    op.drop_table("upload_files")
    op.drop_table("tool_files")
    op.drop_table("tenant_default_models")
    op.drop_table("tenant_account_joins")
    op.drop_table("tags")
    op.drop_table("provider_model_settings")
    op.drop_table("provider_model_credentials")
    op.drop_table("provider_credentials")
    op.drop_table("operation_logs")
    op.drop_table("member_invitations")
    op.drop_table("end_users")
    op.drop_table("apps")
    op.drop_table("account_sessions")
    op.drop_table("workflow_run_events")
    op.drop_table("tenants")
    op.drop_table("jobs")
    op.drop_table("dify_setups")
    op.drop_table("accounts")
