"""The contract's environment: every variable it knows, with its default in containers (``contract.csv``)."""

from __future__ import annotations

import csv
import io
from functools import cache
from importlib.resources import files

import msgspec


class Variable(msgspec.Struct, frozen=True):
    """One row. ``default`` is that of the containers; ``sources`` tell where the contract's makers write it."""

    name: str
    default: str
    group: str
    services: str
    sources: frozenset[str]

    @property
    def in_example(self) -> bool:
        """Whether the contract's ``.env.example`` of Compose has it."""
        return "docker" in self.sources


@cache
def contract() -> tuple[Variable, ...]:
    """All variables in the contract's order."""
    text = (files("orrery.deploy") / "contract.csv").read_text("utf-8")
    return tuple(
        Variable(
            name=row["name"],
            default=row["default"],
            group=row["group"],
            services=row["services"],
            sources=frozenset(row["sources"].split(";")),
        )
        for row in csv.DictReader(io.StringIO(text))
    )
