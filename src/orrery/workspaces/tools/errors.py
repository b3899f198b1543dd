"""What may go wrong with a workspace's tools."""

from __future__ import annotations

from orrery.errors import BadRequest, NotFound


class ToolProviderUnknown(NotFound):
    """No provider of the workspace answers to this name or id."""

    code = "tool_provider_not_found"
    default_message = "There is no such tool provider."


class ToolCredentialNotFound(NotFound):
    """The workspace has no such credential of this provider."""

    code = "credential_not_found"
    default_message = "There is no such credential."


class ToolProviderTaken(BadRequest):
    """Another provider of the workspace has the name, the address or the identifier."""

    code = "tool_provider_exists"
    default_message = "A tool provider with this name exists already. Choose another name."


class ToolRefused(BadRequest):
    """The provider can't be kept or asked as it was given; the message says why."""

    code = "invalid_param"


class ApiSchemaRefused(BadRequest):
    """The pasted API description can't be used; the message says why."""

    code = "invalid_param"
