"""The services of this room, built once from what they need."""

from __future__ import annotations

import msgspec

from orrery.apps.conversations.end_users import EndUsers
from orrery.apps.files.tool_files import FileKeeper
from orrery.apps.runs.published import PublishedVersions
from orrery.apps.runs.service import RunService
from orrery.apps.triggers.debugging import TriggerDebugging
from orrery.apps.triggers.jobs import TriggerJobs
from orrery.apps.triggers.schedules import PollLimits, Schedules
from orrery.apps.triggers.service import TriggerService
from orrery.apps.triggers.starting import Starts
from orrery.apps.triggers.webhooks import Webhooks
from orrery.cache.protocol import Cache
from orrery.database.engine import Database
from orrery.database.group_commit import GroupCommit
from orrery.jobs.outbox import JobOutbox


class TriggerNeeds(msgspec.Struct, frozen=True, kw_only=True):
    """What the room is built from."""

    database: Database
    group: GroupCommit
    cache: Cache
    outbox: JobOutbox
    end_users: EndUsers
    files: FileKeeper
    runs: RunService
    published: PublishedVersions
    limits: PollLimits = PollLimits()


class Triggers(msgspec.Struct, frozen=True, kw_only=True):
    """Holds the services; `build` makes them and opens nothing."""

    service: TriggerService
    webhooks: Webhooks
    debugging: TriggerDebugging
    schedules: Schedules
    jobs: TriggerJobs

    @classmethod
    def build(cls, needs: TriggerNeeds) -> Triggers:
        starts = Starts(needs.outbox, needs.group)
        debugging = TriggerDebugging(needs.cache)
        schedules = Schedules(needs.database, starts, needs.limits)
        return cls(
            service=TriggerService(needs.database),
            webhooks=Webhooks(needs.database, needs.end_users, starts, debugging, needs.files),
            debugging=debugging,
            schedules=schedules,
            jobs=TriggerJobs(needs.database, needs.runs, needs.published, schedules),
        )
