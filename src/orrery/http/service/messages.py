"""Service API routes of messages: history, ratings, suggestions (workflow.md 5.5, 5.7)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated

import msgspec
from msgspec import Meta

from orrery.apps.conversations.feedbacks import Rating
from orrery.apps.conversations.messages import MessageView
from orrery.apps.conversations.parts import Talk
from orrery.apps.files.links import FileLinks
from orrery.apps.forms.pause_details import PauseDetails
from orrery.http.call import Call
from orrery.http.endpoint import RouteGroup, route
from orrery.http.files.answers import links_for_programs
from orrery.http.service.callers import ServiceUsers, UserWord, check_chat
from orrery.http.service.conversations import PageSize
from orrery.http.service.parameters import AppParameters
from orrery.http.service.shapes import JsonObject, feedback_object, message_object, page_object


class MessagesQuery(msgspec.Struct, frozen=True, kw_only=True):
    conversation_id: str
    user: UserWord = ""
    first_id: str = ""
    limit: PageSize = 20


class UserQuery(msgspec.Struct, frozen=True):
    user: UserWord = ""


class FeedbackBody(msgspec.Struct, frozen=True):
    user: UserWord = ""
    rating: Rating | None = None
    content: str | None = None


class FeedbacksQuery(msgspec.Struct, frozen=True):
    page: Annotated[int, Meta(ge=1, le=99999)] = 1
    limit: Annotated[int, Meta(ge=1, le=101)] = 20


async def forms_of(details: PauseDetails | None, views: Sequence[MessageView]) -> Mapping[str, Sequence[object]]:
    """Forms that the runs of these messages asked with, by run."""
    runs = [view.row.workflow_run_id for view in views if view.row.workflow_run_id]
    return await details.contents(runs) if details is not None else {}


class ServiceMessageRoutes(RouteGroup):
    """Messages of the end user that the caller names."""

    def __init__(
        self,
        talk: Talk,
        users: ServiceUsers,
        parameters: AppParameters,
        links: FileLinks,
        forms: PauseDetails | None = None,
    ) -> None:
        self._forms = forms
        self._talk = talk
        self._users = users
        self._parameters = parameters
        self._links = links

    @route("GET", "/messages", auth="service", scope="app", query=MessagesQuery)
    async def page(self, call: Call, query: MessagesQuery) -> JsonObject:
        """Lists the messages of a conversation, a page of the newest first, each page in order."""
        check_chat(call.app)
        party = await self._users.party(call, query.user)
        views, more = await self._talk.messages.page(
            party, query.conversation_id, first_id=query.first_id or None, limit=query.limit
        )
        links = links_for_programs(call, self._links)
        extra = await forms_of(self._forms, views)
        shown = [message_object(view, links, extra.get(view.row.workflow_run_id or "", ())) for view in views]
        return page_object(shown, limit=query.limit, has_more=more)

    @route("GET", "/messages/{message_id}/suggested", auth="service", scope="app", query=UserQuery)
    async def suggested(self, call: Call, query: UserQuery) -> JsonObject:
        """Questions that the user may want to ask next."""
        check_chat(call.app)
        party = await self._users.named(call, query.user)
        version = await self._parameters.version(call.app)
        questions = await self._talk.suggestions.after(party, call.path["message_id"], version.features)
        return {"result": "success", "data": questions}

    @route("POST", "/messages/{message_id}/feedbacks", auth="service", scope="app", body=FeedbackBody)
    async def rate(self, call: Call, body: FeedbackBody) -> JsonObject:
        """Rates an answer, or takes the rating back."""
        party = await self._users.named(call, body.user)
        await self._talk.feedbacks.rate(party, call.path["message_id"], body.rating, body.content)
        return {"result": "success"}

    @route("GET", "/app/feedbacks", auth="service", scope="app", query=FeedbacksQuery)
    async def feedbacks(self, call: Call, query: FeedbacksQuery) -> JsonObject:
        """Lists the ratings of the app's answers."""
        rows = await self._talk.feedbacks.of_app(call.app.app_id, page=query.page, limit=query.limit)
        return {"data": [feedback_object(row) for row in rows]}
