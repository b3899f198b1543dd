"""The tools of workspaces, as the settings say."""

from __future__ import annotations

import time

from orrery.egress.protocol import Timeouts
from orrery.security.encryption import Vault
from orrery.tools.built_in.providers import built_in_providers
from orrery.wiring.ground import Ground
from orrery.workspaces.tools.parts import ToolNeeds, WorkspaceTools


def build_tools(ground: Ground, vault: Vault) -> WorkspaceTools:
    """Opens nothing."""
    settings, http = ground.settings.tools, ground.clients.untrusted
    return WorkspaceTools.build(
        ToolNeeds(
            database=ground.database,
            cache=ground.cache,
            vault=vault,
            http=http,
            providers=built_in_providers(lambda: http, lambda: ground.code),
            now=time.time,
            api_timeouts=Timeouts(
                connect=settings.api_connect_timeout, read=settings.api_read_timeout, write=settings.api_read_timeout
            ),
        )
    )
