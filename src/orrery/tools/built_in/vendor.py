"""Asking a vendor's JSON API on behalf of a built-in tool, through the egress guard."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, cast

import msgspec

from orrery.egress.protocol import EgressError, HttpClient, Timeouts
from orrery.tools.blocked import failure_of
from orrery.tools.entity import ToolOption, ToolParameter, english
from orrery.tools.errors import ToolInvokeError

MAX_BYTES: Final = 10 * 1024 * 1024
_TIMEOUTS: Final = Timeouts(connect=10, read=120, write=60)

JsonObject = Mapping[str, object]


async def ask(
    http: HttpClient,
    method: str,
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    params: Sequence[tuple[str, str]] | None = None,
    body: JsonObject | None = None,
) -> JsonObject:
    """The object that came back. Raises `ToolInvokeError` with the vendor's words."""
    try:
        answer = await http.request(
            method, url, headers=headers, params=params, json=body, timeouts=_TIMEOUTS, max_bytes=MAX_BYTES
        )
    except EgressError as error:
        raise failure_of(error, url) from error
    if answer.status >= 400:
        raise ToolInvokeError(f"Request failed with status code {answer.status}: {answer.text()[:500]}")
    try:
        found: object = msgspec.json.decode(answer.content)
    except (msgspec.DecodeError, RecursionError) as error:
        raise ToolInvokeError("The answer is not JSON.") from error
    if not isinstance(found, dict):
        raise ToolInvokeError("The answer is no object.")
    return cast("JsonObject", found)


def objects(value: object) -> list[JsonObject]:
    """The objects of a list; none for anything else."""
    items = cast("list[object]", value) if isinstance(value, list) else []
    return [cast("JsonObject", item) for item in items if isinstance(item, dict)]


def query(purpose: str, name: str = "query") -> ToolParameter:
    """The text that a model or a graph gives."""
    return ToolParameter(
        name=name, label=english(name.capitalize()), human_description=english(purpose), llm_description=purpose,
        required=True,
    )  # fmt: skip


def setting(name: str, label: str, default: object = None, *, number: bool = False) -> ToolParameter:
    """A field of the form: a text or a number."""
    kind = "number" if number else "string"
    return ToolParameter(name=name, type=kind, form="form", label=english(label), default=default)


def switch(name: str, label: str, *, default: bool = False) -> ToolParameter:
    """A field of the form: on or off."""
    return ToolParameter(name=name, type="boolean", form="form", label=english(label), default=default)


def choice(name: str, label: str, options: Sequence[str], default: str | None = None) -> ToolParameter:
    """A field of the form with fixed values."""
    return ToolParameter(
        name=name,
        type="select",
        form="form",
        label=english(label),
        default=default,
        options=tuple(ToolOption(option, english(option)) for option in options),
    )
