"""Turns what a runner left behind into the caller's object or text, with the contract's error texts (4.1)."""

from __future__ import annotations

import json
from typing import cast

from orrery.sandbox.protocol import CodeExecutionError, SandboxRefusal

UNAVAILABLE = "Code execution service is unavailable"


def refused(refusal: SandboxRefusal) -> CodeExecutionError:
    """The error that a workflow shows for a run that the sandbox turned away."""
    if refusal.status == 503:
        return CodeExecutionError(UNAVAILABLE)
    return CodeExecutionError(f"Got error code: {refusal.code}. Got error msg: {refusal.message}")


def no_result(stdout: str) -> ValueError:
    return ValueError(f"Failed to parse result: no result tag found in response. Response: {stdout[:200]}...")


def parse_object(text: str) -> dict[str, object]:
    """The object that ``main`` returned, from its JSON text (NaN and Infinity allowed). Raises ValueError."""
    try:
        value: object = json.loads(text)
    except (ValueError, RecursionError) as error:
        msg = f"Failed to parse JSON response: {error}."
        raise ValueError(msg) from error
    if not isinstance(value, dict):
        msg = f"Result must be a dict, got {type(value).__name__}"
        raise ValueError(msg)  # noqa: TRY004  the contract's class
    return cast("dict[str, object]", value)


def serialise(inputs: object) -> str:
    """Inputs as JSON text in ASCII, so that lone surrogates survive. Raises CodeExecutionError for foreign types."""
    try:
        return json.dumps(inputs)
    except (TypeError, ValueError, RecursionError) as error:
        msg = f"The inputs can't be passed to the code: {error}"
        raise CodeExecutionError(msg) from error
