"""Alembic's entry, for its own commands: comparing the tables with a database and writing the next script.

`orrery migrate` runs the scripts without it.
"""

from __future__ import annotations

from typing import Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext

from orrery.database import columns

_OWN_TYPES = (columns.Utc, columns.JsonText, columns.LongText, columns.Money)


def _render(kind: str, item: object, autogen: AutogenContext) -> str | Literal[False]:
    if kind == "type" and isinstance(item, _OWN_TYPES):
        autogen.imports.add("from orrery.database import columns")
        return f"columns.{type(item).__name__}()"
    if kind == "type" and isinstance(item, columns.IdText):
        autogen.imports.add("from orrery.database import columns")
        return "columns.Id"
    return False


attributes = context.config.attributes
context.configure(
    connection=attributes["connection"],
    target_metadata=attributes["metadata"],
    render_item=_render,
    # SQLite can't alter constraints in place: tables are rebuilt there.
    render_as_batch=attributes["connection"].dialect.name == "sqlite",
    compare_type=False,
)
with context.begin_transaction():
    context.run_migrations()
