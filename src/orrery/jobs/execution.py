"""Running one attempt of one job, and judging how it ended. The same in every shape."""

from __future__ import annotations

import asyncio
import logging
import random
import traceback
from collections.abc import Callable
from datetime import timedelta

import msgspec

from orrery.jobs.attempt import Attempt
from orrery.jobs.catalog import BoundJob, JobCatalog
from orrery.jobs.claims import Claimed, Verdict
from orrery.jobs.clock import Clock
from orrery.jobs.declaration import JobDeclaration
from orrery.jobs.errors import GiveUp, LeaseLost, TryAgain
from orrery.jobs.holdings import Holding, Holdings
from orrery.telemetry.context import work
from orrery.telemetry.trace import new_trace

_log = logging.getLogger(__name__)

LONGEST_DELAY = 3600.0
"""Seconds; the doubling of delays between attempts ends here."""
_ERROR_CHARACTERS = 8000


class Execution:
    """Runs claimed jobs. ``jitter`` gives numbers in [0, 1) that spread retries."""

    def __init__(
        self, catalog: JobCatalog, holdings: Holdings, clock: Clock, *, jitter: Callable[[], float] = random.random
    ) -> None:
        self._catalog = catalog
        self._holdings = holdings
        self._clock = clock
        self._jitter = jitter

    async def run(self, claimed: Claimed) -> Verdict | None:
        """Does the work in the current task. None when the lease was lost: then nothing may be written."""
        bound = self._catalog.get(claimed.name)
        assert bound is not None, "only jobs of the catalog are taken"
        holding = self._holdings.take(claimed, bound.lease)
        try:
            with work(new_trace()):
                return await self._judged(bound, claimed, holding)
        finally:
            self._holdings.drop(holding)

    async def _judged(self, bound: BoundJob, claimed: Claimed, holding: Holding) -> Verdict | None:
        declaration = bound.declaration
        attempt = Attempt(claimed.id, claimed.token, claimed.attempt, last=claimed.attempt > declaration.retries)
        limit = asyncio.timeout(declaration.timeout)
        try:
            async with limit:
                await bound.run(claimed.payload, attempt)
        except asyncio.CancelledError:
            return self._cancelled(declaration, claimed, holding)
        except LeaseLost:
            return _lost(claimed)
        except TimeoutError as error:
            text = f"took longer than {declaration.timeout:g} seconds" if limit.expired() else _text(error)
            return self._failed(declaration, claimed, text)
        except TryAgain as error:
            return self._failed(declaration, claimed, str(error), after=error.after)
        except (GiveUp, msgspec.ValidationError) as error:
            return self._failed(declaration, claimed, str(error), final=True)
        except Exception as error:  # noqa: BLE001  (the top loop of jobs: any failure belongs to this job alone)
            return self._failed(declaration, claimed, _text(error))
        now = self._clock.now()
        return Verdict(claimed, "done", now, claimed.attempt, now)

    def _cancelled(self, declaration: JobDeclaration, claimed: Claimed, holding: Holding) -> Verdict | None:
        task = asyncio.current_task()
        assert task is not None
        if holding.reason is None and task.cancelling():
            raise asyncio.CancelledError
        while task.cancelling():
            task.uncancel()
        if holding.reason == "lost":
            return _lost(claimed)
        now = self._clock.now()
        if holding.reason == "released":
            # Stopping the process is nobody's failure: the attempt does not count.
            return Verdict(claimed, "waiting", now, claimed.attempt - 1, now)
        return self._failed(declaration, claimed, "something that it waited for was cancelled")

    def _failed(
        self,
        declaration: JobDeclaration,
        claimed: Claimed,
        error: str,
        *,
        after: float | None = None,
        final: bool = False,
    ) -> Verdict:
        now = self._clock.now()
        if final or claimed.attempt > declaration.retries:
            _log.error("job %s (%s) failed: %s", claimed.id, claimed.name, error)
            return Verdict(claimed, "failed", now, claimed.attempt, now, error)
        delay = self._delay(declaration, claimed.attempt) if after is None else max(after, 0.0)
        _log.warning(
            "job %s (%s) failed in attempt %d and is tried again in %.1f s: %s",
            claimed.id, claimed.name, claimed.attempt, delay, error.strip().rpartition("\n")[2],
        )  # fmt: skip
        status = "waiting" if declaration.tenant is None else "held"
        return Verdict(claimed, status, now, claimed.attempt, now + timedelta(seconds=delay), error)

    def _delay(self, declaration: JobDeclaration, attempt: int) -> float:
        doubled = declaration.retry_delay * 2.0 ** min(attempt - 1, 30)
        # Between three quarters and five quarters, so that jobs that failed together don't return together.
        return min(doubled, LONGEST_DELAY) * (0.75 + self._jitter() / 2)


def _lost(claimed: Claimed) -> None:
    _log.warning("job %s (%s) was taken over; this process stops working on it", claimed.id, claimed.name)


def _text(error: BaseException) -> str:
    """The trace, its end kept when it is too long: that is where the reason stands."""
    return "".join(traceback.format_exception(error))[-_ERROR_CHARACTERS:]
