"""The whole declaration of a plugin: manifest and providers, put together and checked against one another (1.2)."""

from __future__ import annotations

from typing import Literal

import msgspec

from orrery.plugins.package.faults import PackageFault
from orrery.plugins.package.manifest import MANIFEST, Manifest, read_manifest
from orrery.plugins.package.models import ModelProvider, read_models
from orrery.plugins.package.reading import Reader
from orrery.plugins.package.sources import (
    DatasourceProvider,
    EndpointGroup,
    TriggerProvider,
    read_datasources,
    read_endpoints,
    read_triggers,
)
from orrery.plugins.package.tools import StrategyProvider, ToolProvider, read_strategies, read_tools
from orrery.plugins.package.words import ProviderIdentity

Category = Literal["tool", "model", "extension", "agent-strategy", "datasource", "trigger"]
_CATEGORIES: tuple[tuple[str, Category], ...] = (
    ("tool", "tool"),
    ("model", "model"),
    ("datasource", "datasource"),
    ("agent_strategy", "agent-strategy"),
    ("trigger", "trigger"),
)
"""The first that a plugin has is its category; one that has none of them is an extension."""
_MAY_STAND_TOGETHER = {"tool", "endpoint"}


class Providers(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What a plugin brings, one of each kind at most."""

    endpoint: EndpointGroup | None = None
    model: ModelProvider | None = None
    tool: ToolProvider | None = None
    agent_strategy: StrategyProvider | None = None
    datasource: DatasourceProvider | None = None
    trigger: TriggerProvider | None = None

    def kinds(self) -> list[str]:
        """The names of those that are there."""
        return [name for name in self.__struct_fields__ if getattr(self, name) is not None]


class Declaration(msgspec.Struct, frozen=True):
    """A manifest and what it names."""

    manifest: Manifest
    providers: Providers

    @property
    def category(self) -> Category:
        kinds = self.providers.kinds()
        for kind, category in _CATEGORIES:
            if kind in kinds:
                return category
        return "extension"

    def as_object(self) -> dict[str, object]:
        """The declaration as the contract shows it, with the icons still by their file names."""
        whole = msgspec.to_builtins(self.manifest) | {"verified": False}
        return whole | msgspec.to_builtins(self.providers)


def read_declaration(reader: Reader) -> Declaration:
    """Raises `PackageFault`."""
    manifest = read_manifest(reader)
    named = manifest.plugins
    # Of several files of a kind the last one counts, as in the contract.
    providers = Providers(
        endpoint=read_endpoints(reader, named.endpoints[-1]) if named.endpoints else None,
        model=read_models(reader, named.models[-1]) if named.models else None,
        tool=read_tools(reader, named.tools[-1]) if named.tools else None,
        agent_strategy=read_strategies(reader, named.agent_strategies[-1]) if named.agent_strategies else None,
        datasource=read_datasources(reader, named.datasources[-1]) if named.datasources else None,
        trigger=read_triggers(reader, named.triggers[-1]) if named.triggers else None,
    )
    _check_together(providers.kinds())
    _inherit(manifest, providers)
    return Declaration(manifest, providers)


def _check_together(kinds: list[str]) -> None:
    if not kinds:
        raise PackageFault(
            "no tool, model, endpoint, agent strategy, datasource or trigger is named", file=MANIFEST, field="plugins"
        )
    if len(kinds) > 1 and set(kinds) != _MAY_STAND_TOGETHER:
        raise PackageFault(
            f"{' and '.join(kinds)} can't be in one plugin: only tool and endpoint can", file=MANIFEST, field="plugins"
        )


def _inherit(manifest: Manifest, providers: Providers) -> None:
    """Descriptions and tags that a provider lacks are the plugin's."""
    if providers.model is not None:
        providers.model.description = providers.model.description or manifest.description
    for provider in (providers.tool, providers.trigger, providers.agent_strategy, providers.datasource):
        if provider is not None:
            _complete(provider.identity, manifest)


def _complete(identity: ProviderIdentity, manifest: Manifest) -> None:
    identity.description = identity.description or manifest.description
    identity.tags = identity.tags or list(manifest.tags)
