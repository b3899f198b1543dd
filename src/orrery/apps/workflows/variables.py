"""Environment and conversation variables of a version: checking, secrets at rest, masking (workflow.md 1.5)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

from orrery.database.ids import new_id
from orrery.errors import InvalidParam
from orrery.security.encryption import Vault, is_encrypted
from orrery.security.masking import UNCHANGED, mask_model_credential

Variable = dict[str, object]

ENVIRONMENT_TYPES = frozenset({"string", "number", "integer", "float", "secret"})
CONVERSATION_TYPES = frozenset(
    {
        "string", "number", "integer", "float", "boolean", "object",
        "array[string]", "array[number]", "array[object]", "array[boolean]",
    }
)  # fmt: skip


def normalise(items: object, scope: str, kinds: frozenset[str]) -> list[Variable]:
    """A list of variable items with ids and selectors. Raises `InvalidParam` with the contract's texts."""
    if items is None:
        return []
    if not isinstance(items, list):
        raise InvalidParam(f"{scope} variables must be a list")
    found: dict[str, Variable] = {}
    for item in cast("list[object]", items):
        if not isinstance(item, dict):
            raise InvalidParam(f"each {scope} variable must be an object")
        variable = _checked(cast("Variable", item), scope, kinds)
        found[str(variable["name"])] = variable
    return list(found.values())


def _checked(item: Variable, scope: str, kinds: frozenset[str]) -> Variable:
    name, kind, value = item.get("name"), item.get("value_type"), item.get("value")
    if not name or not isinstance(name, str):
        raise InvalidParam("missing name")
    if not kind:
        raise InvalidParam("missing value type")
    if kind not in kinds:
        raise InvalidParam(f"{name}: value type {kind} is not supported here")
    if value is None:
        raise InvalidParam("missing value")
    if kind in {"number", "integer", "float"} and (isinstance(value, bool) or not isinstance(value, int | float)):
        raise InvalidParam(f"invalid number value {value}")
    return {
        "id": item.get("id") or new_id(),
        "name": name,
        "value_type": kind,
        "value": value,
        "description": item.get("description") or "",
        "selector": [scope, name],
    }


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
    """Stored items with secrets in clear, for a run. Raises `DecryptionError`."""
    result: list[Variable] = []
    for item in cast("list[Variable]", items or []):
        if item["value_type"] == "secret" and is_encrypted(str(item["value"])):
            item = {**item, "value": vault.decrypt(workspace_id, str(item["value"]))}
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
    if not stored:
        return ""
    clear = vault.decrypt(workspace_id, stored) if is_encrypted(stored) else stored
    return mask_model_credential(clear)


def without_secrets(items: Sequence[Mapping[str, object]]) -> list[Variable]:
    """Items for a file that leaves the workspace: secret values are empty."""
    return [{**item, "value": ""} if item["value_type"] == "secret" else dict(item) for item in items]
