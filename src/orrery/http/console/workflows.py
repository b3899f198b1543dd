"""Console routes of workflow versions: draft, publish, versions (product.md 6.6)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, cast

import msgspec
from msgspec import Meta

from orrery.apps.workflows import variables
from orrery.apps.workflows.block_configs import BLOCK_CONFIGS
from orrery.apps.workflows.service import GraphContent, WorkflowService, row_hash
from orrery.apps.workflows.tables import Workflow
from orrery.errors import InvalidParam, OrreryError
from orrery.http.call import Call, decode_body
from orrery.http.console.app_shapes import JsonObject, unix
from orrery.http.console.apps import actor
from orrery.http.endpoint import RouteGroup, route
from orrery.security.permissions import Permission
from orrery.workspaces.members.names import AccountNames, Person

_DRAFT_LIMIT = 24 * 1024 * 1024


class UnsupportedMediaType(OrreryError):
    """A body that is neither JSON nor the page-leave beacon's text."""

    status = 415
    code = "unsupported_media_type"
    default_message = "Send the draft as application/json or text/plain."


class DraftBody(msgspec.Struct):
    graph: dict[str, object]
    features: dict[str, object]
    hash: str | None = None
    environment_variables: list[dict[str, object]] | None = None
    conversation_variables: list[dict[str, object]] | None = None


class PublishBody(msgspec.Struct):
    marked_name: Annotated[str, Meta(max_length=20)] | None = ""
    marked_comment: Annotated[str, Meta(max_length=100)] | None = ""


class MarkBody(msgspec.Struct):
    marked_name: Annotated[str, Meta(max_length=20)] | None = None
    marked_comment: Annotated[str, Meta(max_length=100)] | None = None


class VersionsQuery(msgspec.Struct):
    page: Annotated[int, Meta(ge=1, le=99999)] = 1
    limit: Annotated[int, Meta(ge=1, le=100)] = 10
    user_id: str | None = None
    named_only: bool = False


class BlockQuery(msgspec.Struct):
    q: str | None = None


