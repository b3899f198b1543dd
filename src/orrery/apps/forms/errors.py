"""What can go wrong with a form (workflow.md 6.5)."""

from __future__ import annotations

from orrery.errors import BadRequest, InvalidParam, NotFound, OrreryError, TooManyRequests


class FormNotFound(NotFound):
    """No form under this token, or not for this door."""

    default_message = "Form not found"


class FormRecipientInvalid(BadRequest):
    """The token is good, but for another door."""

    default_message = "Form recipient type is invalid"


class FormSubmitted(OrreryError):
    """Somebody answered before."""

    status = 412
    code = "human_input_form_submitted"

    def __init__(self, form_id: str) -> None:
        super().__init__(f"This form has already been submitted by another user, form_id={form_id}")


class FormExpired(OrreryError):
    """Nobody answered in time, or its run is over."""

    status = 412
    code = "human_input_form_expired"

    def __init__(self, form_id: str) -> None:
        super().__init__(f"This form has expired, form_id={form_id}")


class InvalidFormData(InvalidParam):
    """The answer doesn't fit the form, which stays open."""

    code = "invalid_form_data"


class FormRateLimited(TooManyRequests):
    """One address asks for too many forms."""

    code = "web_form_rate_limit_exceeded"
    default_message = "Too many form requests. Please try again later."


class UploadTokenInvalid(OrreryError):
    """The token of an upload does not hold, or its form no longer waits."""

    status = 403
    code = "forbidden"
    default_message = "The upload token is invalid or has expired."
