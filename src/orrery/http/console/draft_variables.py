"""Console routes of the variable inspector: what debug runs left, by node and kind (workflow.md 7.4, product.md 6.6)."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta
from starlette.responses import Response

from orrery.apps.catalog.modes import GRAPH_MODES
from orrery.apps.catalog.service import AppService
from orrery.apps.files.links import FileLinks
from orrery.apps.inspector.kept import CONVERSATION, SYSTEM
from orrery.apps.inspector.service import DraftVariables
from orrery.apps.inspector.store import Place
from orrery.apps.inspector.tables import DraftVariable
from orrery.apps.runs.file_values import with_urls
from orrery.apps.workflows import variables
from orrery.apps.workflows.service import WorkflowService
from orrery.http.call import Call
from orrery.http.console.app_shapes import JsonObject
from orrery.http.console.debug_runs_caller import DEBUG_BODY_LIMIT, debugging_user
from orrery.http.endpoint import RouteGroup, route
from orrery.http.responses import json_response
from orrery.security.permissions import Permission
from orrery.workflow.segments import shown_type

_TYPES = {SYSTEM: "sys", CONVERSATION: "conversation"}


class PageQuery(msgspec.Struct):
    page: Annotated[int, Meta(ge=1, le=100_000)] = 1
    limit: Annotated[int, Meta(ge=1, le=100)] = 20


class ChangeBody(msgspec.Struct):
    """What is absent stays; ``value`` may be null for variables that hold nothing."""

    name: str | None = None
    value: object = msgspec.UNSET


class DraftVariableRoutes(RouteGroup):
    """The draft variables of the signed-in account."""

    def __init__(self, apps: AppService, workflows: WorkflowService, drafts: DraftVariables, links: FileLinks) -> None:
        self._apps = apps
        self._workflows = workflows
        self._drafts = drafts
        self._links = links

    @route("GET", "/apps/{app_id}/workflows/draft/variables", auth="console", scope="workspace",
           permission=Permission.APP_EDIT, query=PageQuery)  # fmt: skip
    async def list_all(self, call: Call, query: PageQuery) -> JsonObject:
        """Lists the variables without their values, newest first."""
        rows, total = await self._drafts.page(await self._place(call), page=query.page, limit=query.limit)
        return {"items": [self._described(row) for row in rows], "total": total}

    @route("DELETE", "/apps/{app_id}/workflows/draft/variables", auth="console", scope="workspace",
           permission=Permission.APP_EDIT, status=204)  # fmt: skip
    async def delete_all(self, call: Call) -> None:
        """Throws all variables away."""
        await self._drafts.delete_all(await self._place(call))

    @route("GET", "/apps/{app_id}/workflows/draft/nodes/{node_id}/variables", auth="console", scope="workspace",
           permission=Permission.APP_EDIT)  # fmt: skip
    async def of_node(self, call: Call) -> JsonObject:
        """Shows what one node left."""
        rows = await self._drafts.of_node(await self._place(call), call.path["node_id"])
        return {"items": [self._shown(row) for row in rows]}

    @route("DELETE", "/apps/{app_id}/workflows/draft/nodes/{node_id}/variables", auth="console", scope="workspace",
           permission=Permission.APP_EDIT, status=204)  # fmt: skip
    async def delete_of_node(self, call: Call) -> None:
        """Throws away what one node left."""
        await self._drafts.delete_all(await self._place(call), node_id=call.path["node_id"])

    @route("GET", "/apps/{app_id}/workflows/draft/variables/{draft_variable_id}", auth="console",
           scope="workspace", permission=Permission.APP_EDIT)  # fmt: skip
    async def show(self, call: Call) -> JsonObject:
        """Shows a variable with its value; a large value is cut and comes whole as a file."""
        return self._shown(await self._drafts.find(await self._place(call), call.path["draft_variable_id"]))

    @route("PATCH", "/apps/{app_id}/workflows/draft/variables/{draft_variable_id}", auth="console",
           scope="workspace", permission=Permission.APP_EDIT, body=ChangeBody, body_limit=DEBUG_BODY_LIMIT)  # fmt: skip
    async def change(self, call: Call, body: ChangeBody) -> JsonObject:
        """Sets a variable's name or value."""
        place, owner = await self._place(call), debugging_user(call)
        row_id = call.path["draft_variable_id"]
        return self._shown(await self._drafts.edit(place, owner, row_id, name=body.name, value=body.value))

    @route("DELETE", "/apps/{app_id}/workflows/draft/variables/{draft_variable_id}", auth="console",
           scope="workspace", permission=Permission.APP_EDIT, status=204)  # fmt: skip
    async def delete(self, call: Call) -> None:
        """Throws one variable away."""
        await self._drafts.delete(await self._place(call), call.path["draft_variable_id"])

    @route("PUT", "/apps/{app_id}/workflows/draft/variables/{draft_variable_id}/reset", auth="console",
           scope="workspace", permission=Permission.APP_EDIT)  # fmt: skip
    async def reset(self, call: Call) -> Response:
        """Sets a variable back to what its node gave, or to its default; 204 when nobody knows that any more."""
        row = await self._drafts.reset(await self._place(call), call.path["draft_variable_id"])
        return Response(status_code=204) if row is None else json_response(self._shown(row))

    @route("GET", "/apps/{app_id}/workflows/draft/conversation-variables", auth="console", scope="workspace",
           permission=Permission.APP_EDIT)  # fmt: skip
    async def conversation(self, call: Call) -> JsonObject:
        """Shows the conversation variables of the draft."""
        return {"items": [self._shown(row) for row in await self._drafts.conversation(await self._place(call))]}

    @route("GET", "/apps/{app_id}/workflows/draft/system-variables", auth="console", scope="workspace",
           permission=Permission.APP_EDIT)  # fmt: skip
    async def system(self, call: Call) -> JsonObject:
        """Shows the system variables of the last debug run."""
        return {"items": [self._shown(row) for row in await self._drafts.system(await self._place(call))]}

    @route("GET", "/apps/{app_id}/workflows/draft/environment-variables", auth="console", scope="workspace",
           permission=Permission.APP_EDIT)  # fmt: skip
    async def environment(self, call: Call) -> JsonObject:
        """Shows the environment variables of the draft, secrets obfuscated."""
        row = await self._workflows.draft(call.account.workspace_id, call.id("app_id"))
        items = variables.masked(self._workflows.vault, row.tenant_id, row.environment_variables)
        return {"items": [_environment_item(item) for item in items]}

    async def _place(self, call: Call) -> Place:
        account = call.account
        app = (await self._apps.get(account.workspace_id, call.id("app_id"), modes=GRAPH_MODES)).app
        return Place(account.workspace_id, app.id, account.account_id)

    def _described(self, row: DraftVariable) -> JsonObject:
        return {
            "id": row.id,
            "type": _TYPES.get(row.node_id, "node"),
            "name": row.name,
            "description": row.description,
            "selector": [row.node_id, row.name],
            "value_type": shown_type(row.value_type),
            "edited": row.edited,
            "visible": row.visible,
            "is_truncated": row.file_id is not None,
        }

    def _shown(self, row: DraftVariable) -> JsonObject:
        whole = None
        if row.file_id is not None:
            whole = {
                "size_bytes": row.size_bytes,
                "value_type": shown_type(row.value_type),
                "length": row.length,
                "download_url": self._links.upload(row.file_id, as_attachment=True),
            }
        value = with_urls(msgspec.json.decode(row.value), self._links.of_value)
        return {**self._described(row), "value": value, "full_content": whole}


def _environment_item(item: variables.Variable) -> JsonObject:
    return {
        "id": item["id"],
        "type": "env",
        "name": item["name"],
        "description": item["description"],
        "selector": item["selector"],
        "value_type": shown_type(str(item["value_type"])),
        "value": item["value"],
        "edited": False,
        "visible": True,
        "editable": True,
    }
