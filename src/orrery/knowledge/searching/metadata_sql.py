"""Values inside a document's metadata as SQL: the same answers on SQLite, PostgreSQL and MySQL.

Metadata is JSON text. Texts compare by byte everywhere: case, accents and trailing blanks count.
"""

from __future__ import annotations

from typing import TypeAlias

from sqlalchemy import Boolean, ColumnElement, Float, LargeBinary, SQLColumnExpression, Text, bindparam
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

_Function: TypeAlias = FunctionElement[str] | FunctionElement[float] | FunctionElement[bytes] | FunctionElement[bool]
_NUMERIC = r"^[+-]?([0-9]+([.][0-9]*)?|[.][0-9]+)([eE][+-]?[0-9]+)?$"


class FieldText(FunctionElement[str]):
    """A field's value as text; NULL when it is absent or null. Arguments: the JSON text, the field's name."""

    inherit_cache = True
    type = Text()


class TextNumber(FunctionElement[float]):
    """A text that spells a number, as that number; else NULL."""

    inherit_cache = True
    type = Float()


class TextBytes(FunctionElement[bytes]):
    """A text that compares by byte."""

    inherit_cache = True
    type = LargeBinary()


class Resembles(FunctionElement[bool]):
    """Whether a text fits a pattern, case included. Arguments: the text, the pattern for LIKE, the same for GLOB."""

    inherit_cache = True
    type = Boolean()


def field_text(column: SQLColumnExpression[object], name: str) -> ColumnElement[str]:
    """The text of the field with this name."""
    return FieldText(column, bindparam(None, name, Text()))


def field_number(column: SQLColumnExpression[object], name: str) -> ColumnElement[float]:
    """The number in the field with this name, also one that is spelled as text."""
    return TextNumber(field_text(column, name))


def same_text(text: ColumnElement[str], value: str) -> ColumnElement[bool]:
    """Equality by byte."""
    return TextBytes(text) == TextBytes(bindparam(None, value, Text()))


def contains(text: ColumnElement[str], value: str) -> ColumnElement[bool]:
    return Resembles(text, _text(f"%{_like(value)}%"), _text(f"*{_glob(value)}*"))


def starts_with(text: ColumnElement[str], value: str) -> ColumnElement[bool]:
    return Resembles(text, _text(f"{_like(value)}%"), _text(f"{_glob(value)}*"))


def ends_with(text: ColumnElement[str], value: str) -> ColumnElement[bool]:
    return Resembles(text, _text(f"%{_like(value)}"), _text(f"*{_glob(value)}"))


def _text(value: str) -> ColumnElement[str]:
    return bindparam(None, value, Text())


def _like(value: str) -> str:
    return "".join(f"/{sign}" if sign in "/%_" else sign for sign in value)


def _glob(value: str) -> str:
    return "".join(f"[{sign}]" if sign in "*?[" else sign for sign in value)


def _arguments(element: _Function, compiler: SQLCompiler, *places: int) -> list[str]:
    """The given arguments rendered. PostgreSQL refuses a statement with a parameter that it does not use."""
    clauses = list(element.clauses)
    return [compiler.process(clauses[place]) for place in places]


@compiles(FieldText, "sqlite")
def _field_sqlite(element: FieldText, compiler: SQLCompiler, **_: object) -> str:
    # A path can't hold every name: quotes inside quotes have no spelling there.
    column, name = _arguments(element, compiler, 0, 1)
    value = "CASE WHEN type IN ('true', 'false') THEN type ELSE CAST(value AS TEXT) END"
    return f"(SELECT {value} FROM json_each({column}) WHERE key = {name})"  # noqa: S608  (both are placeholders)


@compiles(FieldText, "postgresql")
def _field_postgresql(element: FieldText, compiler: SQLCompiler, **_: object) -> str:
    column, name = _arguments(element, compiler, 0, 1)
    return f"jsonb_extract_path_text(CAST({column} AS jsonb), {name})"


@compiles(FieldText, "mysql", "mariadb")
def _field_mysql(element: FieldText, compiler: SQLCompiler, **_: object) -> str:
    column, name = _arguments(element, compiler, 0, 1)
    found = f"JSON_EXTRACT({column}, CONCAT('$.', JSON_QUOTE({name})))"
    return f"CASE WHEN JSON_TYPE({found}) = 'NULL' THEN NULL ELSE JSON_UNQUOTE({found}) END"


@compiles(TextNumber, "sqlite")
def _number_sqlite(element: TextNumber, compiler: SQLCompiler, **_: object) -> str:
    (text,) = _arguments(element, compiler, 0)
    # No regular expressions here: a sign only in front, one point, one exponent, and nothing but digits beside them.
    shape = f"replace(replace(lower({text}), 'e-', 'e'), 'e+', 'e')"
    tests = ["GLOB '*[0-9]*'", "NOT GLOB '*[^0-9.e+-]*'", "NOT GLOB '?*[+-]*'", "NOT GLOB 'e*'", "NOT GLOB '*e'"]
    tests += ["NOT GLOB '*.*.*'", "NOT GLOB '*e*[e.]*'"]
    return f"CASE WHEN {' AND '.join(f'{shape} {test}' for test in tests)} THEN CAST({text} AS REAL) END"


@compiles(TextNumber, "postgresql")
def _number_postgresql(element: TextNumber, compiler: SQLCompiler, **_: object) -> str:
    (text,) = _arguments(element, compiler, 0)
    return f"CASE WHEN {text} ~ '{_NUMERIC}' THEN CAST({text} AS DOUBLE PRECISION) END"


@compiles(TextNumber, "mysql", "mariadb")
def _number_mysql(element: TextNumber, compiler: SQLCompiler, **_: object) -> str:
    (text,) = _arguments(element, compiler, 0)
    return f"CASE WHEN {text} REGEXP '{_NUMERIC}' THEN {text} + 0e0 END"


@compiles(TextBytes)
def _bytes(element: TextBytes, compiler: SQLCompiler, **_: object) -> str:
    (text,) = _arguments(element, compiler, 0)
    return text


@compiles(TextBytes, "mysql", "mariadb")
def _bytes_mysql(element: TextBytes, compiler: SQLCompiler, **_: object) -> str:
    (text,) = _arguments(element, compiler, 0)
    return f"CAST({text} AS BINARY)"


@compiles(Resembles, "sqlite")
def _like_sqlite(element: Resembles, compiler: SQLCompiler, **_: object) -> str:
    text, glob = _arguments(element, compiler, 0, 2)
    return f"{text} GLOB {glob}"


@compiles(Resembles, "postgresql")
def _like_postgresql(element: Resembles, compiler: SQLCompiler, **_: object) -> str:
    text, pattern = _arguments(element, compiler, 0, 1)
    return f"{text} LIKE {pattern} ESCAPE '/'"


@compiles(Resembles, "mysql", "mariadb")
def _like_mysql(element: Resembles, compiler: SQLCompiler, **_: object) -> str:
    text, pattern = _arguments(element, compiler, 0, 1)
    return f"CAST({text} AS BINARY) LIKE CAST({pattern} AS BINARY) ESCAPE '/'"
