"""How a setting is declared: a typed field of a group, annotated with its variable's name and meaning.

A group is a frozen struct; each field is ``Annotated[type, Env(name, meaning)] = default``. Loading, documentation,
masking and the contract test are all derived from these declarations.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Annotated, Literal, TypeAlias, Union, get_args, get_origin, get_type_hints

import msgspec

Shape: TypeAlias = Literal["embedded", "fleet"]
SettingValue: TypeAlias = Union[str, int, float, bool, Path, tuple[str, ...], None]  # noqa: UP007 - evaluated at run time by struct tooling


class Env(msgspec.Struct, frozen=True):
    """What is known of one variable besides its type and default.

    ``aliases`` are read when ``name`` is not set. ``at_least`` and ``at_most`` are inclusive, ``above`` is exclusive.
    ``secret`` values never appear in messages, logs or `repr`.
    """

    name: str
    meaning: str
    aliases: tuple[str, ...] = ()
    secret: bool = False
    at_least: float | None = None
    above: float | None = None
    at_most: float | None = None


class Scan(msgspec.Struct, frozen=True):
    """Marks a field that gathers every variable whose name begins with ``prefix``, by the rest of the name.

    No list of such variables exists, so none is documented by itself; all their values count as secret.
    """

    prefix: str


class Declared(msgspec.Struct, frozen=True):
    """One field of a group, taken apart: ``base`` is the type without None, ``words`` the allowed words if any."""

    field: str
    env: Env
    base: type
    optional: bool
    words: tuple[str, ...]
    default: SettingValue


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """Parent of all groups; prints itself with its secrets masked."""

    def __repr__(self) -> str:
        shown = ", ".join(
            f"{d.field}={'***' if d.env.secret and getattr(self, d.field) else repr(getattr(self, d.field))}"
            for d in declared(type(self))
        )
        return f"{type(self).__name__}({shown})"


@cache
def declared(group: type[Group]) -> tuple[Declared, ...]:
    """The declarations of ``group`` in the order of its fields."""
    hints = get_type_hints(group, include_extras=True)
    defaults = dict(zip(group.__struct_fields__, group.__struct_defaults__, strict=True))
    scanned = scans(group)
    return tuple(
        _take_apart(name, hints[name], defaults[name]) for name in group.__struct_fields__ if name not in scanned
    )


@cache
def scans(group: type[Group]) -> dict[str, Scan]:
    """The fields of ``group`` that gather variables by prefix."""
    hints = get_type_hints(group, include_extras=True)
    marks = {name: note for name, hint in hints.items() for note in get_args(hint)[1:] if isinstance(note, Scan)}
    return {name: marks[name] for name in group.__struct_fields__ if name in marks}


def _take_apart(field: str, hint: object, default: SettingValue) -> Declared:
    assert get_origin(hint) is Annotated, f"{field} has no Env annotation"
    annotated, *notes = get_args(hint)
    env = next(note for note in notes if isinstance(note, Env))
    choices = tuple(part for part in get_args(annotated) if part is not type(None))
    optional = type(None) in get_args(annotated)
    base = choices[0] if optional else annotated
    if get_origin(base) is Literal:
        return Declared(field, env, str, optional, get_args(base), default)
    return Declared(field, env, get_origin(base) or base, optional, (), default)
