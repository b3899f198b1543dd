"""Console routes that try the form of a draft's human-input node (workflow.md 7.3)."""

from __future__ import annotations

from typing import Annotated, cast

import msgspec
from msgspec import Meta

from orrery.apps.catalog.service import AppService
from orrery.apps.files.links import FileLinks
from orrery.apps.forms.trials import DraftNode, FormTrials
from orrery.apps.runs.entries import text
from orrery.apps.runs.file_values import with_urls
from orrery.apps.runs.published import PublishedVersions
from orrery.http.call import Call
from orrery.http.console.app_shapes import JsonObject
from orrery.http.console.debug_runs_caller import DEBUG_BODY_LIMIT, debugging_user
from orrery.http.endpoint import RouteGroup, route
from orrery.security.permissions import Permission

_WORKFLOW = frozenset({"workflow"})
_CHATFLOW = frozenset({"advanced-chat"})


class FormPreviewBody(msgspec.Struct):
    """``inputs``: values of the variables that the form reads, by the names that single steps use."""

    inputs: dict[str, object] | None = None


class FormRunBody(msgspec.Struct, kw_only=True):
    """``form_inputs``: what a person would fill in."""

    form_inputs: dict[str, object]
    inputs: dict[str, object] | None = None
    action: str


class DeliveryTestBody(msgspec.Struct, kw_only=True):
    delivery_method_id: Annotated[str, Meta(min_length=1, max_length=64)]
    inputs: dict[str, object] | None = None


class FormDraftRoutes(RouteGroup):
    """Forms of drafts of workflows and chatflows."""

    def __init__(self, apps: AppService, published: PublishedVersions, trials: FormTrials, links: FileLinks) -> None:
        self._apps = apps
        self._published = published
        self._trials = trials
        self._links = links

    @route("POST", "/apps/{app_id}/workflows/draft/human-input/nodes/{node_id}/form/preview", auth="console",
           scope="workspace", permission=Permission.APP_EDIT, body=FormPreviewBody,
           body_limit=DEBUG_BODY_LIMIT)  # fmt: skip
    async def preview(self, call: Call, body: FormPreviewBody) -> JsonObject:
        """Shows the form of a workflow's draft."""
        return await self._preview(call, body, _WORKFLOW)

    @route("POST", "/apps/{app_id}/advanced-chat/workflows/draft/human-input/nodes/{node_id}/form/preview",
           auth="console", scope="workspace", permission=Permission.APP_EDIT, body=FormPreviewBody,
           body_limit=DEBUG_BODY_LIMIT)  # fmt: skip
    async def preview_chat(self, call: Call, body: FormPreviewBody) -> JsonObject:
        """Shows the form of a chatflow's draft."""
        return await self._preview(call, body, _CHATFLOW)

    @route("POST", "/apps/{app_id}/workflows/draft/human-input/nodes/{node_id}/form/run", auth="console",
           scope="workspace", permission=Permission.APP_EDIT, body=FormRunBody, body_limit=DEBUG_BODY_LIMIT)  # fmt: skip
    async def run(self, call: Call, body: FormRunBody) -> JsonObject:
        """Answers the form of a workflow's draft and runs its node."""
        return await self._run(call, body, _WORKFLOW)

    @route("POST", "/apps/{app_id}/advanced-chat/workflows/draft/human-input/nodes/{node_id}/form/run",
           auth="console", scope="workspace", permission=Permission.APP_EDIT, body=FormRunBody,
           body_limit=DEBUG_BODY_LIMIT)  # fmt: skip
    async def run_chat(self, call: Call, body: FormRunBody) -> JsonObject:
        """Answers the form of a chatflow's draft and runs its node."""
        return await self._run(call, body, _CHATFLOW)

    @route("POST", "/apps/{app_id}/workflows/draft/human-input/nodes/{node_id}/delivery-test", auth="console",
           scope="workspace", permission=Permission.APP_EDIT, body=DeliveryTestBody,
           body_limit=DEBUG_BODY_LIMIT)  # fmt: skip
    async def test_delivery(self, call: Call, body: DeliveryTestBody) -> JsonObject:
        """Sends the mails of a delivery method of a workflow's draft."""
        return await self._test_delivery(call, body, _WORKFLOW)

    @route("POST", "/apps/{app_id}/advanced-chat/workflows/draft/human-input/nodes/{node_id}/delivery-test",
           auth="console", scope="workspace", permission=Permission.APP_EDIT, body=DeliveryTestBody,
           body_limit=DEBUG_BODY_LIMIT)  # fmt: skip
    async def test_chat_delivery(self, call: Call, body: DeliveryTestBody) -> JsonObject:
        """Sends the mails of a delivery method of a chatflow's draft."""
        return await self._test_delivery(call, body, _CHATFLOW)

    async def _preview(self, call: Call, body: FormPreviewBody, modes: frozenset[str]) -> JsonObject:
        form = await self._trials.preview(await self._node(call, body.inputs, modes))
        return {
            "form_id": None,
            "node_id": form.node_id,
            "node_title": form.node_title,
            "form_content": form.content,
            "inputs": list(form.inputs),
            "actions": list(form.actions),
            "display_in_ui": True,
            "form_token": None,
            "resolved_default_values": dict(form.resolved_defaults),
            "expiration_time": int(form.expires_at),
        }

    async def _run(self, call: Call, body: FormRunBody, modes: frozenset[str]) -> JsonObject:
        node = await self._node(call, body.inputs, modes)
        row = await self._trials.answer(node, body.action, body.form_inputs)
        outputs = msgspec.json.decode(row.outputs or text({}), type=dict[str, object])
        return cast("JsonObject", with_urls(outputs, self._links.of_value))

    async def _test_delivery(self, call: Call, body: DeliveryTestBody, modes: frozenset[str]) -> JsonObject:
        await self._trials.send(await self._node(call, body.inputs, modes), body.delivery_method_id)
        return {}

    async def _node(self, call: Call, inputs: dict[str, object] | None, modes: frozenset[str]) -> DraftNode:
        app = (await self._apps.get(call.account.workspace_id, call.id("app_id"), modes=modes)).app
        return DraftNode(
            app=app,
            version=await self._published.draft(app.tenant_id, app.id),
            user=debugging_user(call),
            node_id=call.path["node_id"],
            inputs=inputs or {},
        )
