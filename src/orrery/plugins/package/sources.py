"""Declarations of datasources, triggers and endpoints (1.6)."""

from __future__ import annotations

from typing import Literal

import msgspec

from orrery.plugins.package.credentials import OAuthSchema, OAuthWritten, ProviderConfig, Written, listed, oauth
from orrery.plugins.package.reading import Reader
from orrery.plugins.package.words import (
    AutoGenerate,
    IconOption,
    ItemIdentity,
    JsonObject,
    Long,
    ProviderIdentity,
    Scalar,
    Template,
    Texts,
    check_scope,
)
from orrery.plugins.package.words import Written as Filled

EventKind = Literal[
    "string", "number", "boolean", "select", "file", "files", "model-selector", "app-selector", "object", "array",
    "dynamic-select", "checkbox",
]  # fmt: skip


class DatasourceParameter(msgspec.Struct, kw_only=True):
    """One input of a datasource."""

    name: Long
    label: Texts
    type: Literal["string", "number", "boolean", "select", "secret-input"]
    scope: str | None = None
    required: bool = False
    auto_generate: AutoGenerate | None = None
    template: Template | None = None
    default: Scalar | None = None
    min: float | None = None
    max: float | None = None
    precision: int | None = None
    options: list[IconOption] | None = None
    description: Texts

    def __post_init__(self) -> None:
        check_scope(self.scope)


class DatasourceIdentity(msgspec.Struct, kw_only=True):
    """Who made a datasource, and what it is called."""

    author: Filled
    name: Filled
    label: Texts
    icon: str = ""


class Datasource(msgspec.Struct, frozen=True, kw_only=True):
    """One place where documents come from."""

    identity: DatasourceIdentity
    parameters: list[DatasourceParameter]
    description: Texts
    output_schema: JsonObject | msgspec.UnsetType = msgspec.UNSET


DatasourceKind = Literal["website_crawl", "online_document", "online_drive"]


class DatasourceProvider(msgspec.Struct, frozen=True, kw_only=True):
    """The datasources of a plugin, and what they need to be used."""

    identity: ProviderIdentity
    credentials_schema: list[ProviderConfig]
    oauth_schema: OAuthSchema | None
    provider_type: DatasourceKind
    datasources: list[Datasource]


class EventParameter(msgspec.Struct, kw_only=True):
    """One condition of an event, or one wish of a subscription."""

    name: Filled
    label: Texts
    type: EventKind
    auto_generate: AutoGenerate | None = None
    template: Template | None = None
    scope: str | None = None
    required: bool = False
    multiple: bool = False
    default: object = None
    min: float | None = None
    max: float | None = None
    precision: int | None = None
    options: list[IconOption] | None = None
    description: Texts | None = None

    def __post_init__(self) -> None:
        check_scope(self.scope)


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that may happen elsewhere and start a workflow here."""

    identity: ItemIdentity
    description: Texts
    parameters: list[EventParameter] = []
    output_schema: JsonObject | None = None


class SubscriptionConstructor(msgspec.Struct, frozen=True, kw_only=True):
    """How a subscription is made by the plugin itself."""

    parameters: list[EventParameter]
    credentials_schema: list[ProviderConfig]
    oauth_schema: OAuthSchema | None


class TriggerProvider(msgspec.Struct, frozen=True, kw_only=True):
    """The events of a plugin, and how they are subscribed to."""

    identity: ProviderIdentity
    subscription_schema: list[ProviderConfig]
    subscription_constructor: SubscriptionConstructor | None
    events: list[Event]


class Endpoint(msgspec.Struct, frozen=True, kw_only=True):
    """An address below ``/e/<hook>`` that the plugin answers."""

    path: Filled
    method: Literal["HEAD", "GET", "POST", "PUT", "DELETE", "OPTIONS"]
    hidden: bool = False


class EndpointGroup(msgspec.Struct, frozen=True, kw_only=True):
    """The endpoints of a plugin, and the settings that they share."""

    settings: list[ProviderConfig]
    endpoints: list[Endpoint]
    custom_initialize_process_enabled: bool


class _DatasourcesWritten(msgspec.Struct, frozen=True, kw_only=True):
    identity: ProviderIdentity
    credentials_schema: Written = []
    oauth_schema: OAuthWritten | None = None
    provider_type: DatasourceKind
    datasources: list[str | Datasource]


class _ConstructorWritten(msgspec.Struct, frozen=True, kw_only=True):
    parameters: list[EventParameter] = []
    credentials_schema: Written = []
    oauth_schema: OAuthWritten | None = None


class _TriggersWritten(msgspec.Struct, frozen=True, kw_only=True):
    identity: ProviderIdentity
    # Required, and a null says that nothing has to be filled in; nulls are gone by now.
    subscription_schema: Written = []
    subscription_constructor: _ConstructorWritten | None = None
    events: list[str | Event] = []


class _EndpointsWritten(msgspec.Struct, frozen=True, kw_only=True):
    settings: Written = []
    endpoints: list[str | Endpoint] = []
    custom_initialize_process_enabled: bool = False


def read_datasources(reader: Reader, file: str) -> DatasourceProvider:
    """The provider of ``file`` with its datasources. Raises `PackageFault`."""
    written = reader.struct(file, _DatasourcesWritten)
    return DatasourceProvider(
        identity=written.identity,
        credentials_schema=listed(file, "credentials_schema", written.credentials_schema),
        oauth_schema=oauth(file, written.oauth_schema),
        provider_type=written.provider_type,
        datasources=[
            reader.struct(item, Datasource) if isinstance(item, str) else item for item in written.datasources
        ],
    )


def read_triggers(reader: Reader, file: str) -> TriggerProvider:
    """The provider of ``file`` with its events. Raises `PackageFault`."""
    written = reader.struct(file, _TriggersWritten)
    constructor: SubscriptionConstructor | None = None
    if (made := written.subscription_constructor) is not None:
        constructor = SubscriptionConstructor(
            parameters=made.parameters,
            credentials_schema=listed(file, "subscription_constructor.credentials_schema", made.credentials_schema),
            oauth_schema=oauth(file, made.oauth_schema),
        )
    return TriggerProvider(
        identity=written.identity,
        subscription_schema=listed(file, "subscription_schema", written.subscription_schema),
        subscription_constructor=constructor,
        events=[reader.struct(item, Event) if isinstance(item, str) else item for item in written.events],
    )


def read_endpoints(reader: Reader, file: str) -> EndpointGroup:
    """The group of ``file`` with its endpoints. Raises `PackageFault`."""
    written = reader.struct(file, _EndpointsWritten)
    return EndpointGroup(
        settings=listed(file, "settings", written.settings),
        endpoints=[reader.struct(item, Endpoint) if isinstance(item, str) else item for item in written.endpoints],
        custom_initialize_process_enabled=written.custom_initialize_process_enabled,
    )
