"""Column types that mean the same on SQLite, PostgreSQL and MySQL."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from decimal import Decimal
from typing import cast

import msgspec
from sqlalchemy import CHAR, DateTime, Dialect, Numeric, String, Text
from sqlalchemy.types import TypeDecorator, TypeEngine

_log = logging.getLogger(__name__)
_encode = msgspec.json.encode
_decode = msgspec.json.decode


class Utc(TypeDecorator[datetime]):
    """An aware UTC time with microseconds; naive values are refused."""

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[datetime]:
        if dialect.name == "postgresql":
            return dialect.type_descriptor(DateTime(timezone=True))
        if dialect.name in {"mysql", "mariadb"}:
            # Lazy: the dialect's module costs 50 ms that other databases need not pay.
            from sqlalchemy.dialects.mysql import DATETIME

            return dialect.type_descriptor(DATETIME(fsp=6))
        return dialect.type_descriptor(DateTime())

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise TypeError("a naive time can't be stored: use aware UTC")
        value = value.astimezone(UTC)
        return value if dialect.name == "postgresql" else value.replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None or value.tzinfo is not None:
            return value
        return value.replace(tzinfo=UTC)


class JsonText(TypeDecorator[object]):
    """Any JSON value as text: key order and big integers are kept, and no engine rewrites it.

    Text that is no JSON reads as None: one damaged row must not hide all others of a list.
    """

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[str]:
        return dialect.type_descriptor(_long_text(dialect))

    def process_bind_param(self, value: object, dialect: Dialect) -> str | None:
        return None if value is None else _encode(value).decode()

    def process_result_value(self, value: str | None, dialect: Dialect) -> object:
        if value is None:
            return None
        try:
            return _decode(value)
        except msgspec.DecodeError as error:
            _log.warning("a stored value is no JSON and is left out: %s", error)
            return None


class LongText(TypeDecorator[str]):
    """Text without a practical limit (MySQL's TEXT stops at 64 KiB). NUL is dropped: PostgreSQL can't hold it."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[str]:
        return dialect.type_descriptor(_long_text(dialect))

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return value.replace("\x00", "") if value is not None and "\x00" in value else value


class Money(TypeDecorator[Decimal]):
    """An exact amount with 7 decimals (a token's price is small); text on SQLite, which has no decimals."""

    impl = String(32)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[str] | TypeEngine[Decimal]:
        if dialect.name == "sqlite":
            return dialect.type_descriptor(String(32))
        return dialect.type_descriptor(Numeric(20, 7))

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> object:
        return str(value) if value is not None and dialect.name == "sqlite" else value

    def process_result_value(self, value: object, dialect: Dialect) -> Decimal | None:
        return None if value is None else Decimal(str(value))


def _long_text(dialect: Dialect) -> TypeEngine[str]:
    if dialect.name in {"mysql", "mariadb"}:
        from sqlalchemy.dialects.mysql import LONGTEXT

        return cast("TypeEngine[str]", LONGTEXT())
    return Text()


_ID_COLLATION = "orrery_id_collation"


def without_ascii(dialect: Dialect) -> None:
    """Has ids compare by byte where the server knows no ASCII, as OceanBase and seekdb. Before tables are made."""
    setattr(dialect, _ID_COLLATION, "utf8mb4_bin")


class IdText(TypeDecorator[str]):
    """A UUID as 36 characters. Binary collation on MySQL: ids compare by byte."""

    impl = CHAR
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[str]:
        if dialect.name in {"mysql", "mariadb"}:
            from sqlalchemy.dialects.mysql import CHAR as MYSQL_CHAR

            return dialect.type_descriptor(MYSQL_CHAR(36, collation=getattr(dialect, _ID_COLLATION, "ascii_bin")))
        return dialect.type_descriptor(CHAR(36))


Id = IdText(36)
"""The type of every id column; one object, which migrations name."""

__all__ = ["Id", "JsonText", "LongText", "Money", "Utc", "without_ascii"]
