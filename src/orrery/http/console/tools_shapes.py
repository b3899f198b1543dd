"""The console's objects for tools (product reference, 6.11)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from orrery.http.call import Call
from orrery.http.runs import JsonObject
from orrery.settings.groups.urls import Urls
from orrery.tools.credential_form import CredentialField
from orrery.tools.entity import ToolEntity
from orrery.tools.wire import entity_as_wire, i18n_as_wire
from orrery.workspaces.tools.labels import LABELS
from orrery.workspaces.tools.view import ProviderView

NO_ICON: Mapping[str, str] = {"content": "🔧", "background": "#E4FBCC"}


class ToolPages:
    """The addresses that people's browsers are sent to."""

    def __init__(self, urls: Urls) -> None:
        self._urls = urls

    def icons(self, call: Call) -> str:
        """Where icons of built-in providers are served from."""
        return f"{self._api(call)}/workspaces/current/tool-provider/builtin"

    def way_back(self, call: Call) -> str:
        """Where authorization servers send people who signed in to an MCP server."""
        return f"{self._api(call)}/mcp/oauth/callback"

    def signed_in(self, call: Call) -> str:
        """The console's page that closes itself after a login."""
        return f"{(self._urls.console_web or str(call.request.base_url)).rstrip('/')}/oauth-callback"

    def _api(self, call: Call) -> str:
        return f"{(self._urls.console_api or str(call.request.base_url)).rstrip('/')}/console/api"


def provider_object(view: ProviderView, *, icon_base: str, with_tools: bool = True) -> JsonObject:
    """A provider of any kind. ``icon_base`` is where icons of built-in providers are served from."""
    icon = view.icon or NO_ICON
    if view.kind == "builtin":
        icon = f"{icon_base}/{view.name}/icon"
    return {
        "id": view.id,
        "author": view.author,
        "name": view.name,
        "plugin_id": view.plugin_id,
        "plugin_unique_identifier": "",
        "description": i18n_as_wire(view.description),
        "icon": icon,
        "icon_dark": "",
        "label": i18n_as_wire(view.label),
        "type": view.kind,
        "team_credentials": view.credentials,
        "is_team_authorization": view.is_authorized,
        "allow_delete": view.allow_delete,
        "tools": [tool_object(tool, view.author, view.labels) for tool in view.tools] if with_tools else [],
        "labels": view.labels,
        **view.more,
    }


def tool_object(entity: ToolEntity, author: str, labels: Sequence[str]) -> JsonObject:
    """One tool as lists and forms show it."""
    wire = entity_as_wire(entity)
    return {
        "author": entity.identity.author or author,
        "name": entity.name,
        "label": i18n_as_wire(entity.identity.label or {"en_US": entity.name}),
        "description": i18n_as_wire(entity.description.human),
        "parameters": wire["parameters"],
        "labels": labels,
        "output_schema": entity.output_schema or {},
    }


def field_object(field: CredentialField) -> JsonObject:
    """One field of a form of credentials."""
    return {
        "name": field.name,
        "type": field.type,
        "scope": None,
        "required": field.required,
        "default": field.default,
        "multiple": False,
        "options": [
            {"value": option.value, "label": i18n_as_wire(option.label or {"en_US": option.value})}
            for option in field.options
        ],
        "label": i18n_as_wire(field.label),
        "help": i18n_as_wire(field.help) if field.help else None,
        "url": field.url or None,
        "placeholder": i18n_as_wire(field.placeholder) if field.placeholder else None,
    }


def label_objects() -> list[JsonObject]:
    """All labels."""
    return [
        {"name": name, "label": i18n_as_wire({"en_US": english, "zh_Hans": chinese}), "icon": name}
        for name, (english, chinese) in LABELS.items()
    ]
