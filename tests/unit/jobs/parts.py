"""One process's jobs over a test database, with a clock that tests move."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from orrery.database import Database
from orrery.jobs import JobNeeds, Jobs
from orrery.jobs.announcing import Announced
from orrery.jobs.tables import Job

from .conftest import JobClock
from .samples import Samples


class Ear:
    """An announcer that remembers. ``carries`` as told."""

    def __init__(self, *, carries: bool = False) -> None:
        self.carries = carries
        self.heard: list[str] = []

    def announce(self, jobs: Sequence[Announced]) -> None:
        self.heard.extend(job.id for job in jobs)


def jobs_of(
    database: Database, clock: JobClock, samples: Samples, *, owner: str = "a", ear: Ear | None = None
) -> Jobs[Ear]:
    jobs = Jobs.build(JobNeeds(database=database, announcer=ear or Ear(), owner=owner, clock=clock))
    jobs.catalog.add(samples.declared())
    return jobs


async def row(database: Database, job_id: str) -> Job:
    async with database.read() as session:
        return (await session.scalars(select(Job).where(Job.id == job_id))).one()
