"""How ``tool`` nodes fail, and other nodes that use tools (workflow.md 3.16)."""

from __future__ import annotations

from orrery.tools.errors import PluginToolError, PluginUnreachableError, ToolError, ToolInvokeError
from orrery.workflow.node import NodeFailure


class ToolNodeError(NodeFailure):
    """The node's settings or a tool's message don't make sense."""


class ToolParameterError(ToolNodeError):
    """A parameter refers to a variable that isn't there, or is of an unknown kind."""


class ToolFailure(NodeFailure):
    """A `ToolError`, told under its own name."""

    def __init__(self, message: str, error: ToolError) -> None:
        super().__init__(message)
        self.error_type = type(error).__name__


def runtime_failure(error: ToolError) -> NodeFailure:
    """The tool can't be had."""
    return ToolFailure(f"Failed to get tool runtime: {error}", error)


def invoke_failure(error: ToolError, provider_name: str) -> NodeFailure:
    """The tool was asked and failed."""
    if isinstance(error, PluginToolError):
        return ToolFailure(str(error), error)
    if isinstance(error, PluginUnreachableError):
        return ToolFailure(f"Failed to invoke tool, error: {error}", error)
    if isinstance(error, ToolInvokeError):
        return ToolFailure(f"Failed to invoke tool {provider_name}: {error}", error)
    return ToolFailure(f"Failed to invoke tool: {error}", error)
