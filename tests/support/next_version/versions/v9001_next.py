"""What the next version adds"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from tests.support.next_version import BEFORE

from orrery.database import columns

revision = "9001"
down_revision = BEFORE
serves_from = BEFORE


def upgrade() -> None:
    op.create_table(
        "next_things",
        sa.Column("id", columns.Id, nullable=False),
        sa.Column("app_id", columns.Id, nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("made_at", columns.Utc(), nullable=True, index=True),
        sa.ForeignKeyConstraint(["app_id"], ["apps.id"], name="fk_next_things_app", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_next_things"),
        sa.UniqueConstraint("app_id", "name", name="uq_next_things"),
    )
    op.create_index("ix_next_things_name", "next_things", ["name"])
    op.add_column("jobs", sa.Column("weight", sa.Integer(), nullable=True))
    op.add_column("workflow_runs", sa.Column("region", sa.String(length=16), nullable=False, server_default="here"))
    op.create_index("ix_workflow_runs_region", "workflow_runs", ["region", "created_at"])
    op.execute("UPDATE jobs SET weight = 1 WHERE weight IS NULL")


def downgrade() -> None:
    op.drop_index("ix_workflow_runs_region", "workflow_runs")
    op.drop_column("workflow_runs", "region")
    op.drop_column("jobs", "weight")
    op.drop_table("next_things")
