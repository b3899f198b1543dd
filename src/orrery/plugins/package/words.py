"""The small shapes that all declarations are made of: texts in languages, names, options."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

import msgspec
from msgspec import Meta

Short: TypeAlias = Annotated[str, Meta(min_length=1, max_length=255)]
Long: TypeAlias = Annotated[str, Meta(min_length=1, max_length=1023)]
Named: TypeAlias = Annotated[str, Meta(min_length=1, max_length=255, pattern="^[a-zA-Z0-9_-]+$")]
Written: TypeAlias = Annotated[str, Meta(min_length=1)]
Translated: TypeAlias = Annotated[str, Meta(max_length=1023)]
JsonObject: TypeAlias = dict[str, object]
Scalar: TypeAlias = str | bool | int | float

Tag = Literal[
    "search", "image", "videos", "weather", "finance", "design", "travel", "social", "news", "medical", "productivity",
    "education", "business", "entertainment", "utilities", "agent", "rag", "other", "trigger",
]  # fmt: skip


class Texts(msgspec.Struct, frozen=True, omit_defaults=True):
    """A text in the languages of the contract; those that are empty are left out (1.5)."""

    en_US: Long  # noqa: N815  (wire name)
    zh_Hans: Translated = ""  # noqa: N815
    ja_JP: Translated = ""  # noqa: N815
    pt_BR: Translated = ""  # noqa: N815


def as_text(value: Scalar) -> str:
    """What was written where a text is wanted: authors leave the quotes out."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


class Option(msgspec.Struct):
    """One choice of a credential or setting."""

    value: Scalar
    label: Texts

    def __post_init__(self) -> None:
        self.value = as_text(self.value)
        if not 0 < len(self.value) < 128:
            raise ValueError("an option's value has 1 to 127 characters")


class IconOption(msgspec.Struct):
    """One choice of a parameter."""

    value: Scalar
    label: Texts
    icon: str = ""

    def __post_init__(self) -> None:
        self.value = as_text(self.value)
        if not self.value:
            raise ValueError("an option's value is empty")


_SCOPES = frozenset(
    [
        "all",
        "chat",
        "workflow",
        "completion",
        "llm",
        "text-embedding",
        "rerank",
        "tts",
        "speech2text",
        "moderation",
        "vision",
        "document",
        "tool-call",
        "string",
        "number",
        "object",
        "array[number]",
        "array[string]",
        "array[object]",
        "array[file]",
    ]
)


def check_scope(scope: str | None) -> None:
    """Raises ValueError for a word that no selector knows; several are joined by ``&``."""
    for word in (scope or "").split("&") if scope else ():
        if word.strip() not in _SCOPES:
            raise ValueError(f"{word[:40]!r} is no scope; known are {', '.join(sorted(_SCOPES))}")


class AutoGenerate(msgspec.Struct, frozen=True):
    """Lets a model write the value."""

    type: Literal["prompt_instruction"]


class Template(msgspec.Struct, frozen=True):
    """Lets variables stand in the value."""

    enabled: bool = False


class ItemIdentity(msgspec.Struct, frozen=True):
    """Who made a tool, strategy or event, and what it is called."""

    author: Written
    name: Named
    label: Texts


class ProviderIdentity(msgspec.Struct, kw_only=True):
    """The same of a provider. Missing description and tags are the plugin's."""

    author: Written
    name: Named
    description: Texts | None = None
    icon: Written
    icon_dark: str = ""
    label: Texts
    tags: list[Tag] = []
