"""How much one run may do and hold, with the contract's defaults (workflow.md 2.4)."""

from __future__ import annotations

import msgspec


class CodeLimits(msgspec.Struct, frozen=True):
    """Bounds of what a code node may return (``CODE_MAX_*``); lengths in characters and elements."""

    min_number: int = -9223372036854775807
    max_number: int = 9223372036854775807
    max_precision: int = 20
    max_string_length: int = 400_000
    max_string_array_length: int = 30
    max_object_array_length: int = 30
    max_number_array_length: int = 1000
    max_depth: int = 5


class RunLimits(msgspec.Struct, frozen=True):
    """Bounds of one run; times in seconds. ``max_workers`` is how many nodes run at once."""

    max_steps: int = 500
    max_seconds: float = 1200
    max_workers: int = 10
    container_workers: int = 5
    template_max_length: int = 400_000
    code: CodeLimits = CodeLimits()
