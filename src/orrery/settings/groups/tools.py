"""Tools that workspaces import."""

from __future__ import annotations

from typing import Annotated

from orrery.settings.declare import Env, Group


class Tools(Group, frozen=True, kw_only=True):
    """Tools that workspaces import."""

    api_connect_timeout: Annotated[
        float,
        Env("API_TOOL_DEFAULT_CONNECT_TIMEOUT", "time an imported API may take to be reached, seconds", above=0),
    ] = 10.0
    api_read_timeout: Annotated[
        float, Env("API_TOOL_DEFAULT_READ_TIMEOUT", "time an imported API may be silent, seconds", above=0)
    ] = 60.0
