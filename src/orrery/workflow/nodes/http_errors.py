"""How an ``http-request`` node fails; each class name is the node's ``error_type`` (workflow.md 3.15)."""

from __future__ import annotations

from orrery.workflow.node import NodeFailure


class HttpRequestNodeError(NodeFailure):
    """The request could not be made, or brought no answer."""


class InvalidURLError(HttpRequestNodeError):
    """The address is empty or not of HTTP."""


class InvalidHttpMethodError(HttpRequestNodeError):
    """A method that the editor knows and the node doesn't send."""


class AuthorizationConfigError(HttpRequestNodeError):
    """The authorization has no key."""


class RequestBodyError(HttpRequestNodeError):
    """The body can't be made of its settings."""


class FileFetchError(HttpRequestNodeError):
    """A file of the body isn't there."""


class ResponseSizeError(HttpRequestNodeError):
    """The answer is larger than the installation allows."""


class HTTPResponseCodeError(HttpRequestNodeError):
    """The answer's status is not 2xx, and the app wants to be told by an error."""
