"""An INSERT that replaces what a row with the same primary key holds, in the words of each database."""

from __future__ import annotations

from typing import Any, cast

from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.dml import Insert


class Upsert(Insert):
    """Like ``insert(table)``; where the primary key is taken, every other column that the row gives is replaced."""

    inherit_cache = True


@compiles(Upsert)
def _on_conflict(element: Upsert, compiler: SQLCompiler, **options: Any) -> str:
    keys = ", ".join(compiler.preparer.format_column(column) for column in element.table.primary_key)
    return f"{_plain(element, compiler, options)} ON CONFLICT ({keys}) DO UPDATE SET {_values(element, compiler, 'excluded.{}')}"


@compiles(Upsert, "mysql")
@compiles(Upsert, "mariadb")
def _on_duplicate(element: Upsert, compiler: SQLCompiler, **options: Any) -> str:
    plain = _plain(element, compiler, options)
    return f"{plain} ON DUPLICATE KEY UPDATE {_values(element, compiler, 'VALUES({})')}"


def _plain(element: Upsert, compiler: SQLCompiler, options: dict[str, Any]) -> str:
    return cast("str", compiler.visit_insert(element, **options))


def _values(element: Upsert, compiler: SQLCompiler, new: str) -> str:
    names = [compiler.preparer.format_column(column) for column in element.table.columns if not column.primary_key]
    return ", ".join(f"{name} = {new.format(name)}" for name in names)
