"""Fields that people fill in: credentials, settings, OAuth clients (1.6, ProviderConfig)."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

import msgspec
from msgspec import Meta

from orrery.plugins.package.faults import PackageFault
from orrery.plugins.package.words import Option, Scalar, Texts, Translated, check_scope

Kind = Literal[
    "secret-input", "text-input", "select", "boolean", "model-selector", "app-selector", "array[tools]"
]  # fmt: skip


class ProviderConfig(msgspec.Struct, kw_only=True):
    """One field of a form."""

    name: Translated = ""
    type: Kind
    scope: str | None = None
    required: bool = False
    default: Scalar | None = None
    options: Annotated[list[Option], Meta(max_length=127)] | None = None
    multiple: bool = False
    label: Texts
    help: Texts | None = None
    url: str | None = None
    placeholder: Texts | None = None
    reset_on_change: list[Translated] | msgspec.UnsetType = msgspec.UNSET

    def __post_init__(self) -> None:
        check_scope(self.scope)


Written: TypeAlias = list[ProviderConfig] | dict[str, ProviderConfig]
"""Both ways in which fields are written: a list, or a mapping by name."""


class OAuthWritten(msgspec.Struct, frozen=True):
    """The two forms of OAuth as they are written."""

    client_schema: Written = []
    credentials_schema: Written = []


class OAuthSchema(msgspec.Struct, frozen=True):
    """``client_schema`` is what an administrator fills in, ``credentials_schema`` what the flow brings."""

    client_schema: list[ProviderConfig]
    credentials_schema: list[ProviderConfig]


def listed(file: str, field: str, written: Written) -> list[ProviderConfig]:
    """The fields as a list, each with its name. Raises `PackageFault`."""
    if isinstance(written, dict):
        for name, config in written.items():
            config.name = name
        written = list(written.values())
    for position, config in enumerate(written):
        if not config.name:
            raise PackageFault("Object missing required field `name`", file=file, field=f"{field}[{position}]")
    return written


def oauth(file: str, written: OAuthWritten | None) -> OAuthSchema | None:
    """The forms of OAuth, where there are any. Raises `PackageFault`."""
    if written is None:
        return None
    return OAuthSchema(
        listed(file, "oauth_schema.client_schema", written.client_schema),
        listed(file, "oauth_schema.credentials_schema", written.credentials_schema),
    )
