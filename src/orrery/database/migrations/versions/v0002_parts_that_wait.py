"""Parts that wait, call and are called"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from orrery.database import columns

revision = "0002"
down_revision = "0001"
serves_from = "0001"
"""The oldest revision whose code works on this schema too. Only what adds may keep the one before."""


def upgrade() -> None:
    op.create_table(
        "plugin_install_tasks",
        sa.Column("id", columns.Id, nullable=False),
        sa.Column("tenant_id", sa.String(length=64), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("total_plugins", sa.Integer(), nullable=False),
        sa.Column("completed_plugins", sa.Integer(), nullable=False),
        sa.Column("plugins", columns.JsonText(), nullable=False),
        sa.Column("expires_at", columns.Utc(), nullable=True),
        sa.Column("created_at", columns.Utc(), nullable=False),
        sa.Column("updated_at", columns.Utc(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plugin_install_tasks")),
    )
    with op.batch_alter_table("plugin_install_tasks", schema=None) as batch_op:
        batch_op.create_index("ix_plugin_install_tasks_tenant", ["tenant_id"], unique=False)

    op.create_table(
        "plugin_installations",
        sa.Column("id", columns.Id, nullable=False),
        sa.Column("tenant_id", sa.String(length=64), nullable=False),
        sa.Column("plugin_id", sa.String(length=200), nullable=False),
        sa.Column("plugin_unique_identifier", sa.String(length=320), nullable=False),
        sa.Column("runtime_type", sa.String(length=16), nullable=False),
        sa.Column("source", sa.String(length=32), nullable=False),
        sa.Column("meta", columns.JsonText(), nullable=False),
        sa.Column("created_at", columns.Utc(), nullable=False),
        sa.Column("updated_at", columns.Utc(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plugin_installations")),
        sa.UniqueConstraint("tenant_id", "plugin_id", name=op.f("uq_plugin_installations_tenant_id_plugin_id")),
    )
    with op.batch_alter_table("plugin_installations", schema=None) as batch_op:
        batch_op.create_index("ix_plugin_installations_identifier", ["plugin_unique_identifier"], unique=False)

    op.create_table(
        "plugin_packages",
        sa.Column("id", columns.Id, nullable=False),
        sa.Column("plugin_unique_identifier", sa.String(length=320), nullable=False),
        sa.Column("plugin_id", sa.String(length=200), nullable=False),
        sa.Column("category", sa.String(length=32), nullable=False),
        sa.Column("declaration", columns.LongText(), nullable=False),
        sa.Column("verification", columns.JsonText(), nullable=True),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("created_at", columns.Utc(), nullable=False),
        sa.Column("updated_at", columns.Utc(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plugin_packages")),
        sa.UniqueConstraint("plugin_unique_identifier", name=op.f("uq_plugin_packages_plugin_unique_identifier")),
    )
    with op.batch_alter_table("plugin_packages", schema=None) as batch_op:
        batch_op.create_index("ix_plugin_packages_plugin", ["plugin_id"], unique=False)

    op.create_table(
        "plugin_readmes",
        sa.Column("id", columns.Id, nullable=False),
        sa.Column("plugin_unique_identifier", sa.String(length=320), nullable=False),
        sa.Column("language", sa.String(length=16), nullable=False),
        sa.Column("content", columns.LongText(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plugin_readmes")),
        sa.UniqueConstraint(
            "plugin_unique_identifier", "language", name=op.f("uq_plugin_readmes_plugin_unique_identifier_language")
        ),
    )
    op.create_table(
        "tool_api_providers",
        sa.Column("id", columns.Id, nullable=False),
        sa.Column("tenant_id", columns.Id, nullable=False),
        sa.Column("user_id", columns.Id, nullable=False),
        sa.Column("name", sa.String(length=191), nullable=False),
        sa.Column("icon", columns.JsonText(), nullable=True),
        sa.Column("description", columns.LongText(), nullable=False),
        sa.Column("schema_type", sa.String(length=32), nullable=False),
        sa.Column("schema_text", columns.LongText(), nullable=False),
        sa.Column("operations", columns.JsonText(), nullable=False),
        sa.Column("encrypted_credentials", columns.LongText(), nullable=False),
        sa.Column("privacy_policy", columns.LongText(), nullable=True),
        sa.Column("custom_disclaimer", columns.LongText(), nullable=True),
        sa.Column("labels", columns.JsonText(), nullable=True),
        sa.Column("created_at", columns.Utc(), nullable=False),
        sa.Column("updated_at", columns.Utc(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_tool_api_providers_tenant_id_tenants"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tool_api_providers")),
        sa.UniqueConstraint("tenant_id", "name", name="uq_tool_api_providers_name"),
    )
    op.create_table(
        "tool_builtin_providers",
        sa.Column("id", columns.Id, nullable=False),
        sa.Column("tenant_id", columns.Id, nullable=False),
        sa.Column("user_id", columns.Id, nullable=False),
        sa.Column("provider", sa.String(length=191), nullable=False),
        sa.Column("name", sa.String(length=191), nullable=False),
        sa.Column("credential_type", sa.String(length=32), nullable=False),
        sa.Column("encrypted_credentials", columns.LongText(), nullable=False),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.Column("created_at", columns.Utc(), nullable=False),
        sa.Column("updated_at", columns.Utc(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_tool_builtin_providers_tenant_id_tenants"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tool_builtin_providers")),
        sa.UniqueConstraint("tenant_id", "provider", "name", name="uq_tool_builtin_providers_name"),
    )
    op.create_table(
        "tool_mcp_providers",
        sa.Column("id", columns.Id, nullable=False),
        sa.Column("tenant_id", columns.Id, nullable=False),
        sa.Column("user_id", columns.Id, nullable=False),
        sa.Column("name", sa.String(length=191), nullable=False),
        sa.Column("server_identifier", sa.String(length=64), nullable=False),
        sa.Column("encrypted_server_url", columns.LongText(), nullable=False),
        sa.Column("server_url_hash", sa.String(length=64), nullable=False),
        sa.Column("icon", columns.JsonText(), nullable=True),
        sa.Column("encrypted_headers", columns.LongText(), nullable=True),
        sa.Column("encrypted_client", columns.LongText(), nullable=True),
        sa.Column("encrypted_login", columns.LongText(), nullable=True),
        sa.Column("authed", sa.Boolean(), nullable=False),
        sa.Column("tools", columns.JsonText(), nullable=False),
        sa.Column("timeout", sa.Double(), nullable=False),
        sa.Column("sse_read_timeout", sa.Double(), nullable=False),
        sa.Column("created_at", columns.Utc(), nullable=False),
        sa.Column("updated_at", columns.Utc(), nullable=False),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_tool_mcp_providers_tenant_id_tenants"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tool_mcp_providers")),
        sa.UniqueConstraint("tenant_id", "name", name="uq_tool_mcp_providers_name"),
        sa.UniqueConstraint("tenant_id", "server_identifier", name="uq_tool_mcp_providers_identifier"),
        sa.UniqueConstraint("tenant_id", "server_url_hash", name="uq_tool_mcp_providers_url"),
    )
    op.create_table(
        "app_triggers",
        sa.Column("id", columns.Id, nullable=False),
        sa.Column("tenant_id", columns.Id, nullable=False),
        sa.Column("app_id", columns.Id, nullable=False),
        sa.Column("node_id", sa.String(length=255), nullable=False),
        sa.Column("trigger_type", sa.String(length=32), nullable=False),
        sa.Column("title", sa.String(length=255), nullable=False),
        sa.Column("provider_name", sa.String(length=255), nullable=False),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("created_at", columns.Utc(), nullable=False),
        sa.Column("updated_at", columns.Utc(), nullable=False),
        sa.ForeignKeyConstraint(["app_id"], ["apps.id"], name=op.f("fk_app_triggers_app_id_apps"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_app_triggers_tenant_id_tenants"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_app_triggers")),
        sa.UniqueConstraint("app_id", "node_id", name="uq_app_triggers"),
    )
    op.create_table(
        "human_input_forms",
        sa.Column("id", columns.Id, nullable=False),
        sa.Column("tenant_id", columns.Id, nullable=False),
        sa.Column("app_id", columns.Id, nullable=False),
        sa.Column("workflow_run_id", columns.Id, nullable=False),
        sa.Column("node_id", sa.String(length=255), nullable=False),
        sa.Column("place", sa.String(length=255), nullable=False),
        sa.Column("definition", columns.JsonText(), nullable=False),
        sa.Column("display_in_ui", sa.Boolean(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("ends_at", columns.Utc(), nullable=False),
        sa.Column("action_id", sa.String(length=64), nullable=True),
        sa.Column("values", columns.JsonText(), nullable=True),
        sa.Column("answered_by", columns.Id, nullable=True),
        sa.Column("answered_by_role", sa.String(length=16), nullable=True),
        sa.Column("answered_by_user", columns.Id, nullable=True),
        sa.Column("ended_at", columns.Utc(), nullable=True),
        sa.Column("woken_at", columns.Utc(), nullable=True),
        sa.Column("created_at", columns.Utc(), nullable=False),
        sa.ForeignKeyConstraint(
            ["app_id"], ["apps.id"], name=op.f("fk_human_input_forms_app_id_apps"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_human_input_forms")),
        sa.UniqueConstraint("workflow_run_id", "place", name="uq_human_input_forms_place"),
    )
    with op.batch_alter_table("human_input_forms", schema=None) as batch_op:
        batch_op.create_index("ix_human_input_forms_status", ["status", "ends_at"], unique=False)
        batch_op.create_index("ix_human_input_forms_woken", ["woken_at", "status"], unique=False)

    op.create_table(
        "tool_workflow_providers",
        sa.Column("id", columns.Id, nullable=False),
        sa.Column("tenant_id", columns.Id, nullable=False),
        sa.Column("app_id", columns.Id, nullable=False),
        sa.Column("user_id", columns.Id, nullable=False),
        sa.Column("name", sa.String(length=191), nullable=False),
        sa.Column("label", sa.String(length=255), nullable=False),
        sa.Column("icon", columns.JsonText(), nullable=True),
        sa.Column("description", columns.LongText(), nullable=False),
        sa.Column("version", sa.String(length=64), nullable=False),
        sa.Column("parameters", columns.JsonText(), nullable=False),
        sa.Column("privacy_policy", columns.LongText(), nullable=True),
        sa.Column("labels", columns.JsonText(), nullable=True),
        sa.Column("created_at", columns.Utc(), nullable=False),
        sa.Column("updated_at", columns.Utc(), nullable=False),
        sa.ForeignKeyConstraint(
            ["app_id"], ["apps.id"], name=op.f("fk_tool_workflow_providers_app_id_apps"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_tool_workflow_providers_tenant_id_tenants"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tool_workflow_providers")),
        sa.UniqueConstraint("tenant_id", "app_id", name="uq_tool_workflow_providers_app"),
        sa.UniqueConstraint("tenant_id", "name", name="uq_tool_workflow_providers_name"),
    )
    op.create_table(
        "workflow_draft_variables",
        sa.Column("id", columns.Id, nullable=False),
        sa.Column("tenant_id", columns.Id, nullable=False),
        sa.Column("app_id", columns.Id, nullable=False),
        sa.Column("user_id", columns.Id, nullable=False),
        sa.Column("node_id", sa.String(length=255), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("description", columns.LongText(), nullable=False),
        sa.Column("value_type", sa.String(length=32), nullable=False),
        sa.Column("value", columns.LongText(), nullable=False),
        sa.Column("edited", sa.Boolean(), nullable=False),
        sa.Column("visible", sa.Boolean(), nullable=False),
        sa.Column("editable", sa.Boolean(), nullable=False),
        sa.Column("node_execution_id", columns.Id, nullable=True),
        sa.Column("file_id", columns.Id, nullable=True),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("length", sa.Integer(), nullable=True),
        sa.Column("created_at", columns.Utc(), nullable=False),
        sa.Column("updated_at", columns.Utc(), nullable=False),
        sa.ForeignKeyConstraint(
            ["app_id"], ["apps.id"], name=op.f("fk_workflow_draft_variables_app_id_apps"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_workflow_draft_variables")),
    )
    with op.batch_alter_table("workflow_draft_variables", schema=None) as batch_op:
        batch_op.create_index("ix_workflow_draft_variables_node", ["app_id", "user_id", "node_id"], unique=False)

    op.create_table(
        "workflow_pauses",
        sa.Column("id", columns.Id, nullable=False),
        sa.Column("tenant_id", columns.Id, nullable=False),
        sa.Column("app_id", columns.Id, nullable=False),
        sa.Column("workflow_id", columns.Id, nullable=False),
        sa.Column("workflow_run_id", columns.Id, nullable=False),
        sa.Column("paused_nodes", columns.JsonText(), nullable=False),
        sa.Column("reasons", columns.JsonText(), nullable=False),
        sa.Column("elapsed_time", sa.Double(), nullable=False),
        sa.Column("paused_at", columns.Utc(), nullable=False),
        sa.Column("resumed_at", columns.Utc(), nullable=True),
        sa.ForeignKeyConstraint(
            ["app_id"], ["apps.id"], name=op.f("fk_workflow_pauses_app_id_apps"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_workflow_pauses")),
    )
    with op.batch_alter_table("workflow_pauses", schema=None) as batch_op:
        batch_op.create_index("ix_workflow_pauses_run", ["workflow_run_id", "paused_at"], unique=False)

    op.create_table(
        "workflow_run_callbacks",
        sa.Column("run_id", columns.Id, nullable=False),
        sa.Column("tenant_id", columns.Id, nullable=False),
        sa.Column("app_id", columns.Id, nullable=False),
        sa.Column("url", columns.LongText(), nullable=False),
        sa.Column("secret", columns.LongText(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("error", columns.LongText(), nullable=True),
        sa.Column("created_at", columns.Utc(), nullable=False),
        sa.Column("delivered_at", columns.Utc(), nullable=True),
        sa.ForeignKeyConstraint(
            ["app_id"], ["apps.id"], name=op.f("fk_workflow_run_callbacks_app_id_apps"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_workflow_run_callbacks_tenant_id_tenants"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("run_id", name=op.f("pk_workflow_run_callbacks")),
    )
    with op.batch_alter_table("workflow_run_callbacks", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_workflow_run_callbacks_created_at"), ["created_at"], unique=False)

    op.create_table(
        "workflow_schedule_plans",
        sa.Column("id", columns.Id, nullable=False),
        sa.Column("tenant_id", columns.Id, nullable=False),
        sa.Column("app_id", columns.Id, nullable=False),
        sa.Column("node_id", sa.String(length=255), nullable=False),
        sa.Column("cron_expression", sa.String(length=255), nullable=False),
        sa.Column("timezone", sa.String(length=64), nullable=False),
        sa.Column("next_run_at", columns.Utc(), nullable=True),
        sa.Column("created_at", columns.Utc(), nullable=False),
        sa.Column("updated_at", columns.Utc(), nullable=False),
        sa.ForeignKeyConstraint(
            ["app_id"], ["apps.id"], name=op.f("fk_workflow_schedule_plans_app_id_apps"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_workflow_schedule_plans_tenant_id_tenants"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_workflow_schedule_plans")),
        sa.UniqueConstraint("app_id", "node_id", name="uq_workflow_schedule_plans"),
    )
    with op.batch_alter_table("workflow_schedule_plans", schema=None) as batch_op:
        batch_op.create_index("ix_workflow_schedule_plans_next", ["next_run_at"], unique=False)

    op.create_table(
        "workflow_trigger_logs",
        sa.Column("id", columns.Id, nullable=False),
        sa.Column("tenant_id", columns.Id, nullable=False),
        sa.Column("app_id", columns.Id, nullable=False),
        sa.Column("workflow_id", columns.Id, nullable=False),
        sa.Column("workflow_run_id", columns.Id, nullable=False),
        sa.Column("root_node_id", sa.String(length=255), nullable=False),
        sa.Column("trigger_metadata", columns.JsonText(), nullable=False),
        sa.Column("trigger_type", sa.String(length=32), nullable=False),
        sa.Column("trigger_data", columns.LongText(), nullable=False),
        sa.Column("outputs", columns.LongText(), nullable=True),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("error", columns.LongText(), nullable=True),
        sa.Column("queue_name", sa.String(length=64), nullable=False),
        sa.Column("created_by_role", sa.String(length=16), nullable=False),
        sa.Column("created_by", columns.Id, nullable=False),
        sa.Column("retry_count", sa.Integer(), nullable=False),
        sa.Column("elapsed_time", sa.Double(), nullable=True),
        sa.Column("total_tokens", sa.Integer(), nullable=True),
        sa.Column("created_at", columns.Utc(), nullable=False),
        sa.Column("triggered_at", columns.Utc(), nullable=True),
        sa.Column("finished_at", columns.Utc(), nullable=True),
        sa.ForeignKeyConstraint(
            ["app_id"], ["apps.id"], name=op.f("fk_workflow_trigger_logs_app_id_apps"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name=op.f("fk_workflow_trigger_logs_tenant_id_tenants"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_workflow_trigger_logs")),
    )
    with op.batch_alter_table("workflow_trigger_logs", schema=None) as batch_op:
        batch_op.create_index("ix_workflow_trigger_logs_app", ["app_id", "created_at"], unique=False)
        batch_op.create_index("ix_workflow_trigger_logs_run", ["workflow_run_id"], unique=False)

    op.create_table(
        "workflow_webhook_triggers",
        sa.Column("id", columns.Id, nullable=False),
        sa.Column("tenant_id", columns.Id, nullable=False),
        sa.Column("app_id", columns.Id, nullable=False),
        sa.Column("node_id", sa.String(length=255), nullable=False),
        sa.Column("webhook_id", sa.String(length=24), nullable=False),
        sa.Column("created_by", columns.Id, nullable=False),
        sa.Column("created_at", columns.Utc(), nullable=False),
        sa.Column("updated_at", columns.Utc(), nullable=False),
        sa.ForeignKeyConstraint(
            ["app_id"], ["apps.id"], name=op.f("fk_workflow_webhook_triggers_app_id_apps"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"],
            ["tenants.id"],
            name=op.f("fk_workflow_webhook_triggers_tenant_id_tenants"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_workflow_webhook_triggers")),
        sa.UniqueConstraint("app_id", "node_id", name="uq_workflow_webhook_triggers"),
        sa.UniqueConstraint("webhook_id", name=op.f("uq_workflow_webhook_triggers_webhook_id")),
    )
    op.create_table(
        "human_input_recipients",
        sa.Column("id", columns.Id, nullable=False),
        sa.Column("form_id", columns.Id, nullable=False),
        sa.Column("type", sa.String(length=24), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("method_id", sa.String(length=64), nullable=True),
        sa.Column("account_id", columns.Id, nullable=True),
        sa.Column("email", sa.String(length=320), nullable=True),
        sa.Column("mail", columns.JsonText(), nullable=True),
        sa.Column("delivery", sa.String(length=16), nullable=True),
        sa.Column("error", columns.LongText(), nullable=True),
        sa.Column("sent_at", columns.Utc(), nullable=True),
        sa.Column("created_at", columns.Utc(), nullable=False),
        sa.ForeignKeyConstraint(
            ["form_id"],
            ["human_input_forms.id"],
            name=op.f("fk_human_input_recipients_form_id_human_input_forms"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_human_input_recipients")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_human_input_recipients_token_hash")),
    )
    with op.batch_alter_table("human_input_recipients", schema=None) as batch_op:
        batch_op.create_index("ix_human_input_recipients_delivery", ["delivery", "created_at"], unique=False)
        batch_op.create_index("ix_human_input_recipients_form", ["form_id"], unique=False)

    op.create_table(
        "message_agent_thoughts",
        sa.Column("id", columns.Id, nullable=False),
        sa.Column("message_id", columns.Id, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("thought", columns.LongText(), nullable=False),
        sa.Column("tool", columns.LongText(), nullable=False),
        sa.Column("tool_labels", columns.JsonText(), nullable=False),
        sa.Column("tool_input", columns.LongText(), nullable=False),
        sa.Column("observation", columns.LongText(), nullable=False),
        sa.Column("message_files", columns.JsonText(), nullable=False),
        sa.Column("tokens", sa.Integer(), nullable=False),
        sa.Column("created_by_role", sa.String(length=16), nullable=False),
        sa.Column("created_by", columns.Id, nullable=False),
        sa.Column("created_at", columns.Utc(), nullable=False),
        sa.ForeignKeyConstraint(
            ["message_id"],
            ["messages.id"],
            name=op.f("fk_message_agent_thoughts_message_id_messages"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message_agent_thoughts")),
    )
    with op.batch_alter_table("message_agent_thoughts", schema=None) as batch_op:
        batch_op.create_index("ix_message_agent_thoughts_message", ["message_id", "position"], unique=False)


def downgrade() -> None:
    # A table takes its indexes with it.
    op.drop_table("message_agent_thoughts")
    op.drop_table("human_input_recipients")
    op.drop_table("workflow_webhook_triggers")
    op.drop_table("workflow_trigger_logs")
    op.drop_table("workflow_schedule_plans")
    op.drop_table("workflow_run_callbacks")
    op.drop_table("workflow_pauses")
    op.drop_table("workflow_draft_variables")
    op.drop_table("tool_workflow_providers")
    op.drop_table("human_input_forms")
    op.drop_table("app_triggers")
    op.drop_table("tool_mcp_providers")
    op.drop_table("tool_builtin_providers")
    op.drop_table("tool_api_providers")
    op.drop_table("plugin_readmes")
    op.drop_table("plugin_packages")
    op.drop_table("plugin_installations")
    op.drop_table("plugin_install_tasks")
