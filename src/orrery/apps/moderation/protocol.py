"""What a kind of moderation can do, and what it may say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import msgspec

from orrery.errors import OrreryError


class ModerationFailed(OrreryError):
    """What was to be judged could not be judged; it is not let through."""

    status = 400
    code = "completion_request_error"


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """What a user sends: the form's values and the question of a chat."""

    app_id: str
    inputs: Mapping[str, object]
    query: str = ""

    @property
    def texts(self) -> list[str]:
        """Everything in it that can be read."""
        values = [*self.inputs.values(), self.query]
        return [str(value) for value in values if value not in (None, "")]


class Judged(msgspec.Struct, frozen=True):
    """Not as it should be: ``answer`` takes the place of the model's answer; None means "go on with this instead"."""

    answer: str | None
    instead: Said | None = None


class Moderator(Protocol):
    """One app's moderation. Both raise `ModerationFailed`."""

    @property
    def reach(self) -> int | None:
        """How many characters before a new piece of text can matter to it; None for all of them."""
        ...

    async def judge_inputs(self, said: Said) -> Judged | None:
        """None for what may pass."""
        ...

    async def judge_output(self, text: str) -> str | None:
        """What is shown instead of the answer, None where it may stay."""
        ...
