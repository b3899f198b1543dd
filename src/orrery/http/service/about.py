"""Service API routes that describe the key's app."""

from __future__ import annotations

from orrery.apps.catalog.service import AppService
from orrery.apps.catalog.tables import Site
from orrery.apps.files.icons import Icons
from orrery.apps.files.links import FileLinks
from orrery.apps.tools.app_tools import AppTools
from orrery.errors import Forbidden
from orrery.http.call import Call
from orrery.http.endpoint import RouteGroup, route
from orrery.http.files.answers import links_for_programs
from orrery.http.service.parameters import AppParameters, JsonObject
from orrery.workspaces.members.names import AccountNames


class ServiceAboutRoutes(RouteGroup):
    """Name, form, tools and page of the app."""

    def __init__(
        self,
        apps: AppService,
        parameters: AppParameters,
        names: AccountNames,
        icons: Icons,
        links: FileLinks,
        tools: AppTools | None = None,
    ) -> None:
        self._tools = tools
        self._apps = apps
        self._parameters = parameters
        self._names = names
        self._icons = icons
        self._links = links

    @route("GET", "/info", auth="service", scope="app")
    async def info(self, call: Call) -> JsonObject:
        """Name, description and mode of the app."""
        view = await self._apps.get(call.app.workspace_id, call.app.app_id)
        names = await self._names.of([view.app.created_by])
        return {
            "name": view.app.name,
            "description": view.app.description,
            "tags": [tag.name for tag in view.tags],
            "mode": view.app.mode,
            "author_name": names.get(view.app.created_by or "", ""),
        }

    @route("GET", "/parameters", auth="service", scope="app")
    async def parameters(self, call: Call) -> JsonObject:
        """Features, form and limits of the app."""
        return await self._parameters.of(call.app)

    @route("GET", "/meta", auth="service", scope="app")
    async def meta(self, call: Call) -> JsonObject:
        """Icons of the app's tools."""
        return await tool_icons(call, self._tools)

    @route("GET", "/site", auth="service", scope="app")
    async def site(self, call: Call) -> JsonObject:
        """Settings of the app's page."""
        site = (await self._apps.get(call.app.workspace_id, call.app.app_id)).site
        if site is None:
            raise Forbidden
        icon = await self._icons.link(call.app.workspace_id, site.icon_type, site.icon)
        shown = site_settings(site, links_for_programs(call, self._links).whole(icon))
        # The contract's document has no null in these.
        return {name: "" if value is None and name not in _NULLABLE else value for name, value in shown.items()}


_NULLABLE = frozenset({"icon_url", "input_placeholder"})


async def tool_icons(call: Call, tools: AppTools | None) -> JsonObject:
    """Icons of the tools of the caller's app."""
    return {"tool_icons": {} if tools is None else await tools.icons(call.app, str(call.request.base_url))}


def site_settings(site: Site, icon_url: str | None) -> JsonObject:
    """The page's settings as its visitors need them."""
    return {
        "title": site.title,
        "chat_color_theme": site.chat_color_theme,
        "chat_color_theme_inverted": site.chat_color_theme_inverted,
        "icon_type": site.icon_type,
        "icon": site.icon,
        "icon_background": site.icon_background,
        "icon_url": icon_url,
        "description": site.description,
        "copyright": site.copyright,
        "privacy_policy": site.privacy_policy,
        "input_placeholder": site.input_placeholder,
        "custom_disclaimer": site.custom_disclaimer,
        "default_language": site.default_language,
        "show_workflow_steps": site.show_workflow_steps,
        "use_icon_as_answer_icon": site.use_icon_as_answer_icon,
    }
