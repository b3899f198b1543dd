"""One attempt at a job, as the job itself sees it."""

from __future__ import annotations

from typing import cast

from sqlalchemy import Table as CoreTable
from sqlalchemy import bindparam, update
from sqlalchemy.ext.asyncio import AsyncSession

from orrery.jobs.errors import LeaseLost
from orrery.jobs.tables import Job

_jobs = cast("CoreTable", Job.__table__)
_HOLD = (
    update(_jobs)
    .where(_jobs.c.id == bindparam("b_id"), _jobs.c.lease_owner == bindparam("b_token"), _jobs.c.status == "running")
    .values(attempts=_jobs.c.attempts)
)


class Attempt:
    """``number`` counts from 1; ``token`` is the lease's and differs for every attempt; ``last``: no retry follows."""

    __slots__ = ("job_id", "last", "number", "token")

    def __init__(self, job_id: str, token: str, number: int, *, last: bool) -> None:
        self.job_id = job_id
        self.token = token
        self.number = number
        self.last = last

    async def hold(self, session: AsyncSession) -> None:
        """Ties the caller's transaction to the lease: it can commit only while this attempt owns the job.

        The job's row stays locked until the transaction ends. Raises `LeaseLost` when somebody else has the job.
        """
        connection = await session.connection()
        held = await connection.execute(_HOLD, {"b_id": self.job_id, "b_token": self.token})
        if held.rowcount != 1:
            raise LeaseLost(f"job {self.job_id} was taken over")
