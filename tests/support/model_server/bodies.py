"""Optional fields of decoded request bodies, null and missing alike."""

from __future__ import annotations

from typing import Any


def listed(body: dict[str, Any], name: str) -> list[Any]:
    return body.get(name) or []


def nested(body: dict[str, Any], name: str) -> dict[str, Any]:
    return body.get(name) or {}
