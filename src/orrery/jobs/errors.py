"""What can go wrong around jobs, and what a job may say about itself."""

from __future__ import annotations

from orrery.errors import Conflict, NotFound


class JobsConfigurationError(Exception):
    """The settings of jobs contradict each other, or a job is declared wrongly; the message gives the mend."""


class JobNotFound(NotFound):
    """No job of this id is kept."""

    default_message = "Job not found."


class JobNotFailed(Conflict):
    """Only a failed job can be tried again by hand."""

    default_message = "Only a failed job can be retried."


class LeaseLost(Exception):
    """Somebody else has this job now: what this process still writes for it must not count."""


class GiveUp(Exception):
    """Raised by a job that knows that trying again is useless. The text is kept with the failed job."""


class TryAgain(Exception):
    """Raised by a job that knows when trying again makes sense. Counts as an attempt."""

    def __init__(self, reason: str, *, after: float) -> None:
        """``after``: seconds from now."""
        self.after = after
        super().__init__(reason)
