"""A request to a webhook: checked against its trigger and made into the run's inputs (workflow.md 6.4).

Pure functions for whoever stands at the door. What the door itself does: the limit of the body's size, splitting
multipart bodies, storing files.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final, cast
from urllib.parse import parse_qsl

import msgspec

from orrery.errors import BadRequest
from orrery.workflow.nodes.trigger_webhook_data import (
    BINARY,
    JSON,
    MULTIPART,
    TEXT,
    URLENCODED,
    WebhookData,
    WebhookField,
)

_TRUE: Final = frozenset({"true", "1", "yes"})
_FALSE: Final = frozenset({"false", "0", "no"})


class WebhookRefused(BadRequest):
    """The request is not what the trigger expects; the text is the contract's."""


class WebhookRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A request as the door has it. ``body`` holds the bytes of other than multipart bodies.

    ``form`` and ``files`` are the parts of a multipart body: texts and stored file values by name; for an octet
    stream ``stream_file`` is the stored file value.
    """

    method: str
    headers: Mapping[str, str]
    query: Mapping[str, str] = {}
    body: bytes = b""
    form: Mapping[str, str] = {}
    files: Mapping[str, object] = {}
    stream_file: object = None


def content_type_of(headers: Mapping[str, str]) -> str:
    """The media type without its parameters; JSON when the header is missing."""
    given = next((value for name, value in headers.items() if name.lower() == "content-type"), "")
    return given.partition(";")[0].strip().lower() or JSON


def run_inputs(trigger: WebhookData, request: WebhookRequest) -> dict[str, object]:
    """The inputs of the run that a request starts. Raises `WebhookRefused`.

    ``{webhook_data: {method, headers, query_params, body, files}, webhook_headers, webhook_query_params,
    webhook_body}``; what the trigger doesn't name is kept as it came.
    """
    _check_envelope(trigger, request)
    query = _checked_texts(trigger.params, request.query, "parameter", "Parameter")
    body = _body(trigger, request)
    data = {
        "method": request.method.upper(),
        "headers": dict(request.headers),
        "query_params": query,
        "body": body,
        "files": dict(request.files),
    }
    return {
        "webhook_data": data,
        "webhook_headers": data["headers"],
        "webhook_query_params": query,
        "webhook_body": body,
    }


def _check_envelope(trigger: WebhookData, request: WebhookRequest) -> None:
    if request.method.lower() != trigger.method:
        expected, got = trigger.method.upper(), request.method.upper()
        raise WebhookRefused(f"HTTP method mismatch. Expected {expected}, got {got}")
    content_type = content_type_of(request.headers)
    if content_type != trigger.content_type:
        raise WebhookRefused(f"Content-type mismatch. Expected {trigger.content_type}, got {content_type}")
    given = {name.lower() for name in request.headers}
    for header in trigger.headers:
        if header.required and header.name.lower() not in given:
            raise WebhookRefused(f"Required header missing: {header.name}")


def _body(trigger: WebhookData, request: WebhookRequest) -> Mapping[str, object]:
    match trigger.content_type:
        case "application/json":
            return _checked_json(trigger.body, read_json(request.body))
        case "application/x-www-form-urlencoded":
            text = request.body.decode("utf-8", "replace")
            return _checked_texts(
                trigger.body, dict(parse_qsl(text, keep_blank_values=True)), "body parameter", "Field"
            )
        case "multipart/form-data":
            for field in trigger.body:
                if field.type == "file" and field.required and field.name not in request.files:
                    raise WebhookRefused(f"Required body parameter missing: {field.name}")
            texts = [field for field in trigger.body if field.type != "file"]
            return _checked_texts(texts, request.form, "body parameter", "Field")
        case "application/octet-stream":
            _check_present(trigger.body, BINARY, present=request.stream_file is not None)
            return {"raw": request.stream_file}
        case _:
            _check_present(trigger.body, TEXT, present=bool(request.body))
            return {"raw": request.body.decode("utf-8", "replace")}


def read_json(body: bytes) -> Mapping[str, object]:
    """A JSON body; an empty one is ``{}``, one that is no object stands under ``raw``. Raises `WebhookRefused`."""
    if not body.strip():
        return {}
    try:
        value: object = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise WebhookRefused(f"Invalid JSON body: {error}") from error
    return cast("dict[str, object]", value) if isinstance(value, dict) else {"raw": value}


def _check_present(fields: Sequence[WebhookField], content_type: str, *, present: bool) -> None:
    if not present and any(field.required for field in fields):
        raise WebhookRefused(f"Required body content missing for {content_type} request")


def _checked_texts(
    fields: Sequence[WebhookField], given: Mapping[str, str], word: str, title: str
) -> dict[str, object]:
    """Texts made into the declared types; those that nobody declared stay texts."""
    values: dict[str, object] = dict(given)
    for field in fields:
        if field.name not in given:
            if field.required:
                raise WebhookRefused(f"Required {word} missing: {field.name}")
            continue
        try:
            values[field.name] = value_of_text(field.type, given[field.name])
        except ValueError as error:
            raise WebhookRefused(f"{title} '{field.name}' validation failed: {error}") from None
    return values


def value_of_text(declared: str, text: str) -> object:
    """A text of a query or form as its declared type. Raises ValueError."""
    if declared == "number":
        try:
            number = float(text)
        except ValueError:
            raise ValueError(f"Cannot convert '{text}' to number") from None
        return int(number) if number.is_integer() else number
    if declared == "boolean":
        word = text.strip().lower()
        if word not in _TRUE | _FALSE:
            raise ValueError(f"Cannot convert '{text}' to boolean")
        return word in _TRUE
    return text


def _checked_json(fields: Sequence[WebhookField], body: Mapping[str, object]) -> Mapping[str, object]:
    for field in fields:
        if field.name not in body:
            if field.required:
                raise WebhookRefused(f"Required body parameter missing: {field.name}")
            continue
        value = body[field.name]
        if not _is_of(field.type, value):
            raise WebhookRefused(
                f"Parameter '{field.name}' validation failed: Expected {field.type}, got {type(value).__name__}"
            )
    return body


_JSON_TYPES: Final[Mapping[str, Callable[[object], bool]]] = {
    "string": lambda value: isinstance(value, str),
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "boolean": lambda value: isinstance(value, bool),
    "object": lambda value: isinstance(value, dict),
}


def _is_of(declared: str, value: object) -> bool:
    if declared.startswith("array["):
        test = _JSON_TYPES[declared[6:-1]]
        return isinstance(value, list) and all(test(item) for item in cast("list[object]", value))
    test = _JSON_TYPES.get(declared)
    return test is None or test(value)


def reply_of(trigger: WebhookData) -> tuple[int, object]:
    """Status and JSON body of the answer, which doesn't wait for the run."""
    text = (trigger.response_body or "").strip()
    if not text:
        return trigger.status_code, {"status": "success", "message": "Webhook processed successfully"}
    if text.startswith(("{", "[")):
        try:
            return trigger.status_code, cast("object", msgspec.json.decode(text))
        except msgspec.DecodeError:
            pass
    return trigger.status_code, {"message": text}


BODIES_WITH_FIELDS: Final = frozenset({JSON, MULTIPART, URLENCODED})
"""Content types whose bodies have named fields; the others have one body."""
