"""Finds tools by provider type and id, in every form that ids ever had (plugins.md 8)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from orrery.tools.errors import (
    ToolNotFoundError,
    ToolProviderCredentialValidationError,
    ToolProviderNotFoundError,
)
from orrery.tools.keyed import KeyedProvider
from orrery.tools.protocol import ProviderSource, Tool, ToolProvider, ToolRef

_TYPES: Final = {"plugin": "builtin", "app": "workflow"}


def provider_kind(provider_type: str) -> str:
    """``builtin``, ``api``, ``workflow`` or ``mcp`` under any of their names; other words stay as they are."""
    return _TYPES.get(provider_type, provider_type)


def short_id(provider_id: str) -> str:
    """``time`` of ``langgenius/time/time``; ids that are not of that form stay as they are."""
    parts = provider_id.strip("/").split("/")
    return parts[2] if len(parts) == 3 and parts[0] == "langgenius" and parts[1] == parts[2] else provider_id


class ProvidersInCode:
    """The providers that are part of the program, found by their short or their full id; made when first wanted."""

    def __init__(self, makers: Mapping[str, Callable[[], ToolProvider | KeyedProvider]]) -> None:
        """``makers``: short id → what makes the provider."""
        self._makers = makers
        self._made: dict[str, ToolProvider | KeyedProvider] = {}

    def all(self) -> list[ToolProvider | KeyedProvider]:
        """In the order in which people should see them."""
        return [self._get(name) for name in self._makers]

    def find(self, provider_id: str) -> ToolProvider | KeyedProvider | None:
        """The provider by any of its ids."""
        name = short_id(provider_id)
        return self._get(name) if name in self._makers else None

    async def provider(self, ref: ToolRef) -> ToolProvider | None:
        """Raises `ToolProviderCredentialValidationError` for providers that nobody gave credentials for."""
        found = self.find(ref.provider_id)
        if isinstance(found, KeyedProvider):
            raise ToolProviderCredentialValidationError(
                f"Provider {found.id} needs credentials, which are kept in a workspace."
            )
        return found

    def _get(self, name: str) -> ToolProvider | KeyedProvider:
        if name not in self._made:
            self._made[name] = self._makers[name]()
        return self._made[name]


class ToolCatalog:
    """Implements `ToolSource`: asks the sources of a provider type in order.

    Old apps say ``builtin`` of what is a plugin today and the other way round, so both types share their sources.
    """

    def __init__(self, sources: Mapping[str, Iterable[ProviderSource]]) -> None:
        """``sources``: ``builtin``, ``api``, ``workflow`` or ``mcp`` → where to look."""
        self._sources = {provider_kind(kind): tuple(places) for kind, places in sources.items()}

    async def find(self, ref: ToolRef) -> Tool:
        kind = provider_kind(ref.provider_type)
        if kind not in self._sources:
            raise ToolProviderNotFoundError(f"provider type {ref.provider_type} not found")
        for source in self._sources[kind]:
            provider = await source.provider(ref)
            if provider is not None:
                return tool_of(provider, ref.tool_name)
        raise ToolProviderNotFoundError(f"{kind} provider {ref.provider_id} not found")


def tool_of(provider: ToolProvider, name: str) -> Tool:
    """Raises `ToolNotFoundError`."""
    for tool in provider.tools():
        if tool.entity.name == name:
            return tool
    raise ToolNotFoundError(f"tool {name} not found")
