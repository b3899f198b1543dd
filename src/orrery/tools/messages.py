"""What a tool says while it works (plugins.md 5.3); files are kept by whoever listens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, Literal, TypeAlias

import msgspec

RESERVED_VARIABLES: Final = frozenset({"json", "text", "files"})


class TextMessage(msgspec.Struct, frozen=True):
    """A piece of text; pieces follow each other without a gap."""

    text: str


class LinkMessage(msgspec.Struct, frozen=True):
    """An address that people may want to open."""

    url: str


class ImageMessage(msgspec.Struct, frozen=True):
    """A picture at an address, to be fetched and kept."""

    url: str


class FileMessage(msgspec.Struct, frozen=True):
    """A file that the tool made, to be kept."""

    content: bytes
    mime_type: str = "application/octet-stream"
    filename: str | None = None


class StoredFileMessage(msgspec.Struct, frozen=True):
    """A file that is kept already, as a file value (workflow.md 2.6)."""

    file: Mapping[str, object]


class JsonMessage(msgspec.Struct, frozen=True):
    """An object or a list."""

    value: object


class VariableMessage(msgspec.Struct, frozen=True):
    """One output by name; with ``stream`` the value is the next piece of a text."""

    name: str
    value: object
    stream: bool = False

    def __post_init__(self) -> None:
        if self.name in RESERVED_VARIABLES:
            raise ValueError(f"The variable name '{self.name}' is reserved.")


class LogMessage(msgspec.Struct, frozen=True, kw_only=True):
    """One step of what goes on; sent again under the same ``id`` when it changes.

    ``metadata`` may hold started_at, finished_at, elapsed_time (seconds of a monotonic clock), provider, total_price,
    total_tokens, currency.
    """

    id: str
    label: str
    status: Literal["start", "success", "error"]
    parent_id: str | None = None
    error: str | None = None
    data: Mapping[str, object] = {}
    metadata: Mapping[str, object] = {}


class RetrieverMessage(msgspec.Struct, frozen=True):
    """Sources for the message's citations, and the text made of them."""

    resources: Sequence[Mapping[str, object]]
    context: str = ""


class UsageMessage(msgspec.Struct, frozen=True):
    """What the tool itself spent on models, as the contract's usage object (workflow.md 3.10)."""

    usage: Mapping[str, object]


ToolMessage: TypeAlias = (
    TextMessage
    | LinkMessage
    | ImageMessage
    | FileMessage
    | StoredFileMessage
    | JsonMessage
    | VariableMessage
    | LogMessage
    | RetrieverMessage
    | UsageMessage
)
