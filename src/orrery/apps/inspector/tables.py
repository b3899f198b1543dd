"""Rows of draft variables (workflow.md 7.4)."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from orrery.database.columns import Id, LongText, Utc
from orrery.database.orm import Table, utc_now


class DraftVariable(Table):
    """One variable of one account's work on one app's draft.

    ``node_id`` is a node, ``sys`` or ``conversation``. ``value`` is JSON text; of a large value it is what is shown,
    and the uploaded file ``file_id`` holds the whole of it (``size_bytes``, ``length`` in characters, elements or
    keys). ``node_execution_id`` is the execution that it comes from.
    """

    __tablename__ = "workflow_draft_variables"
    __table_args__ = (Index("ix_workflow_draft_variables_node", "app_id", "user_id", "node_id"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    tenant_id: Mapped[str] = mapped_column(Id)
    app_id: Mapped[str] = mapped_column(Id, ForeignKey("apps.id", ondelete="CASCADE"))
    user_id: Mapped[str] = mapped_column(Id)
    node_id: Mapped[str] = mapped_column(String(255))
    name: Mapped[str] = mapped_column(String(255))
    description: Mapped[str] = mapped_column(LongText, default="")
    value_type: Mapped[str] = mapped_column(String(32))
    value: Mapped[str] = mapped_column(LongText)
    edited: Mapped[bool] = mapped_column(default=False)
    visible: Mapped[bool] = mapped_column(default=True)
    editable: Mapped[bool] = mapped_column(default=True)
    node_execution_id: Mapped[str | None] = mapped_column(Id)
    file_id: Mapped[str | None] = mapped_column(Id)
    size_bytes: Mapped[int] = mapped_column(default=0)
    length: Mapped[int | None] = mapped_column()
    created_at: Mapped[datetime] = mapped_column(Utc, default=utc_now)
    updated_at: Mapped[datetime] = mapped_column(Utc, default=utc_now)


def variable_id(app_id: str, user_id: str, node_id: str, name: str) -> str:
    """The id of a variable follows from its place: two runs that write it at once write one row, on every database."""
    return str(uuid.uuid5(uuid.NAMESPACE_OID, f"draft-variable:{app_id}:{user_id}:{node_id}:{name}"))
