"""Calls of plugins: everything that is checked before one is, and then that this version runs no code (3.2, 3.3)."""

from __future__ import annotations

from orrery.plugins.daemon.asked import Asked
from orrery.plugins.daemon.routing import Routes
from orrery.plugins.daemon.wire import Answer, AtStatus, bad_binding, error_frame, failure, success
from orrery.plugins.errors import CodeNotRun, PluginNotFound
from orrery.plugins.library.library import Library, identifier_of
from orrery.plugins.library.listing import Listing

DISPATCH = (
    "llm/invoke",
    "llm/num_tokens",
    "text_embedding/invoke",
    "text_embedding/num_tokens",
    "multimodal_embedding/invoke",
    "rerank/invoke",
    "multimodal_rerank/invoke",
    "tts/invoke",
    "tts/model/voices",
    "speech2text/invoke",
    "moderation/invoke",
    "model/validate_provider_credentials",
    "model/validate_model_credentials",
    "model/schema",
    "model/polling/start",
    "model/polling/check",
    "tool/invoke",
    "tool/validate_credentials",
    "tool/get_runtime_parameters",
    "agent_strategy/invoke",
    "oauth/get_authorization_url",
    "oauth/get_credentials",
    "oauth/refresh_credentials",
    "dynamic_select/fetch_parameter_options",
    "datasource/validate_credentials",
    "datasource/get_website_crawl",
    "datasource/get_online_document_pages",
    "datasource/get_online_document_page_content",
    "datasource/online_drive_browse_files",
    "datasource/online_drive_download_file",
    "trigger/invoke_event",
    "trigger/dispatch_event",
    "trigger/validate_credentials",
    "trigger/subscribe",
    "trigger/unsubscribe",
    "trigger/refresh",
)
_POLLING = "model/polling/"
_ENDPOINTS = "/plugin/{tenant_id}/endpoint/"


class DispatchRoutes:
    """Finds the plugin that is called."""

    def __init__(self, listing: Listing, library: Library) -> None:
        self._listing, self._library = listing, library

    def add_to(self, routes: Routes) -> None:
        """Says which paths these are."""
        for path in DISPATCH:
            routes.add("POST", "/plugin/{tenant_id}/dispatch/" + path, self.call)
            routes.add("POST", "/v2/invoke/dispatch/" + path, self.call_directly)
        for path in ("setup", "update", "enable", "disable"):
            routes.add("POST", _ENDPOINTS + path, self.refused)
        routes.add("POST", _ENDPOINTS + "remove", self.removed)
        for path in ("list", "list/plugin"):
            routes.add("GET", _ENDPOINTS + path, self.no_endpoints)
        routes.add("POST", "/plugin/{tenant_id}/debugging/key", self.refused)

    async def call(self, asked: Asked) -> Answer:
        """A call of a plugin that a workspace has."""
        plugin_id = asked.request.headers.get("x-plugin-id", "")
        if not plugin_id:
            raise bad_binding("plugin_id is required")
        try:
            await self._listing.installation(asked.workspace, plugin_id)
        except PluginNotFound as error:
            raise AtStatus(404, error) from error
        return await self._refuse(asked)

    async def call_directly(self, asked: Asked) -> Answer:
        """A call of a package, whoever has it."""
        text = asked.request.headers.get("x-plugin-unique-identifier", "")
        if not text:
            raise bad_binding("X-Plugin-Unique-Identifier header is required")
        if not await self._library.has(identifier_of(text)):
            raise AtStatus(404, PluginNotFound())
        return await self._refuse(asked)

    async def _refuse(self, asked: Asked) -> Answer:
        await asked.json(dict[str, object])
        if _POLLING in asked.request.url.path:
            return failure(CodeNotRun())
        return error_frame(CodeNotRun())

    async def refused(self, asked: Asked) -> Answer:
        """Endpoints and debugging need running plugins."""
        raise CodeNotRun

    async def removed(self, asked: Asked) -> Answer:
        """There are no endpoints, so none is left."""
        return success(data=True)

    async def no_endpoints(self, asked: Asked) -> Answer:
        """There are none."""
        asked.page(most=100)
        no_endpoint: list[object] = []
        return success(no_endpoint)
