"""Forms that runs wait for."""

from __future__ import annotations

from typing import Annotated

from orrery.settings.declare import Env, Group


class HumanInput(Group, frozen=True, kw_only=True):
    """Forms that runs wait for."""

    look_for_overdue: Annotated[
        bool, Env("ENABLE_HUMAN_INPUT_TIMEOUT_TASK", "end forms that nobody answered in time")
    ] = True
    look_minutes: Annotated[
        int, Env("HUMAN_INPUT_TIMEOUT_TASK_INTERVAL", "minutes between two looks", at_least=1, at_most=59)
    ] = 1
    deadline_seconds: Annotated[
        int,
        Env(
            "HUMAN_INPUT_GLOBAL_TIMEOUT_SECONDS",
            "seconds after which a run waits no longer for a form, whatever its node says",
            at_least=1,
        ),
    ] = 604800
    attempts: Annotated[
        int,
        Env(
            "WEB_FORM_SUBMIT_RATE_LIMIT_MAX_ATTEMPTS",
            "requests for forms that one client address may make in the window",
            at_least=1,
        ),
    ] = 30
    window_seconds: Annotated[
        int, Env("WEB_FORM_SUBMIT_RATE_LIMIT_WINDOW_SECONDS", "length of that window, seconds", at_least=1)
    ] = 60
