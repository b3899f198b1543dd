"""What can go wrong with draft variables (workflow.md 7.4)."""

from __future__ import annotations

from orrery.errors import InvalidParam, NotFound


class DraftVariableNotFound(NotFound):
    """No such variable of this app and account."""

    def __init__(self, variable_id: str) -> None:
        super().__init__(f"variable not found, id={variable_id}")


class DraftVariableFixed(InvalidParam):
    """A variable that can't be changed: most of ``sys``, markers, and values that are kept in a file."""

    def __init__(self, variable_id: str) -> None:
        super().__init__(f"variable not support updating, id={variable_id}")
