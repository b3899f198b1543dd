"""How secrets are shown to people who may see that one is set, and the marks that pages send back for them."""

from __future__ import annotations

UNCHANGED = "[__HIDDEN__]"
UNKNOWN = "[__UNKNOWN__]"
_MODEL_SHORT = 8
_TOOL_SHORT = 6


def mask_model_credential(secret: str) -> str:
    """First six, twelve asterisks, last two; a secret of up to eight characters becomes twenty asterisks."""
    if len(secret) <= _MODEL_SHORT:
        return "*" * 20
    return f"{secret[:6]}{'*' * 12}{secret[-2:]}"


def mask_tool_credential(secret: str) -> str:
    """First two, asterisks, last two, as long as the secret; up to six characters become asterisks only."""
    if len(secret) <= _TOOL_SHORT:
        return "*" * len(secret)
    return f"{secret[:2]}{'*' * (len(secret) - 4)}{secret[-2:]}"
