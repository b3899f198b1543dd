"""A variable that is declared does something: some code reads its field, or asks for it by its name.

The code is read, not run. ``x.field`` counts where ``x`` is the field's group: ``settings.server``, a name annotated
with the group's class, or a name assigned from one of these. A text counts that is the variable's name alone, as roles
ask the environment, or names it in braces, as schedules do.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from orrery.settings.declare import declared, scans
from orrery.settings.load import groups

SOURCE = Path(__file__).parents[3] / "src" / "orrery"
WRITES_NAMES = ("settings", "deploy")
"""Rooms whose texts name variables without reading them: declarations, and what other processes are given."""
GROUPS = groups()
BY_CLASS = {kind.__name__: name for name, kind in GROUPS.items()}
IN_BRACES = re.compile(r"\{([A-Z][A-Z0-9_]*)\}")


class Names:
    """Which groups the names of one module stand for."""

    def __init__(self, tree: ast.Module) -> None:
        self._nodes = list(ast.walk(tree))
        self._classes = {
            alias.asname or alias.name: BY_CLASS[alias.name]
            for node in self._nodes
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("orrery.settings.groups.")
            for alias in node.names
            if alias.name in BY_CLASS
        }
        self._bound: dict[str, set[str]] = {}
        for name, annotation in self._annotated():
            if isinstance(annotation, ast.Name) and annotation.id in self._classes:
                self._bound.setdefault(name, set()).add(self._classes[annotation.id])
        while any(self._follow(name, value) for name, value in self._assigned()):
            pass

    def read(self) -> Iterator[tuple[str, str]]:
        """(group, field) of every attribute of a group."""
        for node in self._nodes:
            if isinstance(node, ast.Attribute):
                yield from ((group, node.attr) for group in self._groups(node.value))

    def _groups(self, value: ast.expr) -> set[str]:
        if isinstance(value, ast.Attribute):
            return self._bound.get(value.attr, set()) | ({value.attr} & GROUPS.keys())
        return self._bound.get(value.id, set()) if isinstance(value, ast.Name) else set()

    def _follow(self, name: str, value: ast.expr) -> bool:
        new = self._groups(value) - self._bound.get(name, set())
        self._bound.setdefault(name, set()).update(new)
        return bool(new)

    def _annotated(self) -> Iterator[tuple[str, ast.expr | None]]:
        for node in self._nodes:
            if isinstance(node, ast.arg):
                yield node.arg, node.annotation
            elif isinstance(node, ast.AnnAssign):
                yield _name(node.target), node.annotation

    def _assigned(self) -> Iterator[tuple[str, ast.expr]]:
        for node in self._nodes:
            if not isinstance(node, ast.Assign):
                continue
            for target in node.targets:
                if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
                    yield from zip(map(_name, target.elts), node.value.elts, strict=False)
                else:
                    yield _name(target), node.value


def _name(target: ast.expr) -> str:
    if isinstance(target, ast.Attribute):
        return target.attr
    return target.id if isinstance(target, ast.Name) else ""


@cache
def trees() -> dict[Path, ast.Module]:
    return {path.relative_to(SOURCE): ast.parse(path.read_text("utf-8")) for path in SOURCE.rglob("*.py")}


@cache
def fields_read() -> frozenset[tuple[str, str]]:
    found: set[tuple[str, str]] = set()
    for path, tree in trees().items():
        found.update(Names(tree).read())
        if path.is_relative_to("settings/groups"):
            found.update(_own(tree))
    return frozenset(found)


def _own(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """What a group's own methods read."""
    for kind in ast.walk(tree):
        if isinstance(kind, ast.ClassDef) and kind.name in BY_CLASS:
            for node in ast.walk(kind):
                if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "self":
                    yield BY_CLASS[kind.name], node.attr


@cache
def names_asked() -> frozenset[str]:
    texts = (
        node.value
        for path, tree in trees().items()
        if path.parts[0] not in WRITES_NAMES
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    )
    return frozenset(name for text in texts for name in (text, *IN_BRACES.findall(text)))


@pytest.mark.parametrize("group", sorted(GROUPS))
def test_every_declared_setting_is_read(group: str) -> None:
    unread = [
        field.env.name
        for field in declared(GROUPS[group])
        if (group, field.field) not in fields_read()
        and not names_asked().intersection((field.env.name, *field.env.aliases))
    ]
    assert unread == [], "honour them, or take them out and give them a row in deploy/settings_map_rules.py"
    assert [field for field in scans(GROUPS[group]) if (group, field) not in fields_read()] == []


def test_a_field_is_found_where_it_is_read_and_only_there() -> None:
    text = """
from orrery.settings.groups.server import Server as S
def f(one: S, other: int): return one.port, other.workers
class C:
    def __init__(self, settings): self._mail, cache = settings.mail, settings.cache; cache.host
    def g(self): return self._mail.type, self.debug
"""
    read = {pair for pair in Names(ast.parse(text)).read() if pair[0] in {"server", "mail", "cache"}}
    assert read == {("server", "port"), ("mail", "type"), ("cache", "host")}
