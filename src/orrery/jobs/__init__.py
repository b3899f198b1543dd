"""Background jobs and schedules: declared on functions, kept in a table, run in this process or by Celery workers.

A job exists exactly if the transaction that enqueued it committed. It runs at least once; a process that dies in the
middle is noticed, and another one runs the job again. Jobs know no product noun here: rooms bring their own.
"""

from orrery.jobs.announcing import NoAnnouncer
from orrery.jobs.attempt import Attempt
from orrery.jobs.catalog import JobCatalog
from orrery.jobs.declaration import Due, Handler, job, scheduled
from orrery.jobs.embedded import EmbeddedJobs
from orrery.jobs.errors import GiveUp, JobsConfigurationError, LeaseLost, TryAgain
from orrery.jobs.outbox import JobOutbox
from orrery.jobs.parts import JobNeeds, Jobs
from orrery.jobs.runner import RunnerLimits, Wake
from orrery.jobs.setting_values import setting_values

__all__ = [
    "Attempt",
    "Due",
    "EmbeddedJobs",
    "GiveUp",
    "Handler",
    "JobCatalog",
    "JobNeeds",
    "JobOutbox",
    "Jobs",
    "JobsConfigurationError",
    "LeaseLost",
    "NoAnnouncer",
    "RunnerLimits",
    "TryAgain",
    "Wake",
    "job",
    "scheduled",
    "setting_values",
]
