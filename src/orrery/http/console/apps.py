"""Console routes of apps: list, make, change, switch, delete, copy, files in and out (product.md 6.4)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import msgspec
from msgspec import Meta
from starlette.responses import Response

from orrery.apps.catalog.modes import BASIC_MODES
from orrery.apps.catalog.service import Actor, AppDraft, AppService, AppView
from orrery.apps.dsl.service import DslService, ImportRequest, ImportResult
from orrery.apps.tools.app_tools import AppTools
from orrery.http.call import Call, decode_object
from orrery.http.console.app_shapes import JsonObject, app_card, app_detail, key_object, site_object
from orrery.http.endpoint import RouteGroup, route
from orrery.http.responses import json_response
from orrery.security.permissions import Permission
from orrery.workspaces.members.names import AccountNames

DSL_LIMIT = 24 * 1024 * 1024
"""Bytes of a JSON body that carries a 10 MB file, escaped."""

Name = Annotated[str, Meta(min_length=1, max_length=255)]
Description = Annotated[str, Meta(max_length=400)]


class AppsQuery(msgspec.Struct):
    page: Annotated[int, Meta(ge=1, le=99999)] = 1
    limit: Annotated[int, Meta(ge=1, le=100)] = 20
    mode: str = "all"
    name: str = ""
    tag_ids: str = ""
    is_created_by_me: bool = False


class NewApp(msgspec.Struct):
    name: Name
    mode: str
    description: Description | None = ""
    icon_type: str | None = "emoji"
    icon: str | None = None
    icon_background: str | None = None


class AppChange(msgspec.Struct):
    name: Name
    description: Description | None = ""
    icon_type: str | None = "emoji"
    icon: str | None = None
    icon_background: str | None = None
    use_icon_as_answer_icon: bool = False
    max_active_requests: Annotated[int, Meta(ge=0, le=2**31 - 1)] | None = None


class AppCopy(msgspec.Struct):
    name: Name | None = None
    description: Description | None = None
    icon_type: str | None = None
    icon: str | None = None
    icon_background: str | None = None


class NewName(msgspec.Struct):
    name: Name


class NewIcon(msgspec.Struct):
    icon: str | None = None
    icon_background: str | None = None


class SiteSwitch(msgspec.Struct):
    enable_site: bool


class ApiSwitch(msgspec.Struct):
    enable_api: bool


class ExportQuery(msgspec.Struct):
    include_secret: bool = False
    workflow_id: str | None = None


class SiteChange(msgspec.Struct, omit_defaults=True):
    title: Name | None = None
    icon_type: str | None = None
    icon: str | None = None
    icon_background: str | None = None
    description: str | None = None
    default_language: Annotated[str, Meta(max_length=32)] | None = None
    chat_color_theme: Annotated[str, Meta(max_length=64)] | None = None
    chat_color_theme_inverted: bool | None = None
    customize_domain: Annotated[str, Meta(max_length=255)] | None = None
    copyright: Annotated[str, Meta(max_length=255)] | None = None
    privacy_policy: Annotated[str, Meta(max_length=255)] | None = None
    custom_disclaimer: Annotated[str, Meta(max_length=512)] | None = None
    customize_token_strategy: str | None = None
    prompt_public: bool | None = None
    show_workflow_steps: bool | None = None
    use_icon_as_answer_icon: bool | None = None
    input_placeholder: Annotated[str, Meta(max_length=255)] | None = None


def actor(call: Call) -> Actor:
    """The signed-in account as the services know it."""
    return Actor(call.account.workspace_id, call.account.account_id)


class AppRoutes(RouteGroup):
    """``service_api`` and ``app_web`` are the configured public addresses; empty means that of the request."""

    def __init__(
        self,
        apps: AppService,
        dsl: DslService,
        names: AccountNames,
        tools: AppTools,
        *,
        service_api: str,
        app_web: str,
    ) -> None:
        self._tools = tools
        self._apps = apps
        self._dsl = dsl
        self._names = names
        self._service_api = service_api
        self._app_web = app_web

    @route("GET", "/apps", auth="console", scope="workspace", permission=Permission.APP_VIEW, query=AppsQuery)
    async def list(self, call: Call, query: AppsQuery) -> JsonObject:
        """Lists apps of the workspace, newest first."""
        views, total = await self._apps.page(
            actor(call),
            page=query.page,
            limit=query.limit,
            mode=query.mode,
            name=query.name or None,
            tag_ids=[tag for tag in query.tag_ids.split(",") if tag],
            mine=query.is_created_by_me,
        )
        names = await self._names.of(view.app.created_by for view in views)
        return {
            "page": query.page,
            "limit": query.limit,
            "total": total,
            "has_more": query.page * query.limit < total,
            "data": [app_card(view, names) for view in views],
        }

    @route(
        "POST", "/apps", auth="console", scope="workspace", permission=Permission.APP_CREATE, body=NewApp, status=201
    )
    async def create(self, call: Call, body: NewApp) -> JsonObject:
        """Makes a blank app."""
        draft = AppDraft(
            name=body.name,
            mode=body.mode,
            description=body.description or "",
            icon_type=body.icon_type,
            icon=body.icon,
            icon_background=body.icon_background,
        )
        return await self._detail(call, await self._apps.create(actor(call), draft))

    @route("GET", "/apps/{app_id}", auth="console", scope="workspace", permission=Permission.APP_VIEW)
    async def get(self, call: Call) -> JsonObject:
        """Shows one app with its site."""
        return await self._detail(call, await self._apps.get(call.account.workspace_id, call.id("app_id")))

    @route("PUT", "/apps/{app_id}", auth="console", scope="workspace", permission=Permission.APP_EDIT, body=AppChange)
    async def change(self, call: Call, body: AppChange) -> JsonObject:
        """Changes name, description, icon and limits."""
        changes = {**msgspec.structs.asdict(body), "description": body.description or ""}
        return await self._detail(call, await self._apps.change(actor(call), call.id("app_id"), changes))

    @route("DELETE", "/apps/{app_id}", auth="console", scope="workspace", permission=Permission.APP_DELETE, status=204)
    async def delete(self, call: Call) -> None:
        """Deletes an app and everything of it."""
        await self._apps.delete(actor(call), call.id("app_id"))

    @route("POST", "/apps/{app_id}/copy", auth="console", scope="workspace", permission=Permission.APP_CREATE,
           body=AppCopy, status=201)  # fmt: skip
    async def copy(self, call: Call, body: AppCopy) -> object:
        """Makes a second app like this one."""
        request = ImportRequest(mode="yaml-content", **msgspec.structs.asdict(body))
        result = await self._dsl.copy(actor(call), call.id("app_id"), request)
        if result.app_id is None:
            return import_response(result)
        return await self._detail(call, await self._apps.get(call.account.workspace_id, result.app_id))

    @route("GET", "/apps/{app_id}/export", auth="console", scope="workspace", permission=Permission.APP_EXPORT,
           query=ExportQuery)  # fmt: skip
    async def export(self, call: Call, query: ExportQuery) -> JsonObject:
        """Gives the app as a file."""
        text = await self._dsl.export(
            actor(call), call.id("app_id"), include_secret=query.include_secret, workflow_id=query.workflow_id
        )
        return {"data": text}

    @route(
        "POST", "/apps/{app_id}/name", auth="console", scope="workspace", permission=Permission.APP_EDIT, body=NewName
    )
    async def rename(self, call: Call, body: NewName) -> JsonObject:
        """Renames an app."""
        return await self._changed(call, {"name": body.name})

    @route(
        "POST", "/apps/{app_id}/icon", auth="console", scope="workspace", permission=Permission.APP_EDIT, body=NewIcon
    )
    async def set_icon(self, call: Call, body: NewIcon) -> JsonObject:
        """Changes an app's icon."""
        return await self._changed(call, msgspec.structs.asdict(body))

    @route("POST", "/apps/{app_id}/site-enable", auth="console", scope="workspace", permission=Permission.APP_EDIT,
           body=SiteSwitch)  # fmt: skip
    async def switch_site(self, call: Call, body: SiteSwitch) -> JsonObject:
        """Publishes or withdraws the app's page."""
        return await self._changed(call, {"enable_site": body.enable_site})

    @route("POST", "/apps/{app_id}/api-enable", auth="console", scope="workspace", permission=Permission.APP_API_MANAGE,
           body=ApiSwitch)  # fmt: skip
    async def switch_api(self, call: Call, body: ApiSwitch) -> JsonObject:
        """Switches the app's Service API on or off."""
        return await self._changed(call, {"enable_api": body.enable_api})

    @route("POST", "/apps/{app_id}/site", auth="console", scope="workspace", permission=Permission.APP_EDIT,
           body=SiteChange)  # fmt: skip
    async def change_site(self, call: Call, body: SiteChange) -> JsonObject:
        """Changes the public page's settings."""
        changes = {name: value for name, value in msgspec.structs.asdict(body).items() if value is not None}
        site = await self._apps.change_site(actor(call), call.id("app_id"), changes)
        return site_object(site, self._pages(call))

    @route("POST", "/apps/{app_id}/site/access-token-reset", auth="console", scope="workspace",
           permission=Permission.APP_SITE_RESET)  # fmt: skip
    async def reset_site_code(self, call: Call) -> JsonObject:
        """Gives the public page a new address."""
        return site_object(await self._apps.reset_site_code(actor(call), call.id("app_id")), self._pages(call))

    @route("POST", "/apps/{app_id}/model-config", auth="console", scope="workspace", permission=Permission.APP_PUBLISH)
    async def save_model_config(self, call: Call) -> JsonObject:
        """Saves and publishes a basic app's configuration."""
        configs = decode_object(await call.bytes(DSL_LIMIT))
        app_id = call.id("app_id")
        await self._apps.get(call.account.workspace_id, app_id, modes=BASIC_MODES)
        await self._apps.save_config(actor(call), app_id, configs)
        return {"result": "success"}

    @route("GET", "/apps/{app_id}/api-keys", auth="console", scope="workspace", permission=Permission.APP_API_VIEW)
    async def keys(self, call: Call) -> JsonObject:
        """Lists the app's API keys."""
        return {"data": [key_object(key) for key in await self._apps.keys(actor(call), call.id("app_id"))]}

    @route("POST", "/apps/{app_id}/api-keys", auth="console", scope="workspace", permission=Permission.APP_API_VIEW,
           status=201)  # fmt: skip
    async def add_key(self, call: Call) -> JsonObject:
        """Makes an API key; an app has at most ten."""
        return key_object(await self._apps.add_key(actor(call), call.id("app_id")))

    @route("DELETE", "/apps/{app_id}/api-keys/{key_id}", auth="console", scope="workspace",
           permission=Permission.APP_API_MANAGE, status=204)  # fmt: skip
    async def delete_key(self, call: Call) -> None:
        """Deletes an API key; it stops working at once."""
        await self._apps.delete_key(actor(call), call.id("app_id"), call.id("key_id"))

    async def _changed(self, call: Call, changes: JsonObject) -> JsonObject:
        return await self._detail(call, await self._apps.change(actor(call), call.id("app_id"), changes))

    async def _detail(self, call: Call, view: AppView) -> JsonObject:
        names = await self._names.of([view.app.created_by])
        api = (self._service_api or str(call.request.base_url)).rstrip("/")
        configs = None if view.config is None else view.config.configs
        return {
            **app_detail(view, names, api_base_url=f"{api}/v1", app_base_url=self._pages(call)),
            "deleted_tools": await self._tools.deleted(call.account.workspace_id, configs),
        }

    def _pages(self, call: Call) -> str:
        return (self._app_web or str(call.request.base_url)).rstrip("/")


def import_response(result: ImportResult, more: Mapping[str, object] | None = None) -> Response:
    """The contract's result object, with ``more`` keys after its own."""
    status = {"failed": 400, "pending": 202}.get(result.status, 200)
    return json_response({**msgspec.structs.asdict(result), **(more or {})}, status)
