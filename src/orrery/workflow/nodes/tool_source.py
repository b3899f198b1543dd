"""Where a run's tools come from: its services, or the program itself."""

from __future__ import annotations

from orrery.tools.built_in.providers import built_in_providers
from orrery.tools.catalog import ToolCatalog
from orrery.tools.protocol import ToolSource
from orrery.workflow.node import NodeServices, ToolServices


def tools_of(services: NodeServices) -> ToolSource:
    """The tools of the run's workspace; runs without a workspace have the built-in ones."""
    if isinstance(services, ToolServices):
        return services.tools
    return ToolCatalog({"builtin": [built_in_providers(lambda: services.http, lambda: services.code)]})
