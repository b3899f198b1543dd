"""The contract's OpenAPI document: which operations it has, and whether an answer fits its schemas."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from copy import deepcopy
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker

ROOT = Path(__file__).resolve().parents[3]
METHODS = {"get", "post", "put", "patch", "delete"}


@cache
def document() -> dict[str, Any]:
    """The document; skips the test where it is not to be had."""
    folder = Path(os.environ.get("ORRERY_REFERENCE") or ROOT.parent / "shared" / "reference")
    path = folder / "openapi_service.json"
    if not path.is_file():
        pytest.skip(f"the contract's document is not at {path}; set ORRERY_REFERENCE to its folder")
    return json.loads(path.read_text())


def operations() -> Iterator[tuple[str, str]]:
    """(method, path) of each operation."""
    for path, item in document()["paths"].items():
        for method in item:
            if method in METHODS:
                yield method.upper(), path


def schema_of(method: str, path: str, status: int) -> dict[str, Any]:
    """The schema of the JSON answer with this status."""
    answer = document()["paths"][path][method.lower()]["responses"][str(status)]
    if "$ref" in answer:
        answer = document()["components"]["responses"][answer["$ref"].rpartition("/")[2]]
    return answer["content"]["application/json"]["schema"]


def faults(method: str, path: str, status: int, body: object) -> list[str]:
    """What in an answer does not fit, and which documented fields it lacks."""
    schema = _plain(schema_of(method, path, status))
    checker = Draft202012Validator(schema, format_checker=_formats())
    found = [f"{'/'.join(map(str, error.absolute_path))}: {error.message}" for error in checker.iter_errors(body)]
    return found + list(_missing(schema, body, ""))


def frame_faults(frame: dict[str, Any], *, family: str) -> list[str]:
    """As `faults`, of one frame of a stream; ``family`` is `ChunkChatEvent`, `ChunkCompletionEvent` or `ChunkWorkflowEvent`."""
    reference = _component(family)["discriminator"]["mapping"].get(frame["event"])
    if reference is None:
        return [f"{frame['event']}: the document has no such event"]
    schema = _merged(_plain({"$ref": reference}))
    checker = Draft202012Validator(schema, format_checker=_formats())
    found = [f"{'/'.join(map(str, error.absolute_path))}: {error.message}" for error in checker.iter_errors(frame)]
    return [f"{frame['event']}: {fault}" for fault in found + list(_missing(schema, frame, ""))]


def _merged(schema: dict[str, Any]) -> dict[str, Any]:
    """The parts of an ``allOf`` as one object."""
    properties: dict[str, Any] = dict(schema.get("properties", {}))
    for part in schema.get("allOf", ()):
        properties |= _merged(part).get("properties", {})
    return {"type": "object", "properties": properties}


@cache
def _formats() -> FormatChecker:
    checker = FormatChecker(["uuid"])

    @checker.checks("date-time", raises=ValueError)
    def is_moment(value: object) -> bool:
        return not isinstance(value, str) or datetime.fromisoformat(value).tzinfo is not None

    return checker


@cache
def _component(name: str) -> dict[str, Any]:
    return document()["components"]["schemas"][name]


def _plain(schema: Any) -> Any:
    """Without references, and with OpenAPI 3.0's ``nullable`` in the words of JSON Schema."""
    if isinstance(schema, list):
        return [_plain(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return _plain(deepcopy(_component(schema["$ref"].rpartition("/")[2])))
    # Alternatives without required fields all fit at once: the document means any of them.
    made = {("anyOf" if key == "oneOf" else key): _plain(value) for key, value in schema.items()}
    if made.pop("nullable", False):
        return {"anyOf": [made, {"type": "null"}]}
    return made


def _missing(schema: dict[str, Any], body: object, place: str) -> Iterator[str]:
    for alternative in schema.get("anyOf", ()):
        if isinstance(alternative, dict) and alternative.get("type") == "object" and "properties" in alternative:
            schema = alternative
    if isinstance(body, dict) and not schema.get("additionalProperties"):
        for name, inner in schema.get("properties", {}).items():
            if name not in body:
                yield f"{place}/{name}: is missing"
            else:
                yield from _missing(inner, body[name], f"{place}/{name}")
    if isinstance(body, list) and body and isinstance(schema.get("items"), dict) and "anyOf" not in schema["items"]:
        yield from _missing(schema["items"], body[0], f"{place}/0")
