"""Turns whatever a node raised into the error and error type that its record shows (workflow.md 2.7)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from orrery.egress.protocol import EgressError
from orrery.inference.types import InvokeError
from orrery.sandbox.protocol import CodeExecutionError
from orrery.workflow.context import SubRunFailed
from orrery.workflow.conversation_writes import ConversationWrite
from orrery.workflow.node import NodeFailure, Selector


class Failure(msgspec.Struct, frozen=True):
    """One failed attempt."""

    error: str
    error_type: str
    inputs: Mapping[str, object] = {}
    process_data: Mapping[str, object] = {}
    outputs: Mapping[str, object] = {}
    variable_updates: Sequence[tuple[Selector, object]] = ()
    conversation_writes: Sequence[ConversationWrite] = ()


INTERRUPTED = Failure("interrupted", "Interrupted")
CANCELLED = Failure("Execution cancelled", "")


def failure_of(error: Exception) -> Failure:
    """``error_type`` is the class name where the node reports one, `WorkflowNodeError` for the unforeseen."""
    name = type(error).__name__
    if isinstance(error, NodeFailure):
        given = error.error_type or ("" if type(error) is NodeFailure else name)
        return Failure(
            error.message,
            given,
            error.inputs or {},
            error.process_data or {},
            error.outputs or {},
            error.variable_updates,
            error.conversation_writes,
        )
    if isinstance(error, SubRunFailed):
        return Failure(error.error, error.error_type)
    known = isinstance(error, (InvokeError, CodeExecutionError, EgressError))
    return Failure(str(error) or name, name if known else "WorkflowNodeError")
