"""How ``agent`` nodes fail; each class name is the node's ``error_type`` (workflow.md 3.17)."""

from __future__ import annotations

from orrery.agents.errors import AgentMaxIterationError
from orrery.inference.types import InvokeError, ModelNotFound
from orrery.workflow.node import NodeFailure
from orrery.workflow.nodes.llm_errors import failure_of as model_failure


class AgentNodeError(NodeFailure):
    """The node's settings don't make an agent."""


class AgentStrategyNotFoundError(AgentNodeError):
    """Nobody here knows the strategy."""

    def __init__(self, provider: str, name: str) -> None:
        super().__init__(f"Failed to get agent strategy: {provider or 'no provider'} has no strategy named {name}")


class AgentInvocationError(AgentNodeError):
    """The agent began and could not go on."""


def failure_of(error: InvokeError | AgentMaxIterationError, model_name: str) -> NodeFailure:
    """A model's failure keeps its own name; lost patience is told in its own words."""
    if isinstance(error, ModelNotFound):
        return model_failure(error, model_name)
    if isinstance(error, AgentMaxIterationError):
        failure = AgentInvocationError(str(error))
    else:
        failure = AgentInvocationError(f"Failed to invoke agent: {error}")
    failure.error_type, failure.usage = type(error).__name__, error.usage
    return failure
