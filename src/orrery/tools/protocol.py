"""The one page that says what a tool, a provider and a place to find tools are.

A `ToolSource` is bound to a run: workspace, user, credentials and call depth are decided before a tool is handed out.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Literal, Protocol, TypeAlias

import msgspec

from orrery.tools.entity import ProviderIdentity, ToolEntity
from orrery.tools.messages import ToolMessage

ProviderType: TypeAlias = Literal["builtin", "api", "workflow", "app", "plugin", "mcp", "dataset-retrieval"]


class ToolRef(msgspec.Struct, frozen=True, kw_only=True):
    """A tool as apps name it (workflow.md 3.16); ``provider_id`` in any historical form.

    ``provider_name`` finds the provider in a workspace that an app was brought to, where its id is another one.
    """

    provider_type: str
    provider_id: str
    tool_name: str
    provider_name: str = ""
    credential_id: str | None = None
    plugin_unique_identifier: str | None = None


class Tool(Protocol):
    """One thing that can be done."""

    @property
    def entity(self) -> ToolEntity: ...

    def invoke(self, parameters: Mapping[str, object]) -> AsyncIterator[ToolMessage]:
        """Messages as they come. ``parameters`` have their types already (`parameter_values.typed`).

        Raises `ToolError` while iterating.
        """
        ...


class ToolProvider(Protocol):
    """Tools that belong together."""

    @property
    def id(self) -> str: ...
    @property
    def type(self) -> ProviderType: ...
    @property
    def identity(self) -> ProviderIdentity: ...
    def tools(self) -> Sequence[Tool]: ...


class ProviderSource(Protocol):
    """Finds providers of one type, as one run may use them."""

    async def provider(self, ref: ToolRef) -> ToolProvider | None: ...


class ToolSource(Protocol):
    """Finds tools, as one run may use them."""

    async def find(self, ref: ToolRef) -> Tool:
        """Raises `ToolProviderNotFoundError`, `ToolNotFoundError` or another `ToolError`."""
        ...
