"""Statements of a script that may have been done already: MariaDB and MySQL keep what a script did before it broke off.

Used only for a step in doubt. What is there is left as it is if it is what the script makes, and is a fault if not:
a table of the same name that somebody else made must not be taken for ours.
"""

from __future__ import annotations

from typing import Any

from alembic.ddl.mysql import MySQLImpl
from sqlalchemy import Column, Constraint, Index, Table, inspect
from sqlalchemy.engine.reflection import Inspector

from orrery.database.migrating.errors import MigrationFailed


class RepeatableStatements(MySQLImpl):
    """Alembic's statements for this family, each made only if it is still to be done.

    Everything else a script may do (changing a column, rows) it has to write so that doing it twice is as good as once.
    """

    # Registered nowhere: Alembic's own choice of an implementation by dialect stays as it is.
    __dialect__ = "orrery-repeatable"

    def create_table(self, table: Table, **kw: Any) -> None:
        if table.name not in self._inspector().get_table_names():
            super().create_table(table, **kw)
            return
        there = {column["name"] for column in self._inspector().get_columns(table.name)}
        wanted = {column.name for column in table.columns}
        if missing := wanted - there:
            raise MigrationFailed(
                f"There is a table {table.name} without {', '.join(sorted(missing))}, which this migration did not "
                "make. Rename it, or take another database."
            )
        for index in sorted(table.indexes, key=lambda one: str(one.name)):
            self.create_index(index)

    def drop_table(self, table: Table, **kw: Any) -> None:
        if table.name in self._inspector().get_table_names():
            super().drop_table(table, **kw)

    def create_index(self, index: Index, **kw: Any) -> None:
        if not self._has_index(index):
            super().create_index(index, **kw)

    def drop_index(self, index: Index, **kw: Any) -> None:
        if self._has_index(index):
            super().drop_index(index, **kw)

    def add_column(self, table_name: str, column: Column[Any], *, schema: str | None = None, **kw: Any) -> None:
        if not self._has_column(table_name, column.name):
            super().add_column(table_name, column, schema=schema, **kw)

    def drop_column(self, table_name: str, column: Column[Any], *, schema: str | None = None, **kw: Any) -> None:
        if self._has_column(table_name, column.name):
            super().drop_column(table_name, column, schema=schema, **kw)

    def add_constraint(self, const: Constraint, **kw: Any) -> None:
        if not self._has_constraint(const):
            super().add_constraint(const, **kw)

    def drop_constraint(self, const: Constraint, **kw: Any) -> None:
        if self._has_constraint(const):
            super().drop_constraint(const, **kw)

    def rename_table(self, old_table_name: str, new_table_name: str, schema: str | None = None) -> None:
        names = self._inspector().get_table_names()
        if old_table_name in names or new_table_name not in names:
            super().rename_table(old_table_name, new_table_name, schema)

    def _inspector(self) -> Inspector:
        assert self.connection is not None, "a script in doubt runs on a connection"
        # A new one each time: inspectors remember what they saw.
        return inspect(self.connection)

    def _has_index(self, index: Index) -> bool:
        table = index.table
        if table is None or table.name not in self._inspector().get_table_names():
            return False
        return index.name in {one["name"] for one in self._inspector().get_indexes(table.name)}

    def _has_column(self, table: str, name: str) -> bool:
        names = self._inspector().get_table_names()
        return table in names and name in {column["name"] for column in self._inspector().get_columns(table)}

    def _has_constraint(self, const: Constraint) -> bool:
        inspector, table = self._inspector(), const.table.name
        if table not in inspector.get_table_names():
            return False
        found = [
            *inspector.get_foreign_keys(table),
            *inspector.get_unique_constraints(table),
            *inspector.get_check_constraints(table),
        ]
        return const.name in {one["name"] for one in found}
