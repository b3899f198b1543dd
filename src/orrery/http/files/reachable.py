"""A picture that says: this address of file links is reached. Browsers load pictures from anywhere."""

from __future__ import annotations

from starlette.responses import Response

from orrery.http.call import Call
from orrery.http.endpoint import RouteGroup, route

_PICTURE = b'<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>'


class ReachableRoutes(RouteGroup):
    """Tells nothing of anybody."""

    @route("GET", "/reachable.svg", auth="public", scope="none", before_setup=True)
    async def reachable(self, call: Call) -> Response:
        """Shows that file links lead here."""
        headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
        return Response(_PICTURE, headers=headers, media_type="image/svg+xml")
