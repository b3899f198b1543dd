"""The scripts in their order, from the oldest to the newest."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol, cast

import msgspec

from orrery.database.migrating.errors import UnknownRevision
from orrery.database.migrating.record import BASE, Doubt, Standing

VERSIONS = (Path(__file__).parent.parent / "migrations" / "versions",)
"""Folders with scripts; a later one goes on where an earlier one ends."""


class Script(Protocol):
    """A module of ``migrations/versions``.

    It may also say ``serves_from``: the oldest revision whose code works on what it makes. A script that only adds
    says the one before it; without a word only its own code does.
    """

    def upgrade(self) -> None: ...
    def downgrade(self) -> None: ...


class Link(msgspec.Struct, frozen=True):
    """One script: ``before`` it the schema is at that revision, `BASE` for none."""

    revision: str
    before: str
    title: str
    script: Script

    @property
    def serves_from(self) -> str:
        return cast("str", getattr(self.script, "serves_from", self.revision))


class Step(msgspec.Struct, frozen=True):
    """A script to run, forward or ``back``. ``again``: parts of it may have been done; ``doubt``: what stays unsure."""

    link: Link
    back: bool
    again: bool
    doubt: Doubt | None

    @property
    def origin(self) -> str:
        return self.link.revision if self.back else self.link.before

    @property
    def goal(self) -> str:
        return self.link.before if self.back else self.link.revision

    def __str__(self) -> str:
        return f"{self.origin} -> {self.goal}: {self.link.title}"


class Chain:
    """All scripts of this version. Raises what reading them raises."""

    def __init__(self, links: Sequence[Link]) -> None:
        self.links = tuple(links)
        self._order = [BASE, *(link.revision for link in links)]

    @classmethod
    def load(cls, folders: Sequence[Path] | None = None) -> Chain:
        """Reads the scripts of ``folders``."""
        # Lazy: only what really migrates pays for the library.
        from alembic.script import ScriptDirectory

        # The default is looked up here, so that a version with further folders needs no other door.
        scripts = ScriptDirectory(
            str(VERSIONS[0].parent), version_locations=[str(path) for path in folders or VERSIONS]
        )
        found = reversed(list(scripts.walk_revisions()))
        return cls(
            [
                Link(one.revision, cast("str | None", one.down_revision) or BASE, one.doc, cast("Script", one.module))
                for one in found
            ]
        )

    @property
    def newest(self) -> str:
        return self._order[-1]

    def place(self, revision: str) -> int:
        """Where a revision stands, 0 for `BASE`. Raises `UnknownRevision`."""
        try:
            return self._order.index(revision)
        except ValueError:
            known = ", ".join(self._order)
            raise UnknownRevision(f"There is no revision {revision} in this version; it knows {known}.") from None

    def goal(self, target: str) -> str:
        """The revision that ``target`` means: a revision, ``base`` or ``head``. Raises `UnknownRevision`."""
        return self.newest if target == "head" else self._order[self.place(target)]

    def serves_from(self, revision: str) -> str | None:
        """The oldest revision whose code works at this one; None at `BASE`."""
        place = self.place(revision)
        return self.links[place - 1].serves_from if place else None

    def next(self, standing: Standing, goal: str) -> Step | None:
        """The step to take first on the way to ``goal``; None if there is nothing to do."""
        wanted = self.place(goal)
        doubt = standing.doubt
        if doubt is None:
            here = self.place(standing.revision)
            return None if here == wanted else self._step(here, here > wanted, again=False, doubt=None)
        low, high = self.place(doubt.low), self.place(doubt.high)
        # What is in doubt is undone from its top, or done again from its bottom.
        if wanted < high:
            return self._step(high, True, again=True, doubt=_left(doubt.low, self._order[high - 1]))
        return self._step(low, False, again=True, doubt=_left(self._order[low + 1], doubt.high))

    def path(self, standing: Standing, goal: str) -> list[Step]:
        """All steps to ``goal``, if none of them is interrupted."""
        steps: list[Step] = []
        while (step := self.next(standing, goal)) is not None:
            steps.append(step)
            standing = msgspec.structs.replace(standing, revision=step.goal, doubt=step.doubt)
        return steps

    def _step(self, here: int, back: bool, *, again: bool, doubt: Doubt | None) -> Step:
        return Step(self.links[here - 1 if back else here], back, again, doubt)


def _left(low: str, high: str) -> Doubt | None:
    return None if low == high else Doubt(low, high)
