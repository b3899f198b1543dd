"""The shape of a schema by the catalogs of each kind of database: a question or three for all of its tables."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

from sqlalchemy import Connection, text

from orrery.database.migrating.record import OWN

Fact: TypeAlias = tuple[object, ...]
Shape: TypeAlias = Mapping[str, object]

_POSTGRES = (
    """
    SELECT c.relname, 'column', a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
           pg_get_expr(d.adbin, d.adrelid), a.attcollation::int
    FROM pg_class c
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
    WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace
    """,
    """
    SELECT c.relname, 'constraint', k.conname, pg_get_constraintdef(k.oid), k.convalidated
    FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid WHERE c.relnamespace = 'public'::regnamespace
    """,
    "SELECT tablename, 'index', indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'",
)
_MYSQL = (
    """
    SELECT table_name, 'column', column_name, column_type, is_nullable, column_default, collation_name, extra
    FROM information_schema.columns WHERE table_schema = DATABASE()
    """,
    """
    SELECT table_name, 'index', index_name, seq_in_index, column_name, non_unique, sub_part, index_type
    FROM information_schema.statistics WHERE table_schema = DATABASE()
    """,
    """
    SELECT k.table_name, 'key', k.constraint_name, k.ordinal_position, k.column_name, k.referenced_table_name,
           k.referenced_column_name, r.update_rule, r.delete_rule
    FROM information_schema.key_column_usage k
    JOIN information_schema.referential_constraints r
      ON r.constraint_schema = DATABASE() AND r.constraint_name = k.constraint_name AND r.table_name = k.table_name
    WHERE k.table_schema = DATABASE()
    """,
)
_SQLITE = (
    """
    SELECT t.name, 'column', c.name, c.type, c."notnull", c.dflt_value, c.pk, c.hidden
    FROM sqlite_master t JOIN pragma_table_xinfo(t.name) c WHERE t.type = 'table'
    """,
    """
    SELECT t.name, 'index', i.name, i."unique", i.origin, i.partial, c.seqno, c.name, c."desc", c.coll
    FROM sqlite_master t JOIN pragma_index_list(t.name) i JOIN pragma_index_xinfo(i.name) c
    WHERE t.type = 'table' AND c.key
    """,
    """
    SELECT t.name, 'key', f.id, f.seq, f."from", f."table", f."to", f.on_update, f.on_delete
    FROM sqlite_master t JOIN pragma_foreign_key_list(t.name) f WHERE t.type = 'table'
    """,
    "SELECT name, 'words', sql FROM sqlite_master WHERE type = 'table'",
)
_NAMED = re.compile(r'CONSTRAINT\s+"?(\w+)"?\s+(\w+)')


def shape_of(connection: Connection) -> Shape:
    """Columns, keys and indexes of every table, in an order that does not depend on how they were made."""
    dialect = connection.dialect.name
    questions = {"postgresql": _POSTGRES, "sqlite": _SQLITE}.get(dialect, _MYSQL)
    found: dict[str, list[Fact]] = defaultdict(list)
    for question in questions:
        rows: Sequence[Fact] = [tuple(row) for row in connection.execute(text(question))]
        for table, *fact in _sqlite(rows) if dialect == "sqlite" else rows:
            if table not in OWN:
                found[str(table)].append(tuple(fact))
    return {table: sorted(facts, key=repr) for table, facts in sorted(found.items())}


def _sqlite(rows: Sequence[Fact]) -> Iterator[Fact]:
    """Without the numbers that SQLite gives by order: a key or a nameless index is told as one fact of its columns."""
    parts: dict[Fact, list[Fact]] = defaultdict(list)
    for row in rows:
        table, kind, name, *rest = row
        if kind == "words":
            for named in _NAMED.findall(str(name)):
                yield (table, kind, *named)
        elif kind == "key" or (kind == "index" and str(name).startswith("sqlite_autoindex_")):
            parts[table, kind, name].append(tuple(rest))
        else:
            yield row
    for (table, kind, _number), facts in parts.items():
        yield (table, kind, *sorted(facts, key=repr))
