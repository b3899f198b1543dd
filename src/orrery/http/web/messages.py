"""Messages of a page's visitor: history, ratings, suggestions, variants, kept answers (workflow.md 6.2)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import msgspec
from starlette.responses import Response

from orrery.apps.conversations.errors import MoreLikeThisDisabled, SuggestionsDisabled, WebSuggestionsDisabled
from orrery.apps.conversations.feedbacks import Rating
from orrery.apps.conversations.parts import Talk
from orrery.apps.files.links import FileLinks
from orrery.apps.forms.pause_details import PauseDetails
from orrery.apps.runs.service import RunRequest, RunService
from orrery.apps.runs.turns import TurnRequest
from orrery.http.call import Call
from orrery.http.endpoint import RouteGroup, route
from orrery.http.runs import run_response
from orrery.http.service.conversations import PageSize
from orrery.http.service.messages import forms_of
from orrery.http.service.parameters import AppParameters
from orrery.http.service.runs import app_ref
from orrery.http.service.shapes import JsonObject, message_object, page_object
from orrery.http.web.callers import check_chat, check_completion, run_user, visitor


class WebMessagesQuery(msgspec.Struct, frozen=True, kw_only=True):
    conversation_id: str
    first_id: str = ""
    limit: PageSize = 20


class WebFeedbackBody(msgspec.Struct, frozen=True):
    rating: Rating | None = None
    content: str | None = None


class MoreQuery(msgspec.Struct, frozen=True):
    response_mode: str = "blocking"


class SavedQuery(msgspec.Struct, frozen=True):
    last_id: str = ""
    limit: PageSize = 20


class SaveBody(msgspec.Struct, frozen=True):
    message_id: str


class WebMessageRoutes(RouteGroup):
    """Messages of the passport's holder."""

    def __init__(
        self,
        talk: Talk,
        runs: RunService,
        parameters: AppParameters,
        links: FileLinks,
        forms: PauseDetails | None = None,
    ) -> None:
        self._forms = forms
        self._talk = talk
        self._runs = runs
        self._parameters = parameters
        self._links = links

    @route("GET", "/messages", auth="passport", scope="app", query=WebMessagesQuery)
    async def page(self, call: Call, query: WebMessagesQuery) -> JsonObject:
        """Lists the messages of a conversation."""
        check_chat(call)
        views, more = await self._talk.messages.page(
            visitor(call), query.conversation_id, first_id=query.first_id or None, limit=query.limit
        )
        extra = await forms_of(self._forms, views)
        shown = [message_object(view, self._links, extra.get(view.row.workflow_run_id or "", ())) for view in views]
        return page_object(shown, limit=query.limit, has_more=more)

    @route("POST", "/messages/{message_id}/feedbacks", auth="passport", scope="app", body=WebFeedbackBody)
    async def rate(self, call: Call, body: WebFeedbackBody) -> JsonObject:
        """Rates an answer, or takes the rating back."""
        await self._talk.feedbacks.rate(visitor(call), call.path["message_id"], body.rating, body.content)
        return {"result": "success"}

    @route("GET", "/messages/{message_id}/suggested-questions", auth="passport", scope="app")
    async def suggested(self, call: Call) -> JsonObject:
        """Questions that the visitor may want to ask next."""
        check_chat(call)
        version = await self._parameters.version(call.app)
        try:
            questions = await self._talk.suggestions.after(visitor(call), call.path["message_id"], version.features)
        except SuggestionsDisabled as error:
            raise WebSuggestionsDisabled from error
        return {"data": questions}

    @route("GET", "/messages/{message_id}/more-like-this", auth="passport", scope="app", query=MoreQuery)
    async def more_like_this(self, call: Call, query: MoreQuery) -> Response:
        """Answers the same request of a completion app once more."""
        check_completion(call)
        party = visitor(call)
        message = await self._talk.messages.get(party, call.path["message_id"])
        version = await self._parameters.version(call.app)
        feature = version.features.get("more_like_this")
        if not isinstance(feature, dict) or not cast("Mapping[str, object]", feature).get("enabled"):
            raise MoreLikeThisDisabled
        request = RunRequest(
            app=app_ref(call.app),
            version=version,
            user=run_user(call),
            invoke_from="web-app",
            inputs=cast("Mapping[str, object]", message.inputs or {}),
            files=await self._talk.messages.sent_files(party, message.id),
            streaming=query.response_mode == "streaming",
            turn=TurnRequest(query=message.query, auto_generate_name=False),
        )
        return await run_response(call, await self._runs.start(request))

    @route("GET", "/saved-messages", auth="passport", scope="app", query=SavedQuery)
    async def saved(self, call: Call, query: SavedQuery) -> JsonObject:
        """Lists the answers that the visitor kept."""
        check_completion(call)
        views, more = await self._talk.saved.page(visitor(call), last_id=query.last_id or None, limit=query.limit)
        return page_object([message_object(view, self._links) for view in views], limit=query.limit, has_more=more)

    @route("POST", "/saved-messages", auth="passport", scope="app", body=SaveBody)
    async def save(self, call: Call, body: SaveBody) -> JsonObject:
        """Keeps an answer."""
        check_completion(call)
        await self._talk.saved.keep(visitor(call), body.message_id)
        return {"result": "success"}

    @route("DELETE", "/saved-messages/{message_id}", auth="passport", scope="app", status=204)
    async def let_go(self, call: Call) -> None:
        """Lets go of it again."""
        check_completion(call)
        await self._talk.saved.let_go(visitor(call), call.path["message_id"])
