"""Console routes of forms that runs wait for: those of debug runs, and any form of the workspace by its own token."""

from __future__ import annotations

from orrery.apps.forms.answering import Answer, FormAnswers, Place
from orrery.http.call import Call
from orrery.http.console.debug_runs_caller import debugging_user
from orrery.http.endpoint import RouteGroup, route
from orrery.http.form_shapes import FormAnswerBody, JsonObject, form_object
from orrery.security.permissions import Permission

_BODY_LIMIT = 4 * 1024 * 1024


class ConsoleFormRoutes(RouteGroup):
    """Forms of the caller's workspace."""

    def __init__(self, answers: FormAnswers) -> None:
        self._answers = answers

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


def _place(call: Call) -> Place:
    return Place(door="console", workspace_id=call.account.workspace_id)
