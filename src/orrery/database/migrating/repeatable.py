"""Statements of a script that may have been done already: MariaDB and MySQL keep what a script did before it broke off.

Used only for a step in doubt. What is there is left as it is if it is what the script makes, and is a fault if not:
a table of the same name that somebody else made must not be taken for ours.
"""

from __future__ import annotations

from typing import Any

from alembic.ddl.mysql import MySQLImpl
from sqlalchemy import Column, Connection, Constraint, Index, Table

from orrery.database.migrating import inventory
from orrery.database.migrating.errors import MigrationFailed


class RepeatableStatements(MySQLImpl):
    """Alembic's statements for this family, each made only if it is still to be done.

    Everything else a script may do (changing a column, rows) it has to write so that doing it twice is as good as once.
    """

    # Registered nowhere: Alembic's own choice of an implementation by dialect stays as it is.
    __dialect__ = "orrery-repeatable"

    def create_table(self, table: Table, **kw: Any) -> None:
        if table.name not in inventory.tables(self._server()):
            super().create_table(table, **kw)
            return
        there = inventory.columns(self._server(), table.name)
        wanted = {column.name for column in table.columns}
        if missing := wanted - there:
            raise MigrationFailed(
                f"There is a table {table.name} without {', '.join(sorted(missing))}, which this migration did not "
                "make. Rename it, or take another database."
            )
        for index in sorted(table.indexes, key=lambda one: str(one.name)):
            self.create_index(index)

    def drop_table(self, table: Table, **kw: Any) -> None:
        if table.name in inventory.tables(self._server()):
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
        names = inventory.tables(self._server())
        if old_table_name in names or new_table_name not in names:
            super().rename_table(old_table_name, new_table_name, schema)

    def _server(self) -> Connection:
        assert self.connection is not None, "a script in doubt runs on a connection"
        return self.connection

    def _has_index(self, index: Index) -> bool:
        return index.table is not None and index.name in inventory.indexes(self._server(), index.table.name)

    def _has_column(self, table: str, name: str) -> bool:
        return name in inventory.columns(self._server(), table)

    def _has_constraint(self, const: Constraint) -> bool:
        return const.name in inventory.constraints(self._server(), const.table.name)