class WorkflowRoutes(RouteGroup):
    """Drafts and versions of graph apps."""

    def __init__(self, workflows: WorkflowService, names: AccountNames) -> None:
        self._workflows = workflows
        self._names = names

    @route("GET", "/apps/{app_id}/workflows/draft", auth="console", scope="workspace", permission=Permission.APP_EDIT)
    async def draft(self, call: Call) -> JsonObject:
        """Shows the draft."""
        row = await self._workflows.draft(call.account.workspace_id, call.id("app_id"))
        return await self._object(row)

    @route("POST", "/apps/{app_id}/workflows/draft", auth="console", scope="workspace", permission=Permission.APP_EDIT)
    async def save_draft(self, call: Call) -> JsonObject:
        """Saves the draft; a stale hash is refused."""
        kind = call.request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind not in {"application/json", "text/plain"}:
            raise UnsupportedMediaType
        body = cast("DraftBody", decode_body(await call.bytes(_DRAFT_LIMIT), DraftBody))
        content = GraphContent(
            graph=body.graph,
            features=body.features,
            environment_variables=body.environment_variables,
            conversation_variables=body.conversation_variables,
        )
        row = await self._workflows.save_draft(actor(call), call.id("app_id"), content, body.hash)
        return {"result": "success", "hash": row_hash(row), "updated_at": unix(row.updated_at)}

    @route("GET", "/apps/{app_id}/workflows/publish", auth="console", scope="workspace", permission=Permission.APP_EDIT)
    async def published(self, call: Call) -> object:
        """Shows the published version, or null."""
        row = await self._workflows.published(call.account.workspace_id, call.id("app_id"))
        return msgspec.Raw(b"null") if row is None else await self._object(row)

    @route("POST", "/apps/{app_id}/workflows/publish", auth="console", scope="workspace",
           permission=Permission.APP_PUBLISH, body=PublishBody)  # fmt: skip
    async def publish(self, call: Call, body: PublishBody) -> JsonObject:
        """Publishes the draft as a new version."""
        row = await self._workflows.publish(
            actor(call), call.id("app_id"), name=body.marked_name or "", comment=body.marked_comment or ""
        )
        return {"result": "success", "created_at": unix(row.created_at)}

    @route("GET", "/apps/{app_id}/workflows", auth="console", scope="workspace", permission=Permission.APP_EDIT,
           query=VersionsQuery)  # fmt: skip
    async def versions(self, call: Call, query: VersionsQuery) -> JsonObject:
        """Lists published versions, newest first."""
        rows, more = await self._workflows.versions(
            call.account.workspace_id,
            call.id("app_id"),
            page=query.page,
            limit=query.limit,
            user_id=query.user_id,
            named_only=query.named_only,
        )
        is_tool = await self._workflows.is_tool(call.account.workspace_id, call.id("app_id"))
        items = [await self._object(row, is_tool=is_tool) for row in rows]
        return {"items": items, "page": query.page, "limit": query.limit, "has_more": more}

    @route("PATCH", "/apps/{app_id}/workflows/{workflow_id}", auth="console", scope="workspace",
           permission=Permission.APP_EDIT, body=MarkBody)  # fmt: skip
    async def mark(self, call: Call, body: MarkBody) -> JsonObject:
        """Names a version or notes something on it."""
        if body.marked_name is None and body.marked_comment is None:
            raise InvalidParam("marked_name: give a name or a comment.")
        row = await self._workflows.mark(
            actor(call), call.id("app_id"), call.id("workflow_id"), name=body.marked_name, comment=body.marked_comment
        )
        return await self._object(row)

    @route("DELETE", "/apps/{app_id}/workflows/{workflow_id}", auth="console", scope="workspace",
           permission=Permission.APP_EDIT, status=204)  # fmt: skip
    async def delete(self, call: Call) -> None:
        """Deletes a version that is not in use."""
        await self._workflows.delete(actor(call), call.id("app_id"), call.id("workflow_id"))

    @route("POST", "/apps/{app_id}/workflows/{workflow_id}/restore", auth="console", scope="workspace",
           permission=Permission.APP_EDIT)  # fmt: skip
    async def restore(self, call: Call) -> JsonObject:
        """Copies a version over the draft."""
        row = await self._workflows.restore(actor(call), call.id("app_id"), call.id("workflow_id"))
        return {"result": "success", "hash": row_hash(row), "updated_at": unix(row.updated_at)}

    @route("GET", "/apps/{app_id}/workflows/default-workflow-block-configs", auth="console", scope="workspace",
           permission=Permission.APP_EDIT)  # fmt: skip
    async def block_configs(self, call: Call) -> object:
        """Lists what new nodes start with."""
        return list(BLOCK_CONFIGS.values())

    @route("GET", "/apps/{app_id}/workflows/default-workflow-block-configs/{block_type}", auth="console",
           scope="workspace", permission=Permission.APP_EDIT, query=BlockQuery)  # fmt: skip
    async def block_config(self, call: Call, query: BlockQuery) -> object:
        """Shows what a new node of one type starts with."""
        return BLOCK_CONFIGS.get(call.path["block_type"], {})

    async def _object(self, row: Workflow, *, is_tool: bool | None = None) -> JsonObject:
        if is_tool is None:
            is_tool = await self._workflows.is_tool(row.tenant_id, row.app_id)
        people = await self._names.people([row.created_by, row.updated_by])
        vault = self._workflows.vault
        return {
            "id": row.id,
            "graph": msgspec.Raw(row.graph.encode()),
            "features": msgspec.Raw(row.features.encode()),
            "hash": row_hash(row),
            "version": row.version,
            "marked_name": row.marked_name,
            "marked_comment": row.marked_comment,
            "created_by": person(people, row.created_by),
            "created_at": unix(row.created_at),
            "updated_by": person(people, row.updated_by),
            "updated_at": unix(row.updated_at),
            "tool_published": is_tool,
            "environment_variables": variables.masked(vault, row.tenant_id, row.environment_variables),
            "conversation_variables": row.conversation_variables,
            "rag_pipeline_variables": row.rag_pipeline_variables,
        }


def person(people: Mapping[str, Person], account_id: str | None) -> JsonObject | None:
    """An account as ``{id, name, email}``."""
    found = people.get(account_id or "")
    return None if found is None else {"id": found.id, "name": found.name, "email": found.email}
