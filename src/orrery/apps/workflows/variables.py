"""Environment and conversation variables of a version: checking, secrets at rest, masking (workflow.md 1.5)."""

from __future__ import annotations

import sys
import uuid
from collections.abc import Mapping, Sequence
from typing import cast

import msgspec

from orrery.apps.workflows.errors import SecretUnreadable
from orrery.database.ids import is_id, new_id
from orrery.errors import InvalidParam
from orrery.security.encryption import DecryptionError, Vault, is_encrypted
from orrery.security.masking import UNCHANGED, mask_model_credential

Variable = dict[str, object]

ENVIRONMENT_TYPES = frozenset({"string", "number", "integer", "float", "secret"})
CONVERSATION_TYPES = frozenset(
    {
        "string", "number", "integer", "float", "boolean", "object",
        "array[string]", "array[number]", "array[object]", "array[boolean]",
    }
)  # fmt: skip


MAX_VARIABLE_SIZE = 204_800
"""Bytes of one value in memory, unless the settings say otherwise."""

_NUMBERS = frozenset({"number", "integer", "float"})
_LONGEST_NAME = 255


class Keeping(msgspec.Struct, frozen=True):
    """What keeping variables needs: who seals secrets, and how large a value may be."""

    vault: Vault
    max_bytes: int = MAX_VARIABLE_SIZE


def normalise(
    items: object, scope: str, kinds: frozenset[str], *, max_bytes: int = MAX_VARIABLE_SIZE
) -> list[Variable]:
    """A list of variable items with ids and selectors. Raises `InvalidParam` with the contract's texts.

    Of two items of one name the later counts. Ids that are no UUIDs, or come twice, are replaced by ones that follow
    from them: rows of conversations are keyed by them, and the same file again must find the same rows.
    """
    if items is None:
        return []
    if not isinstance(items, list):
        raise InvalidParam(f"{scope} variables must be a list")
    found: dict[str, Variable] = {}
    for item in cast("list[object]", items):
        if not isinstance(item, dict):
            raise InvalidParam(f"each {scope} variable must be an object")
        variable = _checked(cast("Variable", item), scope, kinds, max_bytes)
        found[str(variable["name"])] = variable
    taken: set[object] = set()
    for name, variable in found.items():
        if variable["id"] in taken:
            variable["id"] = str(uuid.uuid5(uuid.NAMESPACE_OID, f"{scope}:{variable['id']}:{name}"))
        taken.add(variable["id"])
    return list(found.values())


def _checked(item: Variable, scope: str, kinds: frozenset[str], max_bytes: int) -> Variable:
    name, kind, value = item.get("name"), item.get("value_type"), item.get("value")
    if not name or not isinstance(name, str):
        raise InvalidParam("missing name")
    if len(name) > _LONGEST_NAME:
        raise InvalidParam(f"{scope} variable names have at most {_LONGEST_NAME} characters")
    if not kind:
        raise InvalidParam("missing value type")
    if not isinstance(kind, str) or kind not in kinds:
        raise InvalidParam(f"{name}: value type {kind} is not supported here")
    if value is None:
        raise InvalidParam("missing value")
    if not _fits(kind, value):
        what = "number" if kind in _NUMBERS else kind
        raise InvalidParam(f"invalid {what} value {str(value)[:100]}")
    size = sys.getsizeof(value)
    if size > max_bytes:
        raise InvalidParam(f"variable size {size} exceeds limit {max_bytes}")
    return {
        "id": _id_of(item.get("id"), scope),
        "name": name,
        "value_type": kind,
        "value": value,
        "description": str(item.get("description") or ""),
        "selector": [scope, name],
    }


def _id_of(given: object, scope: str) -> str:
    if not given:
        return new_id()
    text = str(given)
    return text.lower() if is_id(text) else str(uuid.uuid5(uuid.NAMESPACE_OID, f"{scope}:{text}"))


def _fits(kind: str, value: object) -> bool:
    if kind in _NUMBERS:
        return isinstance(value, int | float) and not isinstance(value, bool)
    if kind == "boolean":
        return isinstance(value, bool)
    if kind == "object":
        return isinstance(value, dict)
    if kind.startswith("array["):
        return isinstance(value, list)
    return isinstance(value, str)


def sealed(vault: Vault, workspace_id: str, items: Sequence[Variable], stored: Sequence[Variable]) -> list[Variable]:
    """The items with secret values encrypted; a hidden placeholder keeps the stored value of the same id."""
    before = {item["id"]: item for item in stored}
    result: list[Variable] = []
    for item in items:
        if item["value_type"] == "secret":
            item = {**item, "value": _sealed_value(vault, workspace_id, item, before.get(item["id"]))}
        result.append(item)
    return result


def _sealed_value(vault: Vault, workspace_id: str, item: Variable, stored: Variable | None) -> object:
    text = str(item["value"])
    if stored is not None:
        kept = str(stored["value"])
        if text == UNCHANGED or text == masked_value(vault, workspace_id, kept):
            return kept
    return vault.encrypt(workspace_id, text) if text else ""


def opened(vault: Vault, workspace_id: str, items: object) -> list[Variable]:
    """Stored items with secrets in clear, for a run. Raises `SecretUnreadable`."""
    result: list[Variable] = []
    for item in cast("list[Variable]", items or []):
        if item["value_type"] == "secret" and is_encrypted(str(item["value"])):
            try:
                clear = vault.decrypt(workspace_id, str(item["value"]))
            except DecryptionError as error:
                raise SecretUnreadable(f"{item['name']}: {error}") from error
            item = {**item, "value": clear}
        result.append(item)
    return result


def masked(vault: Vault, workspace_id: str, items: object) -> list[Variable]:
    """Stored items as the console sees them."""
    return [
        {**item, "value": masked_value(vault, workspace_id, str(item["value"]))}
        if item["value_type"] == "secret"
        else item
        for item in cast("list[Variable]", items or [])
    ]


def masked_value(vault: Vault, workspace_id: str, stored: str) -> str:
    """A secret as people see it; one that can't be read any more shows as the mark that keeps it."""
    if not stored:
        return ""
    try:
        clear = vault.decrypt(workspace_id, stored) if is_encrypted(stored) else stored
    except DecryptionError:
        return UNCHANGED
    return mask_model_credential(clear)


def without_secrets(items: Sequence[Mapping[str, object]]) -> list[Variable]:
    """Items for a file that leaves the workspace: secret values are empty."""
    return [{**item, "value": ""} if item["value_type"] == "secret" else dict(item) for item in items]
