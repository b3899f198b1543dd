"""Rows of forms and of the people (or pages) who may answer them (workflow.md 3.19, 6.5)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from orrery.database.columns import Id, JsonText, LongText, Utc
from orrery.database.ids import new_id
from orrery.database.orm import Table, utc_now


class HumanInputForm(Table):
    """A form of a run. ``status``: waiting, submitted, timeout, expired.

    ``place`` says where in the run it belongs (`places.place_key`). ``definition`` is how it was opened
    (`definition.Definition`). ``woken_at`` is set once the run knows that the form is no longer waiting: a form that
    ended while its run was still under way is found by it.
    """

    __tablename__ = "human_input_forms"
    __table_args__ = (
        UniqueConstraint("workflow_run_id", "place", name="uq_human_input_forms_place"),
        Index("ix_human_input_forms_status", "status", "ends_at"),
        Index("ix_human_input_forms_woken", "woken_at", "status"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    tenant_id: Mapped[str] = mapped_column(Id)
    app_id: Mapped[str] = mapped_column(Id, ForeignKey("apps.id", ondelete="CASCADE"))
    workflow_run_id: Mapped[str] = mapped_column(Id)
    node_id: Mapped[str] = mapped_column(String(255))
    place: Mapped[str] = mapped_column(String(255))
    definition: Mapped[object] = mapped_column(JsonText)
    display_in_ui: Mapped[bool] = mapped_column(default=True)
    status: Mapped[str] = mapped_column(String(16))
    ends_at: Mapped[datetime] = mapped_column(Utc)
    """When it stops to wait: the node's time-out, or the installation's deadline if that comes first."""
    action_id: Mapped[str | None] = mapped_column(String(64))
    values: Mapped[object] = mapped_column(JsonText, nullable=True)
    answered_by: Mapped[str | None] = mapped_column(Id)
    """The recipient whose token was used."""
    answered_by_role: Mapped[str | None] = mapped_column(String(16))
    answered_by_user: Mapped[str | None] = mapped_column(Id)
    ended_at: Mapped[datetime | None] = mapped_column(Utc)
    woken_at: Mapped[datetime | None] = mapped_column(Utc)
    created_at: Mapped[datetime] = mapped_column(Utc, default=utc_now)


class HumanInputRecipient(Table):
    """Somebody who may answer a form, by a token of his own.

    ``type``: standalone_web_app, console, backstage, email_member, email_external. ``token_hash`` is SHA-256 of the
    token (`tokens.FormTokens`). Mails have a ``mail`` ({subject, body}) and a ``delivery``: pending, sent, failed.
    """

    __tablename__ = "human_input_recipients"
    __table_args__ = (
        Index("ix_human_input_recipients_form", "form_id"),
        Index("ix_human_input_recipients_delivery", "delivery", "created_at"),
    )

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    form_id: Mapped[str] = mapped_column(Id, ForeignKey("human_input_forms.id", ondelete="CASCADE"))
    type: Mapped[str] = mapped_column(String(24))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    method_id: Mapped[str | None] = mapped_column(String(64))
    account_id: Mapped[str | None] = mapped_column(Id)
    email: Mapped[str | None] = mapped_column(String(320))
    mail: Mapped[object] = mapped_column(JsonText, nullable=True)
    delivery: Mapped[str | None] = mapped_column(String(16))
    error: Mapped[str | None] = mapped_column(LongText)
    sent_at: Mapped[datetime | None] = mapped_column(Utc)
    created_at: Mapped[datetime] = mapped_column(Utc, default=utc_now)
