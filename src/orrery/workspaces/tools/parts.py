"""A workspace's tools, built once from what they need."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from orrery.cache.protocol import Cache
from orrery.database import Database
from orrery.egress.protocol import HttpClient, Timeouts
from orrery.security.encryption import Vault
from orrery.tools.catalog import ProvidersInCode
from orrery.tools.openapi.api_tool import TIMEOUTS
from orrery.workspaces.models.sealing import Seal
from orrery.workspaces.tools.api import ApiTools
from orrery.workspaces.tools.built_in import BuiltInTools
from orrery.workspaces.tools.mcp import McpServers


class ToolNeeds(msgspec.Struct, frozen=True, kw_only=True):
    """``http`` is the guarded client for addresses out of users' hands; ``now`` gives seconds since the epoch."""

    database: Database
    cache: Cache
    vault: Vault
    http: HttpClient
    providers: ProvidersInCode
    now: Callable[[], float]
    api_timeouts: Timeouts = TIMEOUTS


class WorkspaceTools(msgspec.Struct, frozen=True, kw_only=True):
    """The services by kind; `build` makes them."""

    built_in: BuiltInTools
    api: ApiTools
    mcp: McpServers

    @classmethod
    def build(cls, needs: ToolNeeds) -> WorkspaceTools:
        """Opens nothing."""
        seal = Seal(needs.vault)
        return cls(
            built_in=BuiltInTools(needs.database, needs.providers, seal),
            api=ApiTools(needs.database, needs.http, seal, timeouts=needs.api_timeouts),
            mcp=McpServers(needs.database, needs.cache, needs.http, needs.vault, now=needs.now),
        )
