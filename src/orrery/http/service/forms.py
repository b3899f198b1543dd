"""Service API routes of forms that runs wait for."""

from __future__ import annotations

from orrery.apps.catalog.modes import GRAPH_MODES
from orrery.apps.forms.answering import Answer, FormAnswers, Place
from orrery.apps.runs.spec import RunUser
from orrery.errors import InvalidParam
from orrery.http.call import Call
from orrery.http.endpoint import RouteGroup, route
from orrery.http.form_shapes import FormAnswerBody, JsonObject, form_object
from orrery.http.service.callers import ServiceUsers
from orrery.http.service.runs import NotWorkflowApp, User

_BODY_LIMIT = 4 * 1024 * 1024


class ServiceAnswerBody(FormAnswerBody, kw_only=True):
    user: User = None


class ServiceFormRoutes(RouteGroup):
    """Forms of the key's app."""

    def __init__(self, answers: FormAnswers, users: ServiceUsers) -> None:
        self._answers = answers
        self._users = users

    @route("GET", "/form/human_input/{form_token}", auth="service", scope="app")
    async def show(self, call: Call) -> JsonObject:
        """Shows a form that a run waits for."""
        return form_object(await self._answers.show(_place(call), call.path["form_token"]))

    @route("POST", "/form/human_input/{form_token}", auth="service", scope="app", body=ServiceAnswerBody,
           body_limit=_BODY_LIMIT)  # fmt: skip
    async def submit(self, call: Call, body: ServiceAnswerBody) -> JsonObject:
        """Answers a form; its run goes on."""
        if not body.user:
            raise InvalidParam("Arg user must be provided.", params="user")
        place = _place(call)
        party = await self._users.named(call, body.user)
        user = RunUser("end_user", party.user_id, body.user)
        await self._answers.submit(place, call.path["form_token"], Answer(body.action, body.inputs, user))
        return {}


def _place(call: Call) -> Place:
    if call.app.mode not in GRAPH_MODES:
        raise NotWorkflowApp
    return Place(door="service", app_id=call.app.app_id)
