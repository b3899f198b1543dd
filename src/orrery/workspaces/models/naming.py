"""Named credentials: rules that a provider's and a model's credentials share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from orrery.workspaces.models.errors import CredentialNameTaken, CredentialNotFound
from orrery.workspaces.models.tables import ModelCredential, ProviderCredential

Row = TypeVar("Row", ProviderCredential, ModelCredential)


def chosen(rows: Sequence[Row], credential_id: str) -> Row:
    """The row with the id. Raises `CredentialNotFound`."""
    for row in rows:
        if row.id == credential_id:
            return row
    raise CredentialNotFound


def free_name(rows: Sequence[ProviderCredential] | Sequence[ModelCredential], wanted: str | None) -> str:
    """The wanted name, or the next free ``API KEY n``. Raises `CredentialNameTaken`."""
    taken = {row.credential_name for row in rows}
    wanted = (wanted or "").strip()
    if wanted:
        if wanted in taken:
            raise CredentialNameTaken
        return wanted
    number = len(rows) + 1
    while f"API KEY {number}" in taken:
        number += 1
    return f"API KEY {number}"


def activate(rows: Sequence[ProviderCredential] | Sequence[ModelCredential], credential_id: str) -> None:
    """Leaves exactly this one active."""
    for row in rows:
        row.active = row.id == credential_id
