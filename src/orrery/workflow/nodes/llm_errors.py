"""How a node that talks to a model fails; each class name is the node's ``error_type`` (workflow.md 2.7, 3.10)."""

from __future__ import annotations

from orrery.inference.types import InvokeError, ModelNotFound
from orrery.workflow.node import NodeFailure


class LLMNodeError(NodeFailure):
    """The node's settings don't make a model call."""


class VariableNotFoundError(LLMNodeError):
    """A prompt refers to a variable that the run doesn't have."""


class InvalidContextStructureError(LLMNodeError):
    """An item of the context has no ``content``."""


class NoPromptFoundError(LLMNodeError):
    """Nothing is left to send to the model."""

    def __init__(self) -> None:
        super().__init__(
            "No prompt found in the LLM configuration. Please ensure a prompt is properly configured before proceeding."
        )


class MemoryRolePrefixRequiredError(LLMNodeError):
    """History as plain text needs names for the two speakers."""


class ModelNotExistError(LLMNodeError):
    """The workspace has no such model."""


class PromptRenderError(LLMNodeError):
    """A Jinja2 prompt failed in the sandbox."""

    error_type = "CodeExecutionError"


class OutputParserError(LLMNodeError):
    """The model's answer is not the JSON it was asked for."""


class ModelCallError(NodeFailure):
    """A failed model call, told under the name of the `InvokeError` that it was."""

    def __init__(self, error: InvokeError) -> None:
        super().__init__(str(error))
        self.error_type = type(error).__name__
        self.usage = error.usage


def failure_of(error: InvokeError, model_name: str) -> NodeFailure:
    """The node's failure for an error of the inference room."""
    if isinstance(error, ModelNotFound):
        return ModelNotExistError(f"Model {model_name} not exist.")
    return ModelCallError(error)
