"""The fields of a webhook trigger, as DSL files hold them (workflow.md 3.20)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

import msgspec

METHODS: Final = frozenset({"get", "post", "put", "patch", "delete", "head"})
JSON: Final = "application/json"
MULTIPART: Final = "multipart/form-data"
URLENCODED: Final = "application/x-www-form-urlencoded"
TEXT: Final = "text/plain"
BINARY: Final = "application/octet-stream"
CONTENT_TYPES: Final = frozenset({JSON, MULTIPART, URLENCODED, TEXT, BINARY})
RAW_OUTPUT: Final = "_webhook_raw"


class WebhookHeader(msgspec.Struct, frozen=True, kw_only=True):
    """A header that the node reads; its output has ``_`` for ``-``."""

    name: str
    required: bool = False

    @property
    def output(self) -> str:
        return self.name.replace("-", "_")


class WebhookField(msgspec.Struct, frozen=True, kw_only=True):
    """A query parameter or a field of the body."""

    name: str
    type: Literal[
        "string",
        "number",
        "boolean",
        "object",
        "array[string]",
        "array[number]",
        "array[boolean]",
        "array[object]",
        "file",
    ] = "string"
    required: bool = False


class WebhookData(msgspec.Struct, frozen=True, kw_only=True):
    """Data of a webhook trigger. ``timeout`` in seconds."""

    method: str = "get"
    content_type: str = JSON
    headers: tuple[WebhookHeader, ...] = ()
    params: tuple[WebhookField, ...] = ()
    body: tuple[WebhookField, ...] = ()
    status_code: int = 200
    response_body: str | None = ""
    async_mode: bool = True
    timeout: float = 30


def parse_webhook(data: Mapping[str, object]) -> WebhookData:
    """Raises ValueError that names the field."""
    given = {name: value for name, value in data.items() if value is not None or name == "response_body"}
    parsed = msgspec.convert(given, WebhookData, strict=False)
    if parsed.method.lower() not in METHODS:
        raise ValueError(f"Invalid method {parsed.method} - at `$.method`")
    if parsed.content_type.lower() not in CONTENT_TYPES:
        raise ValueError(f"Invalid content type {parsed.content_type} - at `$.content_type`")
    return msgspec.structs.replace(parsed, method=parsed.method.lower(), content_type=parsed.content_type.lower())
