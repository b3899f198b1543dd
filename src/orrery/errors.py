"""The one error tree: what went wrong, as the contract's ``{code, message, status}``.

Rooms raise subclasses declared beside the service that raises them; the HTTP face renders them in one place
(openapi_service.json, error responses). ``message`` is shown to users: it says what, where and how to mend it.
"""

from __future__ import annotations

from typing import ClassVar


class OrreryError(Exception):
    """Base of every error that a caller may be told about.

    ``status`` is the HTTP status, ``code`` the snake_case word clients switch on, ``params`` the name of the
    offending field (only for validation), ``retry_after`` seconds for 429 and 503.
    """

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal_server_error"
    default_message: ClassVar[str] = "Internal Server Error, please contact support."

    def __init__(
        self,
        message: str | None = None,
        *,
        params: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        self.message = message or self.default_message
        self.params = params
        self.retry_after = retry_after
        super().__init__(self.message)


class InvalidParam(OrreryError):
    """A field of the request is missing or wrong."""

    status = 400
    code = "invalid_param"
    default_message = "Invalid parameter."


class BadRequest(OrreryError):
    """The request as a whole can't be carried out."""

    status = 400
    code = "bad_request"
    default_message = "The request can't be carried out."


class Unauthorized(OrreryError):
    """No credential, or one that does not hold."""

    status = 401
    code = "unauthorized"
    default_message = "Unauthorized."


class Forbidden(OrreryError):
    """The caller is known but may not do this."""

    status = 403
    code = "forbidden"
    default_message = "You don't have the permission to access the requested resource."


class NotFound(OrreryError):
    """The thing does not exist, or not for this caller."""

    status = 404
    code = "not_found"
    default_message = "Not found."


class Conflict(OrreryError):
    """The thing changed, or exists already."""

    status = 409
    code = "conflict"
    default_message = "Conflict."


class TooManyRequests(OrreryError):
    """A limit of this caller is reached; ``retry_after`` says when to come back."""

    status = 429
    code = "too_many_requests"
    default_message = "Too many requests. Please try again later."


class Unavailable(OrreryError):
    """A part that this needs is down or overloaded; ``retry_after`` says when to come back."""

    status = 503
    code = "service_unavailable"
    default_message = "The service is busy. Please try again later."
