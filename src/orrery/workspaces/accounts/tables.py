"""Rows of accounts, their sessions and the first-run record."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from orrery.database.columns import Id, Utc
from orrery.database.ids import new_id
from orrery.database.orm import Table, utc_now


class Account(Table):
    """A person who can sign in. ``status``: pending, uninitialized, active, banned, closed."""

    __tablename__ = "accounts"

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    name: Mapped[str] = mapped_column(String(255))
    email: Mapped[str] = mapped_column(String(255), unique=True)
    password: Mapped[str | None] = mapped_column(String(255))
    password_salt: Mapped[str | None] = mapped_column(String(255))
    avatar: Mapped[str | None] = mapped_column(String(255))
    interface_language: Mapped[str] = mapped_column(String(255), default="en-US")
    interface_theme: Mapped[str] = mapped_column(String(255), default="light")
    timezone: Mapped[str] = mapped_column(String(255), default="UTC")
    last_login_at: Mapped[datetime | None] = mapped_column(Utc)
    last_login_ip: Mapped[str | None] = mapped_column(String(64))
    last_active_at: Mapped[datetime] = mapped_column(Utc, default=utc_now)
    status: Mapped[str] = mapped_column(String(16), default="active")
    initialized_at: Mapped[datetime | None] = mapped_column(Utc)
    created_at: Mapped[datetime] = mapped_column(Utc, default=utc_now)
    updated_at: Mapped[datetime] = mapped_column(Utc, default=utc_now, onupdate=utc_now)


class AccountSession(Table):
    """A signed-in browser: one row per refresh token chain, so signing out ends just this one.

    ``token_hash`` is SHA-256 of the current refresh token; ``previous_hash`` the one it replaced, whose reuse means
    theft and ends the session.
    """

    __tablename__ = "account_sessions"
    __table_args__ = (Index("ix_account_sessions_account_id", "account_id"),)

    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)
    account_id: Mapped[str] = mapped_column(Id, ForeignKey("accounts.id", ondelete="CASCADE"))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    previous_hash: Mapped[str | None] = mapped_column(String(64), index=True)
    rotated_at: Mapped[datetime | None] = mapped_column(Utc)
    expires_at: Mapped[datetime] = mapped_column(Utc)
    ip: Mapped[str | None] = mapped_column(String(64))
    user_agent: Mapped[str | None] = mapped_column(String(255))
    created_at: Mapped[datetime] = mapped_column(Utc, default=utc_now)


class Setup(Table):
    """The first-run record: present once the owner exists. The contract's name for this table."""

    __tablename__ = "dify_setups"

    version: Mapped[str] = mapped_column(String(255), primary_key=True)
    setup_at: Mapped[datetime] = mapped_column(Utc, default=utc_now)
