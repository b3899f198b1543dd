"""What an examination found."""

from __future__ import annotations

from typing import Literal

import msgspec


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One fault. ``error``: a run that comes here fails or loses something; ``warning``: probably not what was meant.

    ``node_id`` and ``title`` are empty for faults of the app as a whole, ``field`` is the place in the node's data
    (``cases[0].conditions[1].value``), ``mend`` says what to do.
    """

    level: Literal["error", "warning"]
    node_id: str
    title: str
    field: str
    message: str
    mend: str


class Report:
    """Findings in the order they were made."""

    def __init__(self) -> None:
        self.findings: list[Finding] = []

    def error(self, message: str, mend: str, *, node: Named | None = None, field: str = "") -> None:
        """Adds what makes a run fail."""
        self._add("error", message, mend, node, field)

    def warning(self, message: str, mend: str, *, node: Named | None = None, field: str = "") -> None:
        """Adds what is probably not meant."""
        self._add("warning", message, mend, node, field)

    def _add(self, level: Literal["error", "warning"], message: str, mend: str, node: Named | None, field: str) -> None:
        finding = Finding(
            level=level,
            node_id="" if node is None else node.id,
            title="" if node is None else node.title,
            field=field,
            message=message,
            mend=mend,
        )
        if finding not in self.findings:
            self.findings.append(finding)


class Named(msgspec.Struct, frozen=True):
    """A node as people know it."""

    id: str
    title: str
