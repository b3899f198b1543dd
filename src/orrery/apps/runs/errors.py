"""What can go wrong before a run is accepted (workflow.md 5.3)."""

from __future__ import annotations

from orrery.errors import BadRequest, Conflict, NotFound, OrreryError, TooManyRequests, Unavailable


class ConversationNotFound(NotFound):
    """No such conversation of this user."""

    default_message = "Conversation Not Exists."


class ConversationCompleted(BadRequest):
    """The conversation takes no further messages."""

    code = "conversation_completed"
    default_message = "Conversation has been completed and is not in the status to receive messages."


class TooManyRuns(TooManyRequests):
    """The app's bound on runs at a time is reached."""

    def __init__(self, app_id: str, most: int) -> None:
        super().__init__(
            "Too many requests. Please try again later. "
            f"The current maximum concurrent requests allowed for {app_id} is {most}.",
            retry_after=1,
        )


class Overloaded(Unavailable):
    """The process runs as much as it can."""

    default_message = "The server is running as many apps as it can. Please try again in a moment."


class NotRecorded(Unavailable):
    """The database did not take the run, so it never began."""

    default_message = "The run could not be recorded, so it was not started. Please try again in a moment."


class KeyReused(Conflict):
    """An Idempotency-Key came with another request than before."""

    code = "idempotency_key_reused"
    default_message = "This Idempotency-Key was used for another request. Use a new key for a new request."


class CompletionRequestError(OrreryError):
    """A model call failed in a blocking request."""

    status = 400
    code = "completion_request_error"
    default_message = "Completion request failed."
