"""How tools fail. The class name is what a node reports as ``error_type`` (workflow.md 2.7, 3.16)."""

from __future__ import annotations


class ToolError(Exception):
    """Base of all errors of this room; the text is the user's to read."""


class ToolProviderNotFoundError(ToolError):
    """No such provider in this workspace."""


class ToolNotFoundError(ToolError):
    """The provider has no such tool."""


class ToolProviderCredentialValidationError(ToolError):
    """Credentials are missing or of the wrong shape."""


class ToolParameterValidationError(ToolError):
    """An argument is missing or of the wrong type."""


class ToolInvokeError(ToolError):
    """The tool was asked and failed."""


class ToolSSRFError(ToolInvokeError):
    """The address policy refuses where the tool wants to go."""


class ToolApiSchemaError(ToolError):
    """A pasted API description can't be read."""


class ToolNotSupportedError(ToolError):
    """Something that this kind of tool can't do."""


class WorkflowDepthError(ToolInvokeError):
    """Apps that call apps as tools went too deep."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"Max workflow call depth {limit} reached.")


class PluginToolError(ToolError):
    """A plugin's own error: its text is already made for users and is shown as it stands."""


class PluginUnreachableError(ToolError):
    """The runtime that holds the plugin did not answer."""
