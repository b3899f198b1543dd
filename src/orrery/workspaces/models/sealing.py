"""Credentials between their form and the database: sealed as one text, opened for calls, masked for people."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import msgspec

from orrery.security.encryption import DecryptionError, Vault
from orrery.security.masking import UNCHANGED, mask_model_credential
from orrery.workspaces.models.errors import CredentialUnreadable

Values = dict[str, object]


class Seal:
    """Seals and opens the credentials of workspaces."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    def close(self, workspace_id: str, values: Mapping[str, object]) -> str:
        """The text to store. All fields are encrypted, since only the form knows which are secret."""
        return self._vault.encrypt(workspace_id, msgspec.json.encode(values).decode())

    def open(self, workspace_id: str, sealed: str) -> Values:
        """The values behind a stored text. Raises `CredentialUnreadable`."""
        try:
            return msgspec.json.decode(self._vault.decrypt(workspace_id, sealed), type=Values)
        except DecryptionError as error:
            raise CredentialUnreadable(str(error)) from error


def masked(values: Mapping[str, object], secret: Collection[str]) -> Values:
    """What may be shown: secret fields with only their ends readable."""
    return {
        name: mask_model_credential(value) if name in secret and isinstance(value, str) and value else value
        for name, value in values.items()
    }


def merged(given: Mapping[str, object], kept: Mapping[str, object], secret: Collection[str]) -> Values:
    """The given values, where a secret marked as unchanged (or sent back as it was shown) keeps its stored value."""
    result: Values = {}
    for name, value in given.items():
        if name in secret and name in kept and value in {UNCHANGED, mask_model_credential(str(kept[name]))}:
            result[name] = kept[name]
        elif value != UNCHANGED:
            result[name] = value
    return result
