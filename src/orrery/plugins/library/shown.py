"""Declarations as they are shown: parsed once, kept in memory, their parts passed on as the bytes they are."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection
from datetime import datetime
from typing import Literal

import msgspec

from orrery.database.engine import Database
from orrery.plugins.library import store

Kind = Literal["tool", "model", "agent_strategy", "datasource", "trigger"]
CATEGORIES: dict[Kind, str] = {
    "tool": "tool",
    "model": "model",
    "agent_strategy": "agent-strategy",
    "datasource": "datasource",
    "trigger": "trigger",
}
"""The category of the plugins that bring a kind of provider; each plugin has one."""

MOST_KEPT = 256
_Texts = dict[str, str]
_ABSENT = msgspec.Raw()


class _Name(msgspec.Struct, frozen=True):
    name: str = ""


class _Provider(msgspec.Struct, frozen=True):
    provider: str = ""
    identity: _Name = _Name()


class Declared(msgspec.Struct, frozen=True, kw_only=True):
    """One declaration in parts; what is `Raw` is JSON."""

    name: str
    version: str
    label: _Texts
    description: _Texts
    icon: str = ""
    icon_dark: str = ""
    tags: list[str] = []
    meta: msgspec.Raw
    tool: msgspec.Raw = _ABSENT
    model: msgspec.Raw = _ABSENT
    agent_strategy: msgspec.Raw = _ABSENT
    datasource: msgspec.Raw = _ABSENT
    trigger: msgspec.Raw = _ABSENT


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """A package's declaration: ``whole`` is its JSON, ``providers`` are the names of its providers by kind."""

    whole: msgspec.Raw
    declared: Declared
    providers: dict[Kind, str]
    category: str

    def part(self, kind: Kind) -> msgspec.Raw | None:
        """The provider of a kind, as JSON."""
        found: msgspec.Raw = getattr(self.declared, kind)
        return None if found == _ABSENT else found


def shown(declaration: str, category: str) -> Shown:
    """The declaration of a row."""
    whole = declaration.encode()
    declared = msgspec.json.decode(whole, type=Declared)
    names: dict[Kind, str] = {}
    for kind in CATEGORIES:
        part: msgspec.Raw = getattr(declared, kind)
        if part != _ABSENT:
            provider = msgspec.json.decode(part, type=_Provider)
            names[kind] = provider.provider or provider.identity.name
    return Shown(whole=msgspec.Raw(whole), declared=declared, providers=names, category=category)


class Declarations:
    """Those used last, by identifier and the moment when their rows were written."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._kept: OrderedDict[str, tuple[datetime, Shown]] = OrderedDict()

    async def of(self, identifiers: Collection[str]) -> dict[str, Shown]:
        """Declarations by identifier, without those that are not known."""
        async with self._database.read() as session:
            moments = await store.package_moments(session, identifiers)
            kept = {known: self._kept[known] for known in moments if known in self._kept}
            missing = [known for known, moment in moments.items() if known not in kept or kept[known][0] != moment]
            rows = await store.packages(session, missing)
        found = kept | {known: (row.updated_at, shown(row.declaration, row.category)) for known, row in rows.items()}
        for known, one in found.items():
            self._kept[known] = one
            self._kept.move_to_end(known)
        while len(self._kept) > MOST_KEPT:
            self._kept.popitem(last=False)
        return {known: one for known, (_, one) in found.items()}
