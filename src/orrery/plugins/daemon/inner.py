"""Everything of the service that stands on the database: built once that is there."""

from __future__ import annotations

from typing import cast

from starlette.requests import Request
from starlette.types import Receive as StarletteReceive
from starlette.types import Scope

from orrery.database.engine import Database
from orrery.plugins.daemon.asked import Asked
from orrery.plugins.daemon.dispatch import DispatchRoutes
from orrery.plugins.daemon.installing import InstallRoutes
from orrery.plugins.daemon.listing import ListRoutes
from orrery.plugins.daemon.management import PackageRoutes
from orrery.plugins.daemon.routing import LONGEST_WORKSPACE, Routes
from orrery.plugins.daemon.wire import Answer, Message, Receive, bad_binding, no_route
from orrery.plugins.library.installing import Installations
from orrery.plugins.library.library import Library
from orrery.plugins.library.listing import Listing
from orrery.plugins.library.objects import PluginObjects
from orrery.plugins.package.decoding import Policy


class ManagedPlugins:
    """The routes on a library."""

    def __init__(self, database: Database, objects: PluginObjects, policy: Policy) -> None:
        library = Library(database, objects, policy)
        listing = Listing(database, library.declarations)
        self.routes = Routes()
        PackageRoutes(library).add_to(self.routes)
        InstallRoutes(Installations(database, library.declarations)).add_to(self.routes)
        DispatchRoutes(listing, library).add_to(self.routes)
        ListRoutes(listing).add_to(self.routes)

    async def answer(self, scope: Message, receive: Receive) -> Answer:
        """Raises `AtStatus`, `OrreryError`, and what the database says."""
        sent = cast("bytes", scope.get("raw_path") or str(scope["path"]).encode()).partition(b"?")[0]
        found = self.routes.find(str(scope["method"]), sent.decode("latin-1"))
        if found is None:
            return no_route()
        handler, parts = found
        if len(parts.get("tenant_id", "")) > LONGEST_WORKSPACE:
            raise bad_binding(f"the tenant's id is longer than {LONGEST_WORKSPACE} characters")
        request = Request(cast("Scope", scope), cast("StarletteReceive", receive))
        return await handler(Asked(request, parts))
