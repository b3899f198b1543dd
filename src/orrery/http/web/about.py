"""What a page must know of its app."""

from __future__ import annotations

from orrery.apps.catalog.service import AppService
from orrery.apps.files.icons import Icons
from orrery.apps.tools.app_tools import AppTools
from orrery.errors import Forbidden
from orrery.http.call import Call
from orrery.http.endpoint import RouteGroup, route
from orrery.http.service.about import site_settings, tool_icons
from orrery.http.service.parameters import AppParameters, JsonObject


class WebAboutRoutes(RouteGroup):
    """Settings, form and tools of the passport's app."""

    def __init__(
        self, apps: AppService, parameters: AppParameters, icons: Icons, tools: AppTools | None = None
    ) -> None:
        self._tools = tools
        self._apps = apps
        self._parameters = parameters
        self._icons = icons

    @route("GET", "/site", auth="passport", scope="app")
    async def site(self, call: Call) -> JsonObject:
        """Settings of the page."""
        app = call.app
        if app.workspace_status == "archive":
            raise Forbidden
        site = (await self._apps.get(app.workspace_id, app.app_id)).site
        if site is None:
            raise Forbidden
        icon = await self._icons.link(app.workspace_id, site.icon_type, site.icon)
        settings = site_settings(site, icon)
        return {
            "app_id": app.app_id,
            "end_user_id": call.end_user.end_user_id,
            "enable_site": app.enable_site,
            "site": {**settings, "prompt_public": site.prompt_public},
            "model_config": None,
            "plan": "basic",
            "can_replace_logo": True,
            "custom_config": {"remove_webapp_brand": False, "replace_webapp_logo": None},
        }

    @route("GET", "/parameters", auth="passport", scope="app")
    async def parameters(self, call: Call) -> JsonObject:
        """Features, form and limits of the app."""
        return await self._parameters.of(call.app)

    @route("GET", "/meta", auth="passport", scope="app")
    async def meta(self, call: Call) -> JsonObject:
        """Icons of the app's tools."""
        return await tool_icons(call, self._tools)
