"""What can go wrong with conversations and messages, in the contract's words (workflow.md 5.3)."""

from __future__ import annotations

from orrery.errors import BadRequest, Forbidden, InvalidParam, NotFound


class MessageNotFound(NotFound):
    """No such message of this user."""

    default_message = "Message Not Exists."


class FirstMessageNotFound(NotFound):
    """The message that a page should end before is not in the conversation."""

    default_message = "First Message Not Exists."


class LastConversationNotFound(NotFound):
    """The conversation that a page should begin after is not the user's."""

    default_message = "Last Conversation Not Exists."


class VariableNotFound(NotFound):
    """The conversation holds no such variable."""

    default_message = "Conversation Variable Not Exists."


class LastVariableNotFound(InvalidParam):
    """The variable that a page should begin after is not in the conversation."""

    default_message = "last_id: no such conversation variable."


class VariableMismatch(BadRequest):
    """The new value is of another type than the variable."""

    def __init__(self, name: str, declared: str, given: str) -> None:
        super().__init__(f"Type mismatch: variable '{name}' expects {declared}, but got {given} type")


class NothingToRevoke(InvalidParam):
    """A rating is taken back that was never given."""

    default_message = "rating cannot be None when feedback not exists"


class NothingToName(InvalidParam):
    """A conversation without messages has nothing to take a name from."""

    default_message = "The conversation has no messages to take a name from."


class SuggestionsDisabled(BadRequest):
    """The app does not offer suggested questions."""

    default_message = "Suggested Questions Is Disabled."


class WebSuggestionsDisabled(Forbidden):
    """The same, in the word that the page of an app knows."""

    code = "app_suggested_questions_after_answer_disabled"
    default_message = "Function Suggested questions after answer disabled."


class MoreLikeThisDisabled(Forbidden):
    """The app does not offer variants of an answer."""

    code = "app_more_like_this_disabled"
    default_message = "The 'More like this' feature is disabled. Please refresh your page."
