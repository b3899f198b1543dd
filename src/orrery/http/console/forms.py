"""Console routes of forms that runs wait for: those of debug runs, and any form of the workspace by its own token."""

from __future__ import annotations

from orrery.apps.forms.answering import Answer, FormAnswers, Place
from orrery.apps.forms.pause_details import PauseDetails
from orrery.apps.runs.records import RunRecords
from orrery.errors import NotFound
from orrery.http.call import Call
from orrery.http.console.debug_runs_caller import debugging_user
from orrery.http.endpoint import RouteGroup, route
from orrery.http.form_shapes import FormAnswerBody, JsonObject, form_object
from orrery.security.permissions import Permission

_BODY_LIMIT = 4 * 1024 * 1024


class ConsoleFormRoutes(RouteGroup):
    """Forms of the caller's workspace."""

    def __init__(self, answers: FormAnswers, details: PauseDetails, records: RunRecords) -> None:
        self._answers = answers
        self._details = details
        self._records = records

    @route("GET", "/form/human_input/{form_token}", auth="console", scope="workspace",
           permission=Permission.APP_EDIT)  # fmt: skip
    async def show(self, call: Call) -> JsonObject:
        """Shows a form that a run waits for."""
        return form_object(await self._answers.show(_place(call), call.path["form_token"]))

    @route("POST", "/form/human_input/{form_token}", auth="console", scope="workspace",
           permission=Permission.APP_EDIT, body=FormAnswerBody, body_limit=_BODY_LIMIT)  # fmt: skip
    async def submit(self, call: Call, body: FormAnswerBody) -> JsonObject:
        """Answers a form; its run goes on."""
        answer = Answer(body.action, body.inputs, debugging_user(call))
        await self._answers.submit(_place(call), call.path["form_token"], answer)
        return {}

    @route("GET", "/workflow/{workflow_run_id}/pause-details", auth="console", scope="workspace",
           permission=Permission.APP_LOG_VIEW)  # fmt: skip
    async def pause_details(self, call: Call) -> JsonObject:
        """Shows what a paused run waits for."""
        run_id = call.id("workflow_run_id")
        if await self._records.app_of(call.account.workspace_id, run_id) is None:
            raise NotFound("Workflow run not found")
        paused_at, forms = await self._details.of_run(run_id)
        return {
            "paused_at": None if paused_at is None else paused_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "paused_nodes": [
                {
                    "node_id": form.node_id,
                    "node_title": form.node_title,
                    "pause_type": {"type": "human_input", "form_id": form.form_id, "backstage_input_url": form.url},
                }
                for form in forms
            ],
        }


def _place(call: Call) -> Place:
    return Place(door="console", workspace_id=call.account.workspace_id)
