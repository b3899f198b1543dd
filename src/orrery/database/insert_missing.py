"""An INSERT that leaves rows alone that are there already, in the words of each database."""

from __future__ import annotations

from typing import Any, cast

from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.dml import Insert


class InsertMissing(Insert):
    """Like ``insert(table)``; a row whose key is taken changes nothing, also when another process takes it just now."""

    inherit_cache = True


@compiles(InsertMissing)
def _on_conflict(element: InsertMissing, compiler: SQLCompiler, **options: Any) -> str:
    return f"{_plain(element, compiler, options)} ON CONFLICT DO NOTHING"


@compiles(InsertMissing, "mysql")
@compiles(InsertMissing, "mariadb")
def _on_duplicate(element: InsertMissing, compiler: SQLCompiler, **options: Any) -> str:
    # INSERT IGNORE would let other faults pass as well, such as a missing parent.
    column = compiler.preparer.format_column(next(iter(element.table.primary_key)))
    return f"{_plain(element, compiler, options)} ON DUPLICATE KEY UPDATE {column} = {column}"


def _plain(element: InsertMissing, compiler: SQLCompiler, options: dict[str, Any]) -> str:
    return cast("str", compiler.visit_insert(element, **options))
